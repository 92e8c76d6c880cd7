package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.access.Scope;
import dev.varve.http.api.RawClient.Reply;
import dev.varve.io.nbd.NbdClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What a token of each scope may do, by the operations of the document. */
@TestInstance(Lifecycle.PER_METHOD)
final class ScopesTest extends OnAControlPlane {

  private static final long MIB = 1 << 20;

  private final ApiDocument document = ApiDocument.load();

  private Reply tcp(Operation operation, String token) throws IOException {
    String path = operation.path().replaceAll("\\{[^}]+}", "1");
    if (operation.id().equals("watchEvents")) path += "?seconds=0";
    return tcp(operation.method() + " " + path, token);
  }

  private Reply tcp(String request, String token) throws IOException {
    try (var client = plane.tcp()) {
      return client
          .send(
              "%s HTTP/1.1\nHost: localhost\nAuthorization: Bearer %s\n\n"
                  .formatted(request, token))
          .reply();
    }
  }

  @Test
  void aTokenOfScopeReadIsRefusedByEveryOperationThatChangesSomething() throws IOException {
    String token = plane.token(Scope.READ);
    int changes = 0;
    for (Operation operation : document.operations()) {
      Reply reply = tcp(operation, token);
      boolean look =
          operation.method().equals(HttpMethod.GET) && !operation.id().equals("listTokens");
      if (look) assertFalse(List.of(401, 403).contains(reply.status()), operation.id());
      else {
        changes++;
        assertEquals(403, reply.status(), operation.id());
        assertTrue(
            reply.json().getString("detail").endsWith("token 'read 0' has the scope read"),
            reply.body());
        assertTrue(
            reply
                .json()
                .getString("detail")
                .startsWith("this needs the scope " + operation.scope().text()),
            reply.body());
      }
    }
    assertTrue(changes > 40, "changes: " + changes);
  }

  @Test
  void aTokenOfScopeMetricsScrapesAndNothingElse() throws IOException {
    String token = plane.token(Scope.METRICS);
    for (Operation operation : document.operations()) {
      int expected =
          List.of("getMetrics", "getLiveness", "getReadiness").contains(operation.id()) ? 200 : 403;
      assertEquals(expected, tcp(operation, token).status(), operation.id());
    }
  }

  @Test
  void everyScopeIncludesThoseBeforeIt() {
    for (Operation operation : document.operations()) {
      Scope least = operation.method().equals(HttpMethod.GET) ? Scope.METRICS : Scope.OPERATE;
      assertTrue(operation.scope().includes(least), operation.id());
      assertTrue(Scope.ADMIN.includes(operation.scope()));
    }
  }

  @Test
  void whatNamesAFileOfTheHostIsForAdmin() {
    JsonObject json = document.text().toJsonObject();
    JsonObject schemas = json.getJsonObject("components").getJsonObject("schemas");
    for (Operation operation : document.operations()) {
      JsonObject described =
          json.getJsonObject("paths")
              .getJsonObject(operation.path())
              .getJsonObject(operation.method().name().toLowerCase(java.util.Locale.ROOT))
              .getJsonObject("requestBody");
      if (described == null) continue;
      String reference =
          described
              .getJsonObject("content")
              .getJsonObject("application/json")
              .getJsonObject("schema")
              .getString("$ref");
      String schema =
          schemas.getJsonObject(reference.replace("#/components/schemas/", "")).encode();
      if (schema.contains("schemas/Location"))
        assertEquals(Scope.ADMIN, operation.scope(), operation.id());
    }
  }

  private static final Map<String, Object[]> BODIES =
      Map.ofEntries(
          Map.entry("lockMachine", new Object[] {"type", "Write"}),
          Map.entry("addController", new Object[] {"name", "IDE", "bus", "IDE"}),
          Map.entry("changeController", new Object[] {"portCount", 3}),
          Map.entry(
              "attach",
              new Object[] {"controller", "SATA", "port", 1, "device", 0, "type", "HardDisk"}),
          Map.entry("changeAttachment", new Object[] {"nonRotational", true}),
          Map.entry("mount", new Object[] {"medium", "/disc.iso"}),
          Map.entry("createBandwidthGroup", new Object[] {"name", "slow", "kind", "Disk"}),
          Map.entry("changeBandwidthGroup", new Object[] {"maxBytesPerSecond", 1 << 20}),
          Map.entry("takeSnapshot", new Object[] {"name", "then"}),
          Map.entry("changeMedium", new Object[] {"type", "Normal"}),
          Map.entry("resizeMedium", new Object[] {"capacity", 8 * MIB}),
          Map.entry("lockMedium", new Object[] {"kind", "Read"}));

