package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.RawClient.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask: hosts, origins, the token, the socket. */
@TestInstance(Lifecycle.PER_METHOD)
final class AccessCheckTest extends OnAControlPlane {

  private static final String DOCUMENT = "GET /api/v1/openapi.json HTTP/1.1\n";

  private Reply tcp(String headers) throws IOException {
    try (var client = plane.tcp()) {
      return client.send(DOCUMENT + headers + "\n").reply();
    }
  }

  private Reply unix(String headers) throws IOException {
    try (var client = plane.unix()) {
      return client.send(DOCUMENT + headers + "\n").reply();
    }
  }

  private String host() {
    return "Host: localhost:" + plane.port() + "\n";
  }

  private String token() throws IOException {
    return "Authorization: Bearer " + plane.token() + "\n";
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1", "[::1]", "LOCALHOST"})
  void theTokenOpensTcpUnderEachNameOfThisMachine(String name) throws IOException {
    Reply reply = tcp("Host: " + name + ":" + plane.port() + "\n" + token());

    assertEquals(200, reply.status());
    assertEquals("3.1.0", reply.json().getString("openapi"));
  }

  @Test
  void withoutTheTokenTcpIsShut() throws IOException {
    Reply reply = tcp(host());

    assertEquals(401, reply.status());
    assertEquals("Bearer", reply.header("WWW-Authenticate"));
    assertEquals("application/problem+json", reply.header("Content-Type"));
    assertEquals("E_ACCESSDENIED", reply.json().getString("error"));
    assertTrue(reply.json().getString("detail").contains("'token'"), reply.body());
  }

  @Test
  void thePageIsToldWhetherItNeedsAToken() throws IOException {
    String icon = "GET /page/icon.svg HTTP/1.1\n" + host();
    try (var tcp = plane.tcp();
        var unix = plane.unix()) {
      assertEquals("Bearer", tcp.send(icon + "\n").reply().header("WWW-Authenticate"));
      assertNull(tcp.send(icon + token() + "\n").reply().header("WWW-Authenticate"));
      assertNull(unix.send(icon + "\n").reply().header("WWW-Authenticate"));
    }
  }

  @Test
  void aWrongTokenIsNoToken() throws IOException {
    String wrong = plane.token().substring(1) + "A";

    for (String shown : new String[] {wrong, "", plane.token() + "A", plane.token().substring(1)})
      assertEquals(401, tcp(host() + "Authorization: Bearer " + shown + "\n").status(), shown);
    assertEquals(401, tcp(host() + "Authorization: Basic " + plane.token() + "\n").status());
  }

  @Test
  void whatIsNotThereIsNotToldWithoutTheToken() throws IOException {
    try (var client = plane.tcp()) {
      assertEquals(401, client.send("GET /nothing HTTP/1.1\n" + host() + "\n").reply().status());
      assertEquals(401, client.send("PUT /livez HTTP/1.1\n" + host() + "\n").reply().status());
    }
  }

  @Test
  void livenessNeedsNoToken() throws IOException {
    try (var client = plane.tcp()) {
      Reply reply = client.send("GET /livez HTTP/1.1\n" + host() + "\n").reply();

      assertEquals(200, reply.status());
      assertEquals("ok", reply.json().getString("status"));
    }
  }

  @Test
  void aNameThatMerelyResolvesToThisMachineIsRefused() throws IOException {
    String port = ":" + plane.port();
    String[] hosts = {
      "rebound.example" + port,
      "localhost.evil.example" + port,
      "127.0.0.2" + port,
      "0.0.0.0" + port,
      "localhost:",
      ""
    };

    for (String host : hosts) {
      Reply reply = tcp("Host: " + host + "\n" + token());
      assertEquals(403, reply.status(), host);
      assertEquals("E_ACCESSDENIED", reply.json().getString("error"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:8080", "127.0.0.1:1", "localhost"})
  void throughATunnelThePortIsAnother(String host) throws IOException {
    assertEquals(200, tcp("Host: " + host + "\n" + token()).status());
  }

  @Test
  void aPageAtAnotherPortOfThisMachineIsNotOurOwn() throws IOException {
    assertEquals(403, tcp(host() + token() + "Origin: http://localhost:1\n").status());
  }

  @Test
  void aRequestWithTwoHostsIsRefused() throws IOException {
    assertEquals(400, tcp(host() + host() + token()).status());
  }

  @Test
  void aRequestWithoutHostIsRefusedOnTcpAndServedOnTheSocket() throws IOException {
    try (var client = plane.tcp()) {
      String old = "GET /api/v1/openapi.json HTTP/1.0\n";
      assertEquals(403, client.send(old + token() + "\n").reply().status());
    }
    try (var client = plane.unix()) {
      assertEquals(200, client.send("GET /api/v1/openapi.json HTTP/1.0\n\n").reply().status());
    }
  }

  @Test
  void aRequestOfThisCenturyWithoutHostIsMalformedEverywhere() throws IOException {
    assertEquals(400, tcp(token()).status());
    assertEquals(400, unix("").status());
    assertEquals(List.of(), plane.bugs());
  }

  @Test
  void aPageOfAnotherOriginCanDoNothing() throws IOException {
    String[] origins = {
      "http://evil.example",
      "null",
      "http://localhost",
      "https://localhost:" + plane.port(),
      "http://127.0.0.1:" + plane.port(),
      "http://localhost:" + plane.port() + ".evil.example"
    };

    for (String origin : origins) {
      Reply reply = tcp(host() + token() + "Origin: " + origin + "\n");
      assertEquals(403, reply.status(), origin);
      assertEquals(null, reply.header("Access-Control-Allow-Origin"));
    }
    assertEquals(403, unix("Host: localhost\nOrigin: http://evil.example\n").status());
  }

  @Test
  void aPreflightOfAnotherOriginGetsNoLeave() throws IOException {
    try (var client = plane.tcp()) {
      Reply reply =
          client
              .send(
                  "OPTIONS /api/v1/machines HTTP/1.1\n"
                      + host()
                      + "Origin: http://evil.example\nAccess-Control-Request-Method: POST\n\n")
              .reply();

      assertEquals(403, reply.status());
      assertTrue(reply.headers().keySet().stream().noneMatch(h -> h.startsWith("access-control")));
    }
  }

  @Test
  void aPageOfOurOwnMayAsk() throws IOException {
    String own = "Origin: http://localhost:" + plane.port() + "\nSec-Fetch-Site: same-origin\n";

    assertEquals(200, tcp(host() + token() + own).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cross-site", "same-site", "something-new"})
  void aBrowserThatSaysItAsksForAnotherSiteIsRefused(String site) throws IOException {
    assertEquals(403, tcp(host() + token() + "Sec-Fetch-Site: " + site + "\n").status());
  }

  @Test
  void theSocketNeedsNoTokenAndIsTheOwnersOnly() throws IOException {
    assertEquals(200, unix("Host: localhost\n").status());

    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(plane.socket())));
  }

  @Test
  void theSocketHasNoStrangeNameEither() throws IOException {
    assertEquals(403, unix("Host: evil.example\n").status());
  }

  @Test
  void nothingButTheSocketIsLeftOfListening() throws IOException {
    try (var files = Files.list(folder)) {
      assertEquals(0, files.filter(Files::isDirectory).count());
    }
  }
}
