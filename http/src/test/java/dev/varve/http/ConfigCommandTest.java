package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.TestCertificates;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code varve config}. */
class ConfigCommandTest {

  @TempDir Path folder;

  private Path file;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void configure() throws IOException {
    file = folder.resolve("varve.conf");
    write("state = /srv/varve\nlog-level = debug\nstart-machines = [mail, web]\n");
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text);
  }

  @Test
  void aRightFileIsToldWithTheNumberOfItsSettings() {
    assertEquals(0, run("config", "check", "--config", file.toString()));

    assertEquals(file + " can be used: 3 settings\n", out.toString());
  }

  @Test
  void oneSettingIsToldInTheSingular() throws IOException {
    write("log-level = debug\n");

    assertEquals(0, run("config", "check", "--config", file.toString()));

    assertEquals(file + " can be used: 1 setting\n", out.toString());
  }

  @Test
  void everyProblemIsALineAndTheStatusIsOne() throws IOException {
    write("log-level = loud\ntcp = \"x:y\"\nwrong = 1\n");

    assertEquals(1, run("config", "check", "--config", file.toString()));

    assertEquals(3, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().startsWith("varve: " + file + ":1: 'log-level'"), err::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "max-connections = -1\ntls-key = \"/nope\"\nnonsense = 3\n",
        "idle-timeout = 0\nmax-connections = 0\npoll-us = -5\n",
        "socket-group = no-such-group\nsocket-scope = [\"group=no-such-one:read\",\n\"group=neither:read\"]\n",
        "tcp = \"127.0.0.1:1\"\nmedia-root = [\"/nowhere\",\n\"/neither\"]\ncolour = red\n"
      })
  void allIsToldAtOnceWhateverKindItIs(String text) throws IOException {
    write(text);

    assertEquals(1, run("config", "check", "--config", file.toString()));

    assertEquals(3, err.toString().lines().count(), err::toString);
  }

  @Test
  void whatFollowsFromAWrongValueIsNotToldAsWell() throws IOException {
    write("tls-certificate = cert.pem\ntls-key = \"/key.pem\"\n");

    assertEquals(1, run("config", "check", "--config", file.toString()));

    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  @Test
  void programsGetTheProblemsAsAList() throws IOException {
    write("log-level = loud\n\nmax-connections = 0");

    assertEquals(1, run("config", "check", "--output=json", "--config", file.toString()));

    assertEquals(2, new JsonObject(out.toString()).getJsonArray("problems").size());
  }

  @Test
  void whatDoesNotGoTogetherIsToldWithALineToo() throws IOException {
    write("log-level = info\n\nmax-connections = 0");

    assertEquals(1, run("config", "check", "--config", file.toString()));

    assertTrue(
        err.toString().contains(file + ":3: 'max-connections': --max-connections 0: allow"),
        err::toString);
  }

  @Test
  void whatTheFileNamesIsTriedAsAServerTriesIt() throws IOException {
    TestCertificates made = TestCertificates.authority(folder, "ca").server("server", "localhost");
    String tls =
        "tls-certificate = \"%s\"\ntls-key = \"%s\"\n"
            .formatted(made.certificate("server"), made.key("server"));
    Path broken = Files.writeString(folder.resolve("broken.pem"), "nothing");

    write(tls + "tls-client-ca = \"%s\"\n".formatted(made.authority()));
    assertEquals(0, run("config", "check", "--config", file.toString()), err::toString);

    write(tls + "tls-client-ca = \"%s\"\nmedia-root = [/nowhere]\n".formatted(broken));
    assertEquals(1, run("config", "check", "--config", file.toString()));
    String said = err.toString();
    assertTrue(
        said.contains(file + ":3: 'tls-client-ca': " + broken + " has no certificate"), said);
    assertTrue(said.contains(file + ":4: 'media-root': there is no folder /nowhere"), said);
    assertEquals(2, said.lines().count(), said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {api-tcp = "[::1]:1", tcp = "[::1]:1"}     | 'api-tcp': --tcp [::1]:1 and --api-tcp [::1]:1: NBD and HTTP
          {api-tcp = "localhost:1", tcp = "[::]:1", allow-unencrypted-nbd = true} | 'api-tcp': --tcp [::]:1 and --api-tcp localhost:1
          api-tcp = "0.0.0.0:10810"                  | 'api-tcp': --api-tcp 0.0.0.0:10810: other hosts can
          socket-mode = 777                          | 'socket-mode': --socket-mode 777: every user of this host
          socket-group = no-such-group               | 'socket-group': there is no group 'no-such-group'
          socket-scope = ["user=no-such-user:read"]  | 'socket-scope': there is no user 'no-such-user'
          state = "/%s"                              | 'state': /
          """)
  void whatWouldEndAServerThatHasStartedIsToldBefore(String setting, String problem)
      throws IOException {
    write(setting.formatted("a".repeat(100)));

    assertEquals(1, run("config", "check", "--config", file.toString()));

    assertTrue(err.toString().startsWith("varve: " + file + ":1: " + problem), err::toString);
  }

  @Test
  void everyValueIsShownWithWhereItComesFrom() {
    assertEquals(
        0, run("config", "show", "--config=" + file, "--tcp=10809", "--log-level", "error"));

    String shown = out.toString().replaceAll(" {2,}", " ");
    assertTrue(shown.startsWith("configuration file: " + file + "\n"), shown);
    for (String line :
        new String[] {
          "start-machines mail, web " + file + ":3",
          "state /srv/varve " + file + ":1",
          "tcp 10809 command line",
          "log-level error command line",
          "idle-timeout never default"
        }) assertTrue(shown.contains("\n" + line + "\n") || shown.endsWith("\n" + line), shown);
  }

  @Test
  void programsGetTheValuesAsTheyAreWritten() {
    assertEquals(0, run("config", "show", "--config=" + file, "--output", "json"));

    var first = new JsonObject(out.toString()).getJsonArray("values").getJsonObject(0);
    assertEquals(
        "{\"key\":\"start-machines\",\"values\":[\"mail\",\"web\"],\"usual\":null,\"secret\":false,\"source\":\"file\",\"place\":\""
            + file
            + ":3\"}",
        first.encode());
  }

  /** With new commands each time: picocli does not forget the options that 'show' passes on. */
  private int run(String... arguments) {
    return new CommandLines(() -> Main.commandLine(arguments)).run(out, err, (Object[]) arguments);
  }
}