  /** A machine with a disk. */
  private String machine(Api api, String name) {
    String disk = disk(api, name);
    api.makeMachine(name);
    api.attach(name, 0, disk).is(201);
    return disk;
  }

  private String disk(Api api, String name) {
    return api.ask("createMedium")
        .body("location", images.resolve(name + ".vdi"), "capacity", 4 * MIB)
        .is(201)
        .id();
  }

  @Test
  void aTokenForOneMachineIsRefusedByEveryOperationOnAnother() throws Exception {
    try (var owner = plane.api();
        var held = plane.heldJobs()) {
      machine(owner, "a");
      String disk = machine(owner, "b");
      owner.ask("takeSnapshot", "b").body("name", "first").is(201);
      String job = owner.ask("deleteSnapshot", "b", "first").is(202).id();
      owner.ask("createMachine").body("name", "c").is(201);
      String session = owner.ask("lockMachine", "c").body("type", "Write").is(201).id();
      String anna = plane.token(Scope.OPERATE, "a");
      try (var api = plane.api(anna)) {
        for (Operation operation : document.operations()) {
          if (operation.scope() != Scope.OPERATE || operation.id().equals("disconnectClient"))
            continue;
          Object[] steps =
              operation.parameters().stream()
                  .filter(p -> p.place() == Operation.Place.PATH)
                  .map(
                      p ->
                          switch (p.name()) {
                            case "machine" -> "b";
                            case "medium" -> disk;
                            case "session" -> session;
                            case "job" -> job;
                            case "port", "device" -> 0;
                            default -> "first";
                          })
                  .toArray();
          boolean lock = operation.path().startsWith("/api/v1/locks");
          Api.Ask ask = api.ask(operation.id(), steps);
          if (operation.body() != null)
            ask.body(BODIES.getOrDefault(operation.id(), new Object[0]));
          if (lock) ask.refused(404, "VBOX_E_OBJECT_NOT_FOUND");
          else {
            String detail = ask.refused(403, "E_ACCESSDENIED").detail();
            assertTrue(
                detail.startsWith("this needs the scope operate of ")
                    && detail.endsWith("token 'operate 0' has the scope operate of 'a'"),
                detail);
          }
        }
      }
    }
  }

  @Test
  void aTokenForAMachineOperatesIt() throws IOException {
    try (var owner = plane.api()) {
      machine(owner, "a");
      try (var api = plane.api(plane.token(Scope.OPERATE, "a"))) {
        api.ask("startMachine", "a").is(200);
        api.ask("powerDownMachine", "a").is(204);
        api.ask("takeSnapshot", "a").body("name", "first").is(201);
        api.ask("restoreSnapshot", "a", "first").is(204);
        api.ask("deleteSnapshot", "a", "first").is(202);
        String session = waitForSession(api);
        api.ask("addController", "a").in(session).body("name", "IDE", "bus", "IDE").is(201);
        api.ask("saveSession", session).is(204);
        api.ask("unlockMachine", session).is(204);
        api.ask("unregisterMachine", "a").refused(403, "E_ACCESSDENIED");
        api.ask("listMachines").is(200);
      }
    }
  }

  /** The session of the deletion ends a moment after its job. */
  private static String waitForSession(Api api) {
    String job =
        api.ask("listJobs").is(200).body().getJsonArray("jobs").getJsonObject(0).getString("id");
    api.ask("getJob", job).query("waitSeconds", 30).is(200);
    Api.Reply reply;
    do reply = api.ask("lockMachine", "a").body("type", "Write").reply();
    while (reply.status() == 409);
    return reply.id();
  }

  @Test
  void otherMachinesDisksCannotBeInserted() throws IOException {
    try (var owner = plane.api()) {
      machine(owner, "a");
      String others = machine(owner, "b");
      String free = disk(owner, "free");
      Path disc = images.resolve("disc.iso");
      Files.write(disc, new byte[65536]);
      owner.ask("openMedium").body("location", disc, "device", "DVD").is(201);
      owner
          .ask("attach", "a")
          .body("controller", "SATA", "port", 2, "device", 0, "type", "DVD")
          .is(201);
      try (var api = plane.api(plane.token(Scope.OPERATE, "a"))) {
        for (String disk : List.of(others, free))
          api.attach("a", 1, disk).refused(403, "E_ACCESSDENIED");
        api.ask("mount", "a", "SATA", 2, 0).body("medium", disc).is(200);
        api.ask("changeMedium", free).body("type", "Immutable").refused(403, "E_ACCESSDENIED");
        api.ask("mount", "a", "SATA", 2, 0)
            .body("medium", images.resolve("x/../disc.iso"))
            .refused(404, "VBOX_E_OBJECT_NOT_FOUND");
      }
    }
  }

