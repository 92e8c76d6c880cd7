package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.Loss;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhd.TestVhd;
import dev.varve.io.vhd.VirtualBoxVhd;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The power goes at every operation of a session with a VHD top: VirtualBox opens what is left and
 * finds what was flushed, and so does Varve.
 */
class VhdCrashTest {

  private static final int COPIED = 512 << 10;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  static LongStream seeds() {
    return Seeds.of(4);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void virtualBoxFindsWhatWasFlushedAfterAPowerCutAtAnyOperation(long seed) throws Exception {
    try (var start = new Start(seed)) {
      PowerCuts.atEveryOperation(
          seed,
          start,
          n -> List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(seed + n)),
          (found, before, _, loss, when) -> recover(start, found, before, loss, when));
    }
  }

  private static void recover(
      Start start, CrashingDisk disk, Versions before, Loss loss, String when) throws IOException {
    try {
      var chain = new VhdChain(disk, start.depth);
      VirtualBoxVhd top = chain.top().assertSound();
      // Only if the length reached the medium and the footer, one write with it, did not.
      boolean ordered = loss.equals(Loss.EVERYTHING) || loss.equals(Loss.NOTHING);
      if (ordered) assertTrue(top.hasFooter, "no footer");
      byte[] found = chain.contents();
      before.check(found, when);

      var guest = new Guest(chain.open(threads));
      assertArrayEquals(found, guest.readAll());
      guest.write(start.contents.length / 2, Guest.filled(700, 0x55));
      System.arraycopy(Guest.filled(700, 0x55), 0, found, start.contents.length / 2, 700);
      guest.close();
      chain.top().assertClosed();
      assertArrayEquals(found, chain.contents());
    } catch (AssertionError e) {
      throw new AssertionError(when, e);
    }
  }

  /** A disk with a chain of a random shape, and what is done to it. */
  private static final class Start implements PowerCuts.Start, AutoCloseable {
    final List<Request> requests;
    final int depth;
    final byte[] contents;
    private final CrashingDisk disk;

    Start(long seed) throws IOException {
      var random = new Random(seed);
      disk = new CrashingDisk(seed);
      depth = 1 + random.nextInt(3);
      for (int layer = 0; layer < depth; layer++) {
        int capacity = (random.nextInt(1600) + 600) * TestVhd.SECTOR;
        VhdChain.create(disk, layer, VhdChain.shape(random, capacity));
      }
      contents = new VhdChain(disk, depth).contents();
      requests = RandomRequests.of(random, 14, contents.length, COPIED);
    }

    @Override
    public void close() throws IOException {
      disk.close();
    }

    @Override
    public CrashingDisk copy() throws IOException {
      return disk.afterCrash(1, Loss.NOTHING);
    }

    @Override
    public Versions versions() {
      return new Versions(contents, true);
    }

    @Override
    public boolean session(CrashingDisk disk, Versions versions) throws IOException {
      var chain = new VhdChain(disk, depth);
      return PowerCuts.session(disk, () -> chain.open(threads), requests, versions);
    }
  }
}
