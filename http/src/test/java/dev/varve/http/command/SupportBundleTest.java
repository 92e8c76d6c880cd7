package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.http.CommandLines;
import dev.varve.http.CommandLines.Run;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve support-bundle}; beside a server it is a process of its own, as it is for users. */
class SupportBundleTest {

  private static final String OF_THE_ENVIRONMENT = "env-0secret0-value";
  private static final String IN_A_DESCRIPTION = "the-pin-is-4711";
  private static final String IN_THE_CONFIGURATION = "configured-0secret0";
  private static final String KEY = "MHcCAQEEIBplantedkeyplantedkeyplanted";

  @TempDir Path folder;

  private static Map<String, String> contents(Path bundle) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (var zip = new ZipFile(bundle.toFile())) {
      for (ZipEntry entry :
          (Iterable<ZipEntry>) () -> zip.stream().<ZipEntry>map(e -> e).iterator())
        contents.put(
            entry.getName(),
            new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8));
    }
    return contents;
  }

  private Run bundleWithoutServer(Path file) {
    return CommandLines.VARVE.run(
        "support-bundle",
        "--state=" + folder.resolve("state"),
        "--config=none",
        "--output=json",
        "--file=" + file);
  }

  @Test
  void noPlantedSecretIsInTheBundleOfAServerThatRuns() throws Exception {
    Path log = folder.resolve("server.log");
    Path config = folder.resolve("varve.conf");
    Files.writeString(
        config,
        """
        # password = %s
        state = "%s"
        socket-scope = ["user=%s:read"]
        """
            .formatted(IN_THE_CONFIGURATION, folder.resolve("state"), IN_THE_CONFIGURATION));
    var varve = new ControlTool(folder.resolve("state"));
    List<String> secrets = new ArrayList<>();
    secrets.addAll(List.of(OF_THE_ENVIRONMENT, IN_A_DESCRIPTION, IN_THE_CONFIGURATION, KEY));
    try (var server =
        VarveProcess.startBehind(
            List.of(
                "env",
                "SERVER_TOKEN=" + OF_THE_ENVIRONMENT,
                "sh",
                "-c",
                "exec \"$@\" 2>>server.log",
                "sh"),
            folder,
            "serve",
            "--state=state",
            "--api-tcp=off")) {
      for (int i = 0; i < 3; i++) server.line();
      varve.run("machine", "create", "mail");
      varve.run("machine", "snapshot", "take", "mail", "s", "--description", IN_A_DESCRIPTION);
      String token =
          varve.run("token", "create", "grafana", "--scope", "metrics").getString("token");
      secrets.add(token);
      secrets.add(token.substring(token.length() - 43));
      secrets.add(Files.readString(folder.resolve("state/token")).strip());
      secrets.add(
          new JsonObject(Files.readString(folder.resolve("state/tokens.json")))
              .getJsonArray("tokens")
              .getJsonObject(0)
              .getString("sha256"));
      Files.writeString(log, planted(secrets), StandardOpenOption.APPEND);

      try (var command =
          VarveProcess.startBehind(
              List.of("env", "MY_PASSWORD=" + OF_THE_ENVIRONMENT),
              folder,
              "support-bundle",
              "--output=json",
              "--file=bundle.zip",
              "--config=" + config)) {
        JsonObject made = new JsonObject(command.line());
        assertEquals(0, command.exitStatus());

        JsonObject missing = made.getJsonObject("missing");
        assertTrue(missing.getString("process/recording.txt").contains("JFR.start"), made::encode);
        assertEquals(1, missing.size(), made::encode);
      }
      server.terminate();
      assertEquals(0, server.exitStatus());
    }
    Map<String, String> contents = contents(folder.resolve("bundle.zip"));
    contents.forEach(
        (name, text) -> {
          for (String secret : secrets) assertFalse(text.contains(secret), name + ": " + secret);
          assertFalse(text.contains("192.168.77.88") || text.contains("pa55w0rd"), name);
        });
    assertTrue(contents.get("log.txt").contains("a client of ADDRESS-1 came"));
    assertTrue(contents.get("server/machines.json").contains("\"name\" : \"mail\""));
    assertTrue(contents.get("metrics.txt").contains("varve_build_info"));
    assertTrue(contents.get("process/threads.txt").contains("storage-"));
    for (String part : List.of("eden space", " s\n", "-XX:"))
      assertTrue(contents.get("process/heap.txt").contains(part), part);
    assertTrue(contents.get("config.txt").contains("socket-scope"));
    assertTrue(contents.get("README.txt").contains("process/recording.txt"));
    assertTrue(contents.get("doctor.txt").contains("it answers"));
  }

  private static String planted(List<String> secrets) {
    return """
        a client of 192.168.77.88 came
        Authorization: Bearer %s
        opened nbds://joe:pa55w0rd@nas.example/disk
        password: "%s"
        -----BEGIN PRIVATE KEY-----
        %s
        -----END PRIVATE KEY-----
        %s
        """
        .formatted(
            secrets.get(4), OF_THE_ENVIRONMENT, KEY, String.join("\n", secrets.subList(4, 8)));
  }

  @Test
  void withoutAServerTheRestIsThereForItsOwnerOnly() throws Exception {
    Path file = folder.resolve("bundle.zip");
    Run first = bundleWithoutServer(file);
    JsonObject made = new JsonObject(first.out());
    assertEquals(0, first.status());
    assertTrue(made.getJsonObject("missing").containsKey("metrics.txt"), made::encode);
    assertTrue(made.getJsonArray("parts").contains("doctor.txt"), made::encode);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));

    byte[] before = Files.readAllBytes(file);
    Run again = bundleWithoutServer(file);
    assertEquals(1, again.status());
    assertTrue(again.err().contains("is there already; choose another name"), again::err);
    assertEquals(before.length, Files.size(file));
  }

  @Test
  @NeedsTools({"mount", "umount"})
  void whatCannotBeWrittenLeavesNoFile() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount");
    try (var small = SmallFileSystem.mount(folder.resolve("small"), "size=4k")) {
      Path file = small.path().resolve("bundle.zip");
      Run full = bundleWithoutServer(file);
      assertEquals(1, full.status());
      assertTrue(full.err().contains(file + " cannot be written: No space left"), full::err);
      assertTrue(full.err().contains("free some room there, or name"), full::err);
      assertFalse(Files.exists(file));
    }
  }

  @Test
  void aFolderThatIsMissingIsNamed() {
    Run run = bundleWithoutServer(folder.resolve("no/bundle.zip"));

    assertEquals(1, run.status());
    String said = "there is no folder %s: make it, or name".formatted(folder.resolve("no"));
    assertTrue(run.err().contains(said), run::err);
  }

  @Test
  void partsThatAreMissingForOneReasonAreOneLine() {
    Run run =
        CommandLines.VARVE.run(
            "support-bundle",
            "--state=" + folder.resolve("state"),
            "--config=none",
            "--file=" + folder.resolve("bundle.zip"));

    String line = "process/threads.txt, process/heap.txt, process/recording.txt: no server runs";
    assertTrue(run.out().contains(line), run::out);
  }
}
