package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program with media roots and rules for users, in a process of its own. */
final class MediaRootsOfAServerTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  private VarveProcess serve(String... more) throws IOException {
    Files.createDirectory(folder.resolve("root"));
    Files.createDirectory(folder.resolve("other"));
    Files.write(folder.resolve("other/image"), new byte[(int) MIB]);
    var arguments =
        new ArrayList<>(
            List.of("serve", "--state", "state", "--api-tcp", "off", "--config", "none"));
    arguments.addAll(List.of(more));
    VarveProcess process = VarveProcess.start(folder, arguments.toArray(String[]::new));
    process.line();
    process.line();
    process.line();
    return process;
  }

  private ControlTool tool() {
    return new ControlTool(folder.resolve("state"));
  }

  /** The machine 'a'; returns its disk, which is below the root. */
  private Path makeMachine(ControlTool varve) {
    Path disk = folder.resolve("root/a.vdi");
    varve.run("medium", "create", disk, "--capacity", "4M");
    varve.run("machine", "create", "a");
    varve.run("machine", "controller", "add", "a", "SATA", "--bus", "SATA");
    varve.run("machine", "attach", "a", "SATA:0", disk);
    return disk;
  }

  @Test
  void filesAreUsedBelowTheRootAndNowhereElse() throws IOException {
    try (var _ = serve("--media-root", "root")) {
      ControlTool varve = tool();
      Path disk = makeMachine(varve);
      varve.run("machine", "start", "a");
      varve.run("machine", "snapshot", "take", "a", "first");
      varve.run("machine", "powerdown", "a");
      varve.run("medium", "clone", disk, folder.resolve("root/copy.vmdk"), "--format", "VMDK");

      Path other = folder.resolve("other/image");
      Path link = Files.createSymbolicLink(folder.resolve("root/link"), other);
      for (Path each :
          new Path[] {other, link, Path.of("/etc/passwd"), Path.of("/proc/self/mem")}) {
        String why = varve.failure("medium", "open", each, "--format", "RAW");
        assertTrue(why.contains("is not below a media root"), why);
      }
      varve.failure("medium", "clone", disk, folder.resolve("other/copy.vdi"));
      varve.failure("machine", "export", "a", folder.resolve("other/a.ova"));
      assertFalse(Files.exists(folder.resolve("other/copy.vdi")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"RAW", "VDI"})
  void whatASettingsFileNamesIsOutOfReachTooAndTheRuleIsTold(String format) throws IOException {
    try (var _ = serve("--media-root", "root")) {
      ControlTool varve = tool();
      makeMachine(varve);
      JsonObject machine = varve.run("machine", "show", "a");
      varve.run("machine", "unregister", "a");
      Path settings = folder.resolve("root/a.vbox");
      Files.writeString(
          settings,
          Files.readString(Path.of(machine.getString("settingsFile")))
              .replaceAll(
                  "location=\"[^\"]*\"", "location=\"" + folder.resolve("other/image") + "\"")
              .replaceAll("format=\"VDI\"", "format=\"%s\"".formatted(format)));
      varve.run("machine", "open", settings);

      String why = varve.failure("machine", "start", "a");

      assertTrue(why.contains("is not below a media root"), why);
      assertTrue(why.contains("'" + folder.resolve("root") + "'"), why);
      assertTrue(why.contains("--media-root"), why);
    }
  }

  /** As often as a folder becomes a link and a folder again while requests use what is in it. */
  @Test
  void aFolderThatIsReplacedByALinkAgainAndAgainLeadsNowhere() throws Exception {
    try (var _ = serve("--media-root", "root")) {
      ControlTool varve = tool();
      Path disks = Files.createDirectory(folder.resolve("root/disks"));
      Path link = Files.createSymbolicLink(folder.resolve("root/link"), folder.resolve("other"));
      Path aside = folder.resolve("root/aside");
      Thread swapper =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (!Thread.interrupted()) {
                        Files.move(disks, aside, StandardCopyOption.ATOMIC_MOVE);
                        Files.move(link, disks, StandardCopyOption.ATOMIC_MOVE);
                        Files.move(disks, link, StandardCopyOption.ATOMIC_MOVE);
                        Files.move(aside, disks, StandardCopyOption.ATOMIC_MOVE);
                        LockSupport.parkNanos(20_000); // other tests need the processor too
                      }
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      for (int i = 0; i < 5; i++) {
        Path disk = disks.resolve(i + ".vdi");
        varve.attempt("medium", "create", disk, "--capacity", "1M");
        varve.attempt("medium", "delete", disk);
        // It may be registered, which looks at its size only; and then not be deleted.
        varve.attempt("medium", "open", disks.resolve("image"), "--format", "RAW");
        varve.attempt("medium", "delete", disks.resolve("image"));
      }
      swapper.interrupt();
      swapper.join();

      try (var left = Files.list(folder.resolve("other"))) {
        assertEquals(List.of(folder.resolve("other/image")), left.toList());
      }
    }
  }

  @Test
  void usersOfTheSocketHaveTheScopesOfTheirRules() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can become others");
    try (var _ =
        serve(
            "--socket-mode",
            "666",
            "--socket-scope",
            "user=65534:read",
            "--socket-scope",
            "group=60:operate:a")) {
      for (Path above = folder.resolve("state");
          !above.equals(Path.of("/tmp"));
          above = above.getParent())
        Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxr-xr-x"));
      tool().run("machine", "create", "a");
      tool().run("machine", "create", "b");

      assertEquals("200", ask(65534, 65534, "GET", "machines"));
      assertEquals("403", ask(65534, 65534, "POST", "machines/a/start"));
      assertEquals("200", ask(5, 60, "POST", "machines/a/start"));
      assertEquals("403", ask(5, 60, "POST", "machines/b/start"));
      assertEquals("403", ask(1, 1, "GET", "machines"));
      assertEquals("200", ask(0, 0, "POST", "machines/b/start"));
    }
  }

  private String ask(int user, int group, String method, String path)
      throws IOException, InterruptedException {
    Process curl =
        new ProcessBuilder(
                "setpriv",
                "--reuid=" + user,
                "--regid=" + group,
                "--clear-groups",
                "curl",
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--unix-socket",
                folder.resolve("state/api.sock").toString(),
                "-X",
                method,
                "http://localhost/api/v1/" + path)
            .redirectErrorStream(true)
            .start();
    String answer = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    curl.waitFor();
    return answer;
  }
}
