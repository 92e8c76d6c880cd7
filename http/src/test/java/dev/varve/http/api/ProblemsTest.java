package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Ask;
import dev.varve.http.api.Api.Reply;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Problems say of which kind they are, and which requests remove what stands in the way. */
final class ProblemsTest extends OnAControlPlane {

  @Test
  void theDocumentDescribesEachKind() {
    for (ProblemType type : ProblemType.values()) {
      String end = type.uri().substring(ProblemType.PLACE.length());

      JsonObject described = api.ask("getProblemType", end).is(200).body();

      assertEquals(type.uri(), described.getString("type"));
      assertEquals(type.title(), described.getString("title"));
      assertFalse(described.getString("description").isBlank());
    }
    assertEquals(
        Arrays.stream(ProblemType.values()).map(ProblemType::uri).sorted().toList(),
        ApiDocument.load()
            .text()
            .toJsonObject()
            .getJsonObject("components")
            .getJsonObject("schemas")
            .getJsonObject("ProblemType")
            .getJsonArray("enum")
            .stream()
            .map(String::valueOf)
            .sorted()
            .toList());
    api.ask("getProblemType", "nothing").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  @Test
  void aMachineThatRunsIsPoweredDownFirst() {
    machineWithDisk("mail");
    api.ask("startMachine", "mail").is(200);

    Reply refused = ways(() -> api.ask("unregisterMachine", "mail"), "powerDownMachine");

    assertEquals("Power down 'mail'", labels(refused).getFirst());
    assertTrue(refused.body().getString("type").endsWith("/wrong-state"));
  }

  @Test
  void aMachineThatDoesNotRunIsStartedFirst() {
    machineWithDisk("mail");

    ways(() -> api.ask("powerDownMachine", "mail"), "startMachine");
  }

  @Test
  void aMediumInUseIsDetachedFirst() {
    Path disk = machineWithDisk("mail");

    ways(() -> api.ask("removeMedium", disk), "detach");
  }

  @Test
  void aMediumUnderAnotherIsMergedWithItFirst() {
    Path disk = machineWithDisk("mail");
    api.ask("detach", "mail", "SATA", 0, 0).is(204);
    api.ask("createChild", disk).body("location", images.resolve("child.vdi")).is(201);

    ways(() -> api.ask("removeMedium", disk), "mergeMedium");
  }

  @Test
  void aLockOfAClientIsReleasedFirst() {
    Path disk = machineWithDisk("mail");
    api.ask("lockMedium", disk).body("kind", "Write").is(201);

    ways(() -> api.ask("startMachine", "mail"), "abandonLock", "startMachine");
  }

  @Test
  void aSessionIsEndedFirst() {
    machineWithDisk("mail");
    api.ask("lockMachine", "mail").body().is(201);

    ways(() -> api.ask("startMachine", "mail"), "unlockMachine");
  }

  @Test
  void unsavedChangesOfASessionAreSavedOrLost() {
    machineWithDisk("mail");
    String session = api.ask("lockMachine", "mail").body().is(201).id();
    api.ask("createBandwidthGroup", "mail")
        .in(session)
        .body("name", "slow", "kind", "Disk")
        .is(201);

    JsonObject refused = api.ask("startMachine", "mail").reply().body();

    assertEquals(List.of("saveSession", "unlockMachine"), operations(refused));
  }

  @Test
  void snapshotsAfterTheOneAreDeletedFirst() {
    machineWithDisk("mail");
    api.ask("takeSnapshot", "mail").body("name", "one").is(201);
    for (String name : List.of("two", "three")) {
      api.ask("restoreSnapshot", "mail", "one").is(204);
      api.ask("takeSnapshot", "mail").body("name", name).is(201);
    }

    JsonObject refused = api.ask("deleteSnapshot", "mail", "one").reply().body();

    assertEquals(List.of("deleteSnapshot", "deleteSnapshot"), operations(refused));
  }

  @Test
  void membersLeaveABandwidthGroupFirst() {
    machineWithDisk("mail");
    api.ask("createBandwidthGroup", "mail").body("name", "slow", "kind", "Disk").is(201);
    api.ask("changeAttachment", "mail", "SATA", 0, 0).body("bandwidthGroup", "slow").is(200);

    ways(() -> api.ask("deleteBandwidthGroup", "mail", "slow"), "changeAttachment");
  }

  @Test
  void aMediumThatIsNotRegisteredIsOpenedFirst() {
    Path disk = machineWithDisk("mail");
    api.ask("detach", "mail", "SATA", 0, 0).is(204);
    api.ask("removeMedium", disk).is(204);

    ways(() -> api.ask("getMedium", disk), "openMedium");
  }

  // ---- what the tests need

  private Path machineWithDisk(String name) {
    Path disk = api.makeDisk(images.resolve(name + ".vdi"), 1 << 20);
    api.makeMachine(name);
    api.attach(name, 0, disk).is(201);
    return disk;
  }

  /** The refusal of a request, which succeeds after its way out. */
  private Reply ways(Supplier<Ask> request, String... operations) {
    Reply refused = request.get().reply();
    assertEquals(List.of(operations), operations(refused.body()), refused.toString());

    Reply done = carryOut(refused.body().getJsonArray("actions").getJsonObject(0));
    assertTrue(done.status() < 300, done.toString());
    if (done.status() == 202) api.ask("getJob", done.id()).query("waitSeconds", 20).is(200);

    Reply now = request.get().reply();
    assertTrue(now.status() < 300, now.toString());
    return refused;
  }

  private Reply carryOut(JsonObject way) {
    String operation = way.getString("operation");
    Map<String, Object> parameters = way.getJsonObject("parameters").getMap();
    Ask request = api.ask(operation, inPath(operation, parameters));
    if (way.containsKey("body")) request.whole(way.getJsonObject("body"));
    return request.reply();
  }

  private static Object[] inPath(String operation, Map<String, Object> parameters) {
    return ApiDocument.load().operations().stream()
        .filter(each -> each.id().equals(operation))
        .flatMap(each -> each.parameters().stream())
        .filter(parameter -> parameter.place() == Operation.Place.PATH)
        .map(parameter -> parameters.get(parameter.name()))
        .toArray();
  }

  private static List<String> operations(JsonObject problem) {
    return actions(problem).map(action -> action.getString("operation")).toList();
  }

  private static List<String> labels(Reply problem) {
    return actions(problem.body()).map(action -> action.getString("label")).toList();
  }

  private static Stream<JsonObject> actions(JsonObject problem) {
    return problem.getJsonArray("actions", new JsonArray()).stream().map(JsonObject.class::cast);
  }
}
