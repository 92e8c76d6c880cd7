package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.Warnings;
import dev.varve.http.api.RawClient.Reply;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every operation of the document is there, and takes what the document says and nothing else. */
final class RoutesTest extends OnAControlPlane {

  private static final String ID = "01234567-89ab-cdef-0123-456789abcdef";

  private Reply ask(String method, String path, String headers, String body) throws IOException {
    String length = body.isEmpty() ? "" : "Content-Length: " + body.length() + "\n";
    return client
        .send(method + " " + path + " HTTP/1.1\nHost: localhost\n" + headers + length + "\n" + body)
        .reply();
  }

  private Reply post(Operation operation, String body) throws IOException {
    return ask(
        operation.method().name(), path(operation), "Content-Type: application/json\n", body);
  }

  /** A path that the operation's parameters let pass. */
  private static String path(Operation operation) {
    return operation
        .path()
        .replace("{port}", "0")
        .replace("{device}", "0")
        .replaceAll("\\{[a-z]+}", ID);
  }

  private static List<Operation> operations() {
    return ApiDocument.load().operations();
  }

  private static List<Operation> withBody() {
    return operations().stream().filter(operation -> operation.body() != null).toList();
  }

  private static void assertRefused(int status, Reply reply, Operation operation) {
    assertEquals(status, reply.status(), operation.id() + reply);
    assertEquals(Problem.MEDIA_TYPE, reply.header("Content-Type"), operation.id());
    Schemas.Check problem = ApiDocument.load().answerOf(operation, status);
    assertEquals(null, problem.complaint("the answer", reply.json()), reply.body());
  }

  @Test
  void everyOperationOfTheDocumentIsServed() throws IOException {
    for (Operation operation : operations()) {
      // A query that none has: refused by the operation, and only if there is one.
      Reply reply = ask(operation.method().name(), path(operation) + "?nonsense=1", "", "");

      assertRefused(400, reply, operation);
      assertTrue(
          reply.json().getString("detail").startsWith(operation.id() + " has no parameter"),
          reply.body());
    }
  }

  @Test
  void aMethodThatThePathHasNotIsRefusedWithThoseItHas() throws IOException {
    Reply reply = ask("PUT", "/api/v1/machines", "", "");

    assertEquals(405, reply.status());
    assertEquals("GET, HEAD, POST", reply.header("Allow"));
    assertEquals("VBOX_E_NOT_SUPPORTED", reply.json().getString("error"));
  }

  @Test
  void headIsAnsweredAsGetWithoutTheBody() throws IOException {
    client.send("HEAD /api/v1/machines HTTP/1.1\nHost: localhost\n\n");

    String head = client.until("\r\n\r\n");

    assertTrue(head.startsWith("HTTP/1.1 200 "), head);
    assertEquals(200, ask("GET", "/livez", "", "").status(), "nothing comes between");
  }

  @Test
  void optionsTellWhatAPathCanBeAsked() throws IOException {
    Reply reply = ask("OPTIONS", "/api/v1/machines", "", "");

    assertEquals(204, reply.status());
    assertEquals("GET, HEAD, POST", reply.header("Allow"));
  }

  @Test
  void aWrongValueOfAnyParameterIsTheClientsFault() throws IOException {
    for (Operation operation : operations())
      for (Operation.Parameter parameter : operation.parameters())
        for (String wrong : List.of("%00", "-1", "Sideways%20", "1e99", "true%20")) {
          boolean query = parameter.place() == Operation.Place.QUERY;
          if (!query || parameter.check().complaint("it", decoded(wrong)) == null) continue;
          String target = path(operation) + "?" + parameter.name() + "=" + wrong;

          Reply reply = ask(operation.method().name(), target, "", "");

          assertEquals(400, reply.status(), target + ": " + reply.body());
          assertTrue(reply.body().contains("'" + parameter.name() + "'"), reply.body());
        }
  }