  @Test
  void onlyClientsOfItsMachinesAreSentAway() throws IOException {
    try (var owner = plane.api()) {
      machine(owner, "a");
      machine(owner, "b");
      owner.ask("startMachine", "a").is(200);
      owner.ask("startMachine", "b").is(200);
      try (var api = plane.api(plane.token(Scope.OPERATE, "a"));
          var first = NbdClient.connect(plane.nbdSocket()).greet().go("a/SATA/0/0");
          var second = NbdClient.connect(plane.nbdSocket()).greet().go("b/SATA/0/0")) {
        first.flush(); // has come to its disk once it is answered
        second.flush();
        for (Object each : owner.ask("listClients").is(200).body().getJsonArray("clients")) {
          var client = (JsonObject) each;
          boolean own = client.getString("export").startsWith("a/");
          api.ask("disconnectClient", client.getLong("client")).is(own ? 204 : 403);
        }
        api.ask("disconnectClient", 4711).is(404);
      }
    }
  }

  @Test
  void aTokenOperatesNoMachineThatGetsTheNameOfAnother() throws IOException {
    try (var owner = plane.api()) {
      Api.Reply first = owner.ask("createMachine").body("name", "a").is(201);
      String token =
          owner
              .ask("createToken")
              .body("name", "anna", "scope", "operate", "machines", List.of("a"))
              .is(201)
              .body()
              .getString("token");
      owner.ask("unregisterMachine", "a").is(200);
      Path settings = Path.of(first.body().getString("settingsFile"));
      Path other = images.resolve("a.vbox");
      String id = UUID.randomUUID().toString();
      Files.writeString(other, Files.readString(settings).replace(first.id(), id));
      owner.ask("openMachine").body("settingsFile", other).is(201);
      try (var api = plane.api(token)) {
        api.ask("startMachine", "a").refused(403, "E_ACCESSDENIED");
        assertEquals("token 'anna'", api.ask("getAccess").is(200).body().getString("holder"));
      }
    }
  }

  @Test
  void aMachineThatIsNamedLikeTheUuidOfAnotherIsNotTakenForIt() throws IOException {
    try (var owner = plane.api()) {
      String gone = owner.ask("createMachine").body("name", "a").is(201).id();
      String token =
          owner
              .ask("createToken")
              .body("name", "anna", "scope", "operate", "machines", List.of("a"))
              .is(201)
              .body()
              .getString("token");
      owner.ask("unregisterMachine", "a").is(200);
      String other = owner.ask("createMachine").body("name", gone).is(201).id();
      try (var api = plane.api(token)) {
        api.ask("startMachine", other).refused(403, "E_ACCESSDENIED");
        api.ask("startMachine", gone).refused(404, "VBOX_E_OBJECT_NOT_FOUND");
        JsonObject held =
            api.ask("getAccess").is(200).body().getJsonArray("machines").getJsonObject(0);
        assertEquals(gone, held.getString("machine"));
      }
    }
  }

  @Test
  void tokensOfNoSenseAreRefused() {
    try (var owner = plane.api()) {
      owner.ask("createToken").body("name", "x", "scope", "operate").refused(400, "E_INVALIDARG");
      owner.ask("createToken").body("name", "x", "scope", "read", "machines", List.of()).is(201);
      owner
          .ask("createToken")
          .body("name", "y", "scope", "operate", "machines", List.of("gone"))
          .refused(404, "VBOX_E_OBJECT_NOT_FOUND");
      owner.ask("createToken").body("name", "y", "scope", "root").refused(400, "E_INVALIDARG");
      owner
          .ask("createToken")
          .body("name", "y", "scope", "read", "expiresInSeconds", 0)
          .refused(400, "E_INVALIDARG");
      owner
          .ask("createToken")
          .body("name", "x", "scope", "read")
          .refused(409, "VBOX_E_OBJECT_IN_USE");
      owner.ask("revokeToken", "y").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
    }
  }

