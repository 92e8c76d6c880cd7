package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** HEAD, OPTIONS and methods that are not there, at every path of the document. */
final class MethodsTest extends OnAControlPlane {

  private RawClient send(String method, String path) throws IOException {
    String body = method.equals("POST") ? "Content-Length: 0\n" : "";
    return client.send(method + " " + path + " HTTP/1.1\nHost: localhost\n" + body + "\n");
  }

  /** With a number for each parameter: a port is one, and a name may be. */
  private static String example(Operation operation) {
    return operation.path().replaceAll("\\{[^}]+}", "1");
  }

  private static Set<String> methodsAt(String path) {
    Set<String> methods = new TreeSet<>();
    for (Operation operation : ApiDocument.load().operations()) {
      if (!operation.isAt(path)) continue;
      methods.add(operation.method().name());
      if (operation.method().name().equals("GET")) methods.add("HEAD");
    }
    return methods;
  }

  @Test
  void optionsTellsTheMethodsOfEachPathAndAnotherMethodIsRefused() throws IOException {
    for (Operation operation : ApiDocument.load().operations()) {
      String path = example(operation);
      String allowed = String.join(", ", methodsAt(path));

      RawClient.Reply options = send("OPTIONS", path).reply();
      RawClient.Reply refused = send("TRACE", path).reply();

      assertEquals(204, options.status(), path);
      assertEquals(allowed, options.header("Allow"), path);
      assertEquals(405, refused.status(), path);
      assertEquals(allowed, refused.header("Allow"), path);
      for (RawClient.Reply reply : new RawClient.Reply[] {options, refused})
        assertFalse(
            reply.headers().keySet().stream().anyMatch(h -> h.startsWith("access-control")), path);
    }
  }

  @Test
  void headIsGetWithoutABody() throws IOException {
    for (Operation operation : ApiDocument.load().operations()) {
      boolean isStream = operation.id().equals("watchEvents");
      if (!operation.method().name().equals("GET") || isStream) continue;
      RawClient.Reply get = send("GET", example(operation)).reply();

      String head = send("HEAD", example(operation)).until("\r\n\r\n");

      assertTrue(head.startsWith("HTTP/1.1 " + get.status() + " "), operation.id() + head);
      assertTrue(
          head.contains("Content-Type: " + get.header("Content-Type"))
              || head.contains("content-type: " + get.header("Content-Type")),
          head);
      assertEquals(204, send("OPTIONS", example(operation)).reply().status(), "no body came");
    }
  }

  @Test
  void aWordThatCouldBeANameHasTheMethodsOfBoth() throws IOException {
    String allowed = send("OPTIONS", "/api/v1/media/open").reply().header("Allow");

    assertEquals("DELETE, GET, HEAD, PATCH, POST", allowed);
  }
}
