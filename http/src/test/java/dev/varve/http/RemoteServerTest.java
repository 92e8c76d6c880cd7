package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.core.testing.TestCertificates;
import dev.varve.http.api.SocketAccess;
import dev.varve.http.log.ProgramLog;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.http.server.TcpAddress;
import dev.varve.http.tls.CertificateFiles;
import dev.varve.http.tls.ClientCertificates;
import dev.varve.http.tls.ServerTls;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.ReplyStyle;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve --url}: commands that ask a server over TCP. */
@NeedsTools("openssl")
class RemoteServerTest {

  @TempDir static Path folder;
  private static TestCertificates made;
  private static StateServer server;
  private static StateServer strict;
  private static StateServer misnamed;

  @BeforeAll
  static void start() throws IOException {
    made = TestCertificates.authority(folder, "ca").server("server", "localhost").client("alice");
    made.misnamed("misnamed", "other.example");
    server = serve("state", "server", ClientCertificates.OPTIONAL);
    strict = serve("strict", "server", ClientCertificates.REQUIRED);
    misnamed = serve("misnamed", "misnamed", ClientCertificates.OPTIONAL);
  }

  @AfterAll
  static void stop() throws IOException {
    for (StateServer each : List.of(server, strict, misnamed)) each.close();
  }

  private static StateServer serve(String state, String name, ClientCertificates clients)
      throws IOException {
    var files = new CertificateFiles(made.certificate(name), made.key(name), made.authority());
    ServerTls tls = ServerTls.open(files, ClientCertificates.REQUIRED, clients);
    var asked = new ServerSockets(null, null, null, SocketAccess.OWNER, null, tls);
    var started =
        new StateServer(folder.resolve(state), asked, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED);
    started.listenApi(new TcpAddress("127.0.0.1", 0));
    return started;
  }

  @Test
  void commandsAreAnsweredOverTls() {
    assertEquals(0, run(server, "machine", "create", "web").status);
    assertTrue(run(server, "machine", "list").said.contains("web"));
  }

  @Test
  void certificateThatIsNotTrustedIsShown() {
    Said said = varve("--url", url(server), "--token-file", token("state"), "machine", "list");

    assertFails(said, "is not trusted here: it shows CN=localhost, signed by CN=Test authority ca");
    assertFails(said, "--ca-file");
  }

  @Test
  void certificateOfAnotherHostIsRefused() {
    Said said = run(misnamed, "machine", "list");

    assertFails(said, "is not for 'localhost'");
  }

  @Test
  void wrongTokenIsRefused() throws IOException {
    Path wrong = Files.writeString(folder.resolve("wrong"), "wrong\n");
    Said said =
        varve(
            "--url",
            url(server),
            "--ca-file",
            made.authority(),
            "--token-file",
            wrong,
            "machine",
            "list");

    assertFails(said, "does not know the token in " + wrong);
  }

  @Test
  void missingCertificateOfTheClientIsNamed() {
    assertFails(run(strict, "machine", "list"), "--client-certificate");

    Said shown =
        run(
            strict,
            "--client-certificate",
            made.certificate("alice"),
            "--client-key",
            made.key("alice"),
            "machine",
            "list");
    assertEquals(0, shown.status, shown.said);
  }

  @Test
  void missingCertificateOfTheClientIsNoMatterOfTheLog() {
    List<String> logged = new CopyOnWriteArrayList<>();
    try (var _ = ProgramLog.listen(line -> logged.add(line.text()))) {
      run(strict, "machine", "list");
    }

    assertEquals(List.of(), logged.stream().filter(l -> l.contains("SSLHandshake")).toList());
  }

  @Test
  void portThatExpectsTlsIsNamedWithHttps() {
    String url = "http://localhost:" + server.apiAddress().port();
    Said said = varve("--url", url, "--token-file", token("state"), "machine", "list");

    assertFails(said, "if it speaks TLS there, use https://localhost:");
  }

  @Test
  void tokenDoesNotGoToAnotherHostWithoutTls() {
    Said said =
        varve("--url", "http://host.example:1", "--token-file", token("state"), "machine", "list");

    assertFails(said, "use https://host.example:1");
  }

  @Test
  void commandsWithoutAServerRefuseOne() {
    Said said = run(server, "image", "info", "disk.vdi");

    assertEquals(2, said.status);
    assertTrue(said.said.contains("works on this host"), said.said);
  }

  @Test
  void oneServerIsNamedOnly() {
    Said said = run(server, "machine", "list", "--state", folder);

    assertEquals(2, said.status);
    assertTrue(said.said.contains("name two servers"), said.said);
  }

  @Test
  void filesAreNamedByTheirPathsOnTheHostOfTheServer() {
    Path there = folder.resolve("there.vdi");
    assertEquals(0, run(server, "medium", "create", there, "--capacity", "1M").status);
    Said shown = run(server, "medium", "show", there, "--output", "json");
    assertEquals(0, shown.status, shown.said);
    String id = new JsonObject(shown.said).getString("id");
    assertEquals(0, run(server, "medium", "show", id).status);

    for (Said said :
        List.of(
            run(server, "medium", "create", "there.vdi", "--capacity", "1M"),
            run(server, "medium", "show", "./there.vdi"),
            run(server, "medium", "check", "there.vdi"),
            run(server, "medium", "delete", there, "there.vdi"),
            run(server, "machine", "open", "web.vbox"))) {
      assertEquals(2, said.status, said.said);
      assertTrue(said.said.contains("the path that it has there, which begins with /"), said.said);
    }
    assertEquals(0, run(server, "medium", "show", id).status);
  }

  private static void assertFails(Said said, String part) {
    assertEquals(1, said.status, said.said);
    assertTrue(said.said.contains(part), said.said);
  }

  private static String url(StateServer server) {
    return "https://localhost:" + server.apiAddress().port();
  }

  private static Path token(String state) {
    return folder.resolve(state).resolve("token");
  }

  /** Asks a server with everything that it needs. */
  private static Said run(StateServer server, Object... command) {
    List<Object> line = new ArrayList<>(List.of("--url", url(server)));
    line.addAll(List.of("--token-file", server.folder().resolve("token")));
    line.addAll(List.of("--ca-file", made.authority()));
    line.addAll(List.of(command));
    return varve(line.toArray());
  }

  private record Said(int status, String said) {}

  private static Said varve(Object... line) {
    var said = new StringWriter();
    return new Said(CommandLines.VARVE.run(said, said, line), said.toString());
  }
}