  @Test
  void aWithdrawalHoldsOnAConnectionThatIsOpen() throws IOException {
    String token = plane.token(Scope.READ);
    String ask =
        "GET /api/v1/machines HTTP/1.1\nHost: localhost\nAuthorization: Bearer " + token + "\n\n";
    try (var client = plane.tcp();
        var watcher = plane.tcp();
        var owner = plane.api()) {
      assertEquals(200, client.send(ask).reply().status());
      watcher.send(ask.replace("machines", "events")).until("event: ready");

      owner.ask("revokeToken", "read 0").is(204);

      assertEquals(401, client.send(ask).reply().status());
      watcher.until("0\r\n\r\n"); // the end of the body
      owner.ask("createMachine").body("name", "secret").is(201);
      assertEquals(401, watcher.send(ask).reply().status());
    }
  }

  @Test
  void aTokenThatIsWithdrawnWhileItsBodyComesChangesNothing() throws IOException {
    String token = plane.token(Scope.ADMIN);
    try (var client = plane.tcp();
        var owner = plane.api()) {
      client.send(
          "POST /api/v1/machines HTTP/1.1\nHost: localhost\nAuthorization: Bearer "
              + token
              + "\nContent-Type: application/json\nContent-Length: 12\nExpect: 100-continue\n\n");
      client.until("100 Continue\r\n\r\n");
      owner.ask("revokeToken", "admin 0").is(204);

      assertEquals(401, client.send("{\"name\":\"x\"}").reply().status());

      assertTrue(owner.ask("listMachines").is(200).body().getJsonArray("machines").isEmpty());
    }
  }

  @Test
  void aTokenStandsInTheHeaderAndNowhereElse() throws IOException {
    String token = plane.token(Scope.ADMIN);
    String right = "Authorization: Bearer " + token + "\n";
    assertEquals(200, ask("/api/v1/machines", right));
    assertEquals(200, ask("/api/v1/machines", right.replace("Bearer", "bEARER")));
    assertEquals(200, ask("/api/v1/machines", right.replace("Bearer ", "Bearer   ")));

    assertEquals(401, ask("/api/v1/machines?token=" + token, ""));
    assertEquals(401, ask("/api/v1/machines?access_token=" + token, ""));
    assertEquals(401, ask("/api/v1/machines", "Cookie: token=" + token + "\n"));
    assertEquals(401, ask("/api/v1/machines", "Proxy-" + right));
    assertEquals(401, ask("/api/v1/machines", right.replace("Bearer ", "Bearer")));
    assertEquals(401, ask("/api/v1/machines", right.replace("Bearer", "Token")));
    assertEquals(401, ask("/api/v1/machines", "Authorization: " + token + "\n"));
    assertEquals(401, ask("/api/v1/machines", right.replace(token, token + ", Bearer x")));
    assertEquals(401, ask("/api/v1/machines", right.replace(token, token + "\u00e4")));
    assertEquals(401, ask("/api/v1/machines", right.replace(token, "\u00ff\u00fe")));
    assertEquals(401, ask("/api/v1/machines", right.replace(token, "x".repeat(8000))));
    assertEquals(400, ask("/api/v1/machines", right + right));
    assertEquals(400, ask("/api/v1/machines", "Authorization: Bearer wrong\n" + right));
    assertEquals(List.of(), plane.bugs());
  }

  private int ask(String path, String headers) throws IOException {
    try (var client = plane.tcp()) {
      return client
          .send("GET " + path + " HTTP/1.1\nHost: localhost\n" + headers + "\n")
          .reply()
          .status();
    }
  }

  @Test
  void onTheSocketAShownTokenCountsAndNotTheProgram() throws IOException {
    try (var api = plane.api(plane.token(Scope.READ));
        var wrong = plane.api("varve_aaaaaaaa_" + "A".repeat(43))) {
      api.ask("listMachines").is(200);
      api.ask("createMachine").body("name", "x").refused(403, "E_ACCESSDENIED");
      wrong.ask("listMachines").refused(401, "E_ACCESSDENIED");
    }
  }

  @Test
  void theTokenIsShownOnce() throws IOException {
    try (var owner = plane.api()) {
      JsonObject made = owner.ask("createToken").body("name", "x", "scope", "admin").is(201).body();
      String token = Objects.requireNonNull(made.getString("token"));

      assertFalse(owner.ask("listTokens").is(200).body().encode().contains(token));
      assertFalse(
          owner.ask("watchEvents").query("seconds", 0).is(200).body().encode().contains(token));
      assertEquals(200, tcp("GET /api/v1/machines", token).status());
    }
  }
}
