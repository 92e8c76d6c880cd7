package dev.varve.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.nbd.NbdLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorsTest {

  @TempDir Path process;

  @Test
  void theLimitIsReadAndLibrariesCountBeforeTheyAreOpened() throws IOException {
    Files.writeString(
        process.resolve("limits"),
        """
        Limit                     Soft Limit           Hard Limit           Units
        Max cpu time              unlimited            unlimited            seconds
        Max open files            200                  4096                 files
        """);
    Path open = Files.createDirectory(process.resolve("fd"));
    for (int fd = 0; fd < 5; fd++) Files.createFile(open.resolve("" + fd));

    Files.createSymbolicLink(open.resolve("5"), Path.of("/lib/varve.jar"));

    assertEquals(
        new Descriptors(200, 7), Descriptors.of(process, "/classes:/lib/varve.jar:/lib/netty.jar"));
  }

  @Test
  void whereNothingIsKnownThereIsNoLimit() throws IOException {
    var unknown = Descriptors.of(process, "");

    unknown.check();
    assertEquals(NbdLimits.DEFAULT, unknown.share(NbdLimits.DEFAULT));
  }

  @Test
  void tooFewAreRefusedWithTheNumbersAndTheWayOut() {
    String said =
        assertThrows(IOException.class, () -> new Descriptors(64, 40).check()).getMessage();

    assertTrue(said.contains("64 files and sockets"), said);
    assertTrue(said.contains("at least 91"), said);
    assertTrue(said.contains("40 for the program"), said);
    assertTrue(said.contains("ulimit -n 1024"), said);
  }

  @Test
  void whatIsSharedOutIsThereForEveryLimitThatIsNotRefused() throws IOException {
    for (int limit = 64; limit < 4096; limit++) {
      var descriptors = new Descriptors(limit, 40);
      if (limit < 91) continue;
      descriptors.check();
      NbdLimits shared = descriptors.share(NbdLimits.DEFAULT);
      assertTrue(shared.loops() >= 1);
      assertTrue(descriptors.clients() >= 0);
      assertTrue(2 * descriptors.apiConnections() < limit - shared.descriptors());
    }
    assertEquals(
        NbdLimits.DEFAULT.loops(), new Descriptors(4096, 60).share(NbdLimits.DEFAULT).loops());
  }
}
