package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.bench.compare.TestDisks.Format;
import dev.varve.core.testing.NeedsTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rivals' limits; nothing is said of how good they are. */
@Isolated("loads four disks, and others measure time")
@NeedsTools({"qemu-storage-daemon", "nbdkit", "fio"})
final class GroupServerTest {

  private static final long MIB = 1 << 20;

  @TempDir private Path folder;

  static Stream<GroupServer.Launch> rivals() {
    return Stream.of(NbdkitGroups::start, QemuGroups::start);
  }

  @ParameterizedTest
  @MethodSource("rivals")
  void limitHoldsForAGroupAndIsTakenAway(GroupServer.Launch rival) throws Exception {
    Load reads = new Load(Load.Access.RANDOM_READ, 64 << 10, 4);
    var range = new Load.Range(0, 16 * MIB);
    try (GroupServer server = rival.start(Files.createDirectory(folder.resolve("run")), images())) {
      server.limit(0, 4 * MIB);
      double limited =
          new LeanClient().run(server.socket(0), server.export(0), reads, range, 1).perSecond();
      server.limit(0, 0);
      double free =
          new LeanClient().run(server.socket(1), server.export(1), reads, range, 0.3).perSecond();

      assertTrue(limited < 200, () -> limited + " requests per second");
      assertTrue(free > 2 * limited, () -> free + " requests per second without limit");
      server.limit(1, 4 * MIB);
      double[][] rates = GroupLoad.run(server, folder, 16 * MIB, 2);
      assertEquals(GroupServer.DISKS, rates.length);
      for (double[] disk : rates) {
        assertEquals(8, disk.length);
        assertTrue(Arrays.stream(disk).sum() > 0);
      }
    }
  }

  private List<Path> images() throws Exception {
    var disks = new TestDisks(folder);
    List<Path> images = new ArrayList<>();
    for (int disk = 0; disk < GroupServer.DISKS; disk++) {
      images.add(disks.shared(Format.RAW, Layers.SINGLE, (16 + disk) * MIB).getLast());
    }
    return images;
  }
}
