package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left over in the registry of a machine whose disk was plugged again and again. */
class UnusedImagesTest {

  private static final int TIMES = 3;

  @TempDir Path temporary;

  @Test
  void imagesThatPluggingAgainLeavesAreNamedListedAndDeletedAndThenTheSnapshotGoes()
      throws Exception {
    Path folder = temporary.toRealPath();
    Path disk = folder.resolve("disk.vdi");
    try (var server = RunningServer.start(folder)) {
      server.create("mail");
      server.run("medium", "create", disk, "--capacity", "8M");
      server.run("machine", "attach", "mail", "SATA:0", disk, "--hot-pluggable", "on");
      server.run("machine", "start", "mail");
      server.run("machine", "snapshot", "take", "mail", "S1");
      for (int time = 0; time < TIMES; time++) {
        server.run("machine", "detach", "mail", "SATA:0");
        server.run("machine", "attach", "mail", "SATA:0", disk);
      }

      List<String> unused = unused(server);
      assertEquals(TIMES, unused.size());
      String refusal = server.failure("machine", "snapshot", "delete", "mail", "S1");
      for (String file : unused) assertTrue(refusal.contains("'" + file + "'"), refusal);
      assertTrue(refusal.contains("'varve medium delete FILE'"), refusal);
      assertTrue(refusal.contains("'varve medium list --unused'"), refusal);

      for (String file : unused) server.run("medium", "delete", file);

      assertEquals(List.of(), unused(server));
      for (String file : unused) assertFalse(Files.exists(Path.of(file)));
      server.run("machine", "snapshot", "delete", "mail", "S1");
      server.stop();
    }
  }

  @Test
  void aListWithSizesTellsWhatEachImageTakes() throws Exception {
    Path folder = temporary.toRealPath();
    Path disk = folder.resolve("fixed.vdi");
    try (var server = RunningServer.start(folder)) {
      server.run("medium", "create", disk, "--capacity", "8M", "--variant", "Fixed");

      JsonObject medium =
          server.run("medium", "list", "--sizes").getJsonArray("media").getJsonObject(0);

      JsonObject storage = medium.getJsonObject("storage");
      assertEquals(Files.size(disk), storage.getLong("fileLength"));
      assertTrue(storage.getLong("ownBytes") > 0, storage::encode);
      server.stop();
    }
  }

  private static List<String> unused(RunningServer server) {
    return server.run("medium", "list", "--unused").getJsonArray("media").stream()
        .map(each -> ((JsonObject) each).getString("location"))
        .toList();
  }
}
