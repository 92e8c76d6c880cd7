package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.Loss;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vmdk.TestVmdk;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The power goes at every operation of a session with a VMDK top. VirtualBox opens what is left and
 * finds what was flushed; where the two copies of a grain table differ, it does so once Varve has
 * opened the image.
 */
class VmdkCrashTest {

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
          (found, before, n, _, when) -> recover(start, found, before, n, when));
    }
  }

  private static void recover(Start start, CrashingDisk disk, Versions before, long n, String when)
      throws IOException {
    try {
      var chain = new VmdkChain(disk, start.depth);
      if (chain.top().copiesDiffer) {
        assertTrue(chain.top().isUnclean, "the file does not say that it was not closed");
        loseItWhileMending(disk, start.depth, n);
        mendAndCheck(disk, start.depth);
      }
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

  /** The power goes while an opening mends the image; what is left is mended by the next. */
  private static void loseItWhileMending(CrashingDisk disk, int depth, long n) throws IOException {
    try (CrashingDisk copy = disk.afterCrash(n, Loss.NOTHING)) {
      copy.losePowerAt(copy.operations() + n % 5);
      try {
        new VmdkChain(copy, depth).openTop().close();
      } catch (IOException e) {
        if (!copy.hasLostPower()) throw e;
      }
      try (CrashingDisk again = copy.afterCrash(n, Loss.any(n))) {
        mendAndCheck(again, depth);
      }
    }
  }

  private static void mendAndCheck(CrashingDisk disk, int depth) throws IOException {
    var chain = new VmdkChain(disk, depth);
    chain.openTop().close();
    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      new VmdkChain(found, depth).top().assertOpens();
    }
  }

  // ---- tables that differ

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tableThatLostAnEntryGetsItFromTheOther(boolean primary) throws Exception {
    int torn = 0;
    for (long seed = 1; seed < 20; seed++) {
      try (var start = new Start(seed)) {
        var chain = new VmdkChain(start.disk, start.depth);
        String top = VmdkChain.name(start.depth - 1);
        if (start.isSplit() || !TestVmdk.tear(start.disk, top, primary)) continue;
        torn++;
        assertTrue(chain.top().copiesDiffer);

        var guest = new Guest(chain.open(threads));
        assertArrayEquals(start.contents, guest.readAll());
        guest.close();

        assertArrayEquals(start.contents, chain.contents());
      }
    }
    assertTrue(torn > 0);
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
      int blockSize = 0;
      for (int layer = 0; layer < depth; layer++) {
        TestVmdk image = TestVmdk.any(random, layer > 0);
        blockSize = image.blockSize();
        VmdkChain.create(disk, layer, image);
        var versions = new Versions(new byte[image.capacity()], true);
        var before = RandomRequests.of(random, 12, image.capacity(), blockSize);
        if (layer < depth - 1 || random.nextBoolean())
          assertTrue(session(new VmdkChain(disk, layer + 1), before, versions));
      }
      contents = new VmdkChain(disk, depth).contents();
      requests = RandomRequests.of(random, 16, contents.length, blockSize);
    }

    boolean isSplit() throws IOException {
      byte[] first = TestVmdk.bytes(disk, VmdkChain.name(depth - 1));
      return first[0] != 'K';
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
      return session(new VmdkChain(disk, depth), requests, versions);
    }

    private static boolean session(VmdkChain chain, List<Request> requests, Versions versions)
        throws IOException {
      return PowerCuts.session(chain.disk, () -> chain.open(threads), requests, versions);
    }

    /** The guest tries again what failed; returns whether something did. */
    boolean failingSession(CrashingDisk disk, Versions versions) throws IOException {
      boolean failed = false;
      Guest guest;
      try {
        guest = new Guest(new VmdkChain(disk, depth).open(threads));
      } catch (IOException e) {
        return true;
      }
      for (Request request : requests) {
        try {
          PowerCuts.carryOut(guest, request, versions);
        } catch (IOException e) {
          failed = true;
          if (!works(guest, request)) break; // a sync failed: the disk is open to be closed
        }
      }
      try {
        guest.close();
      } catch (IOException e) {
        failed = true;
      }
      return failed;
    }

    private static boolean works(Guest guest, Request request) {
      try {
        Guest.await(guest.submit(request::setUp));
        return true;
      } catch (IOException e) {
        return false;
      }
    }
  }

  /** A value within one sector changes in place; else the whole text moves. */
  @ParameterizedTest
  @ValueSource(strings = {"", "a name that is long enough to move the rest of the text"})
  void changeOfTheParentEndsWithTheOldOrTheNewOne(String comment) throws Exception {
    var random = new Random(7);
    TestVmdk image = TestVmdk.sparse(random, comment.repeat(3));
    boolean finished = false;
    for (long n = 0; !finished; n++) {
      try (var disk = new CrashingDisk(n)) {
        VmdkChain.create(disk, 1, image);
        disk.losePowerAt(disk.operations() + n);
        finished = reparents(disk);
        for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(n))) {
          try (CrashingDisk found = disk.afterCrash(n, loss)) {
            String parent = new VmdkChain(found, 2).top().assertOpens().key("ddb.uuid.parent");
            if (finished) assertEquals(new UUID(9, 9).toString(), parent);
            else
              assertTrue(
                  parent.equals(new UUID(1, 0).toString())
                      || parent.equals(new UUID(9, 9).toString()),
                  parent);
          }
        }
      }
    }
  }

  private static boolean reparents(CrashingDisk disk) throws IOException {
    try (var image = new VmdkChain(disk, 2).openTop()) {
      image.changeParent(image.facts().withId(new UUID(9, 9)), new MapLock());
      return true;
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
      return false;
    }
  }

  // ---- failures of the medium

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void failureAnywhereLosesNothingThatWasFlushed(long seed) throws Exception {
    try (var start = new Start(seed)) {
      boolean failed = true;
      for (long n = 0; failed; n++) {
        String when = "varve.seed=" + seed + ", operation " + n + " failed";
        try (CrashingDisk disk = start.copy()) {
          disk.failAt(n);
          var versions = new Versions(start.contents, true);
          failed = start.failingSession(disk, versions);
          disk.failAt(Long.MAX_VALUE);
          try (CrashingDisk found = disk.afterCrash(seed, Loss.NOTHING)) {
            mendAndCheck(found, start.depth);
            versions.check(new VmdkChain(found, start.depth).contents(), when);
          }
        } catch (AssertionError e) {
          throw new AssertionError(when, e);
        }
      }
    }
  }

  @Test
  void growthEndsWithTheOldOrTheNewSize() throws Exception {
    for (long seed = 1; seed < 16; seed++) {
      try (var start = new Start(seed)) {
        if (start.isSplit() || start.depth > 1) continue;
        int larger = start.contents.length + (1 + (int) seed % 3) * (256 << 10);
        boolean finished = false;
        for (long n = 0; !finished; n++) {
          try (CrashingDisk disk = start.copy()) {
            disk.losePowerAt(n);
            finished = grow(disk, start.depth, larger);
            for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(n))) {
              try (CrashingDisk found = disk.afterCrash(seed, loss)) {
                byte[] left = new VmdkChain(found, start.depth).contents();
                int size = finished ? larger : left.length;
                assertTrue(size == larger || size == start.contents.length);
                assertArrayEquals(
                    Arrays.copyOf(start.contents, size), left, "seed " + seed + ", " + n);
              }
            }
          }
        }
      }
    }
  }

  private static boolean grow(CrashingDisk disk, int depth, int capacity) throws IOException {
    try (var image = new VmdkChain(disk, depth).openTop()) {
      image.grow(capacity, false);
      return true;
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
      return false;
    }
  }
}