  private static String decoded(String text) {
    return java.net.URLDecoder.decode(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void aPathThatIsNotThereIsAProblemToo() throws IOException {
    for (String path : List.of("/page", "/page/", "/api/v1", "/api/v2/machines", "//")) {
      Reply reply = ask("GET", path, "", "");

      assertEquals(404, reply.status(), path);
      assertEquals("VBOX_E_OBJECT_NOT_FOUND", reply.json().getString("error"));
    }
  }

  @Test
  void theDocumentIsServedAsItIs() throws IOException {
    Reply reply = ask("GET", "/api/v1/openapi.json", "", "");

    assertEquals(ApiDocument.load().text().toJsonObject(), reply.json());
  }

  @Test
  void theModelIsReady() throws IOException {
    assertEquals(200, ask("GET", "/readyz", "", "").status());
  }

  @Test
  void strangersHearThatTheServerIsNotReadyAndOthersWhy() throws IOException {
    plane.inventory.warnings().raise(Warnings.Kind.STATE_FOLDER, "/secret", "/secret is full");
    String request = "GET /readyz HTTP/1.1\nHost: localhost\n\n";
    try (var stranger = plane.tcp();
        var local = plane.unix()) {
      Reply heard = stranger.send(request).reply();

      assertEquals(503, heard.status());
      assertTrue(heard.json().getString("detail").contains("(stateFolder)"), heard.body());
      assertFalse(heard.body().contains("/secret"), heard.body());
      assertTrue(local.send(request).reply().body().contains("/secret is full"));
    }
  }

  @Test
  void whatNeedsABodyIsRefusedWithoutOne() throws IOException {
    for (Operation operation : withBody()) {
      Reply reply = post(operation, "");
      if (operation.body().required()) assertRefused(400, reply, operation);
      else assertFalse(reply.status() == 400, operation.id());
    }
  }

  @Test
  void whatTakesNoBodyIsRefusedWithOne() throws IOException {
    for (Operation operation : operations()) {
      if (operation.body() == null) assertRefused(400, post(operation, "{}"), operation);
    }
  }

  @Test
  void aBodyThatIsNotCalledJsonIsRefused() throws IOException {
    for (Operation operation : withBody()) {
      for (String type : List.of("", "Content-Type: text/plain\n", "Content-Type: json\n"))
        assertRefused(415, ask(operation.method().name(), path(operation), type, "{}"), operation);
    }
  }

  @Test
  void aBodyThatIsNoJsonObjectIsRefused() throws IOException {
    for (Operation operation : withBody()) {
      for (String body : List.of("{", "[]", "null", "1", "\"x\"", "{}{}", "{\"a\":1,}", "{'a':1}"))
        assertRefused(400, post(operation, body), operation);
    }
  }

  @Test
  void aMemberThatTheDocumentHasNotIsRefusedByName() throws IOException {
    for (Operation operation : withBody()) {
      // The required ones may be missing too; either is said.
      Reply reply = post(operation, "{\"nonsense\":1}");

      assertRefused(400, reply, operation);
      String detail = reply.json().getString("detail");
      assertTrue(detail.contains("'nonsense'") || detail.contains("lacks"), detail);
    }
  }

  @Test
  void aMemberOfAWrongTypeIsRefusedByName() throws IOException {
    JsonObject json = ApiDocument.load().text().toJsonObject();
    JsonObject schemas = json.getJsonObject("components").getJsonObject("schemas");
    for (Operation operation : withBody()) {
      JsonObject schema = schemaOf(json, operation);
      JsonObject properties =
          schemas
              .getJsonObject(schema.getString("$ref").replaceFirst(".*/", ""))
              .getJsonObject("properties");
      for (String member : properties.fieldNames()) {
        boolean array = "array".equals(properties.getJsonObject(member).getString("type"));
        Reply reply = post(operation, "{\"" + member + "\":" + (array ? "1" : "[]") + "}");

        assertRefused(400, reply, operation);
        String detail = reply.json().getString("detail");
        assertTrue(detail.contains("'" + member + "'") || detail.contains("lacks"), detail);
      }
    }
  }

  private static JsonObject schemaOf(JsonObject json, Operation operation) {
    return json.getJsonObject("paths")
        .getJsonObject(operation.path())
        .getJsonObject(operation.method().name().toLowerCase(java.util.Locale.ROOT))
        .getJsonObject("requestBody")
        .getJsonObject("content")
        .getJsonObject("application/json")
        .getJsonObject("schema");
  }

  @Test
  void whatIsWrongIsSaid() throws IOException {
    assertEquals("the body lacks the member 'name'", detail("POST", "/api/v1/machines", "{}"));
    assertEquals(
        "the body has no member 'x'; it can have name",
        detail("POST", "/api/v1/machines", "{\"name\":\"a\",\"x\":1}"));
    assertEquals(
        "'name' of the body is empty", detail("POST", "/api/v1/machines", "{\"name\":\"\"}"));
    assertEquals(
        "'capacity' of the body: 100 is less than 512",
        detail("POST", "/api/v1/media", "{\"location\":\"/a\",\"capacity\":100}"));
    assertEquals(
        "'format' of the body is none of VDI, VMDK, VHD, RAW",
        detail("POST", "/api/v1/media", "{\"location\":\"/a\",\"capacity\":512,\"format\":\"X\"}"));
    assertEquals(
        "'location' of the body is no absolute path; begin it with /",
        detail("POST", "/api/v1/media/open", "{\"location\":\"a\"}"));
    assertEquals(
        "the parameter 'job' is no id; an id has 1 to 128 letters, digits, '-' and '_'",
        detail("GET", "/api/v1/jobs/%2Fx", ""));
    assertEquals(
        "the body is empty; name a member to change", detail("PATCH", "/api/v1/media/" + ID, "{}"));
    assertEquals(
        "the parameter 'port': 999 is greater than 255",
        detail("DELETE", "/api/v1/machines/m/attachments/c/999/0", ""));
    assertEquals(
        "the parameter 'copy' is given 2 times; give it once",
        detail("GET", "/api/v1/machines/m?copy=saved&copy=working", ""));
  }

  private String detail(String method, String path, String body) throws IOException {
    String type = body.isEmpty() ? "" : "Content-Type: application/json\n";
    return ask(method, path, type, body).json().getString("detail");
  }

  @Test
  void aNumberThatIsNoneOf64BitsIsRefused() throws IOException {
    for (String capacity :
        List.of(
            "1e3", "9223372036854775807", "9223372036854775808", "1e400", "1.5", "-1", "\"512\"")) {
      String body = "{\"location\":\"/a\",\"capacity\":" + capacity + "}";

      assertFalse(detail("POST", "/api/v1/media", body).contains("bug"), capacity);
    }
  }

  @Test
  void halfACharacterIsRefused() throws IOException {
    assertEquals(
        "'name' of the body has half of a surrogate pair in it",
        detail("POST", "/api/v1/machines", "{\"name\":\"a\\ud800\"}"));
  }
}
