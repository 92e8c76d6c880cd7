package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.ReadSink;
import dev.varve.io.file.MappedFile;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.RawImage;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Many threads use the same blocks of one disk, each its own sectors, while it is flushed and at
 * last closed under them.
 *
 * <p>The disk is filled with words of 8 bytes that say where they belong and which write they come
 * from, so that a reader detects a block at the wrong place. The interleaving differs from run to
 * run; {@code -Dvarve.seed=N} repeats the shape and the requests, {@code -Dvarve.seeds=N} runs so
 * many.
 */
class StressTest {

  private static final int WORD = 8;
  private static final int SECTOR = 512;
  private static final int OWNERS = 4;
  private static final int REQUESTS_OF_EACH = 400;
  private static final int COUNTER_BITS = 36;
  private static final int LONGEST_PAUSE_NANOS = 500_000;

  @AutoClose private static final StorageThreads threads = new StorageThreads(8);

  private Path folder;

  /** In memory, where a commit is quick and so there are many. */
  @BeforeEach
  void createFolder() throws IOException {
    Path memory = Path.of("/dev/shm");
    folder =
        Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "varve-stress")
            : Files.createTempDirectory("varve-stress");
  }

  @AfterEach
  void deleteFolder() throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) Files.delete(file);
    }
    Files.delete(folder);
  }

  static LongStream seeds() {
    return Seeds.of(12);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void everyThreadFindsItsOwnSectorsAsItLeftThem(long seed) throws Exception {
    var load = new Load(folder, new Random(seed));

    load.run();

    assertEquals(List.of(), load.failures.stream().limit(3).toList(), "varve.seed=" + seed);
    load.verifyClosedDisk();
  }

  private static final class Load {
    final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Path> images;
    private final int capacity;
    private final int stripe;

    /** The number of bytes at the beginning that no worker owns. */
    private final int shared;

    private final DifferencingChain chain;
    private final Guest guest;

    /** What each owner last wrote, by word; each touches its own only. */
    private final long[] expected;

    /** Sectors whose last request was cut off by the close: it took effect or not. */
    private final boolean[] uncertain;

    private final AtomicInteger counter = new AtomicInteger(1);
    private final AtomicInteger working = new AtomicInteger(OWNERS);
    private final Forgetting forgetting = new Forgetting();
    private final boolean forgets;
    private final Random random;

    Load(Path folder, Random random) throws IOException {
      this.random = random;
      this.forgets = random.nextBoolean();
      int[] stripes = {3, 8, 8, 40};
      stripe = stripes[random.nextInt(stripes.length)] * SECTOR;
      int blockSize = 4096 << 2 * random.nextInt(3);
      capacity = (random.nextInt(500) + 1000) * SECTOR;
      int baseCapacity = random.nextBoolean() ? capacity : capacity - random.nextInt(300) * SECTOR;
      var base =
          TestImage.of(baseCapacity).blockSize(4096 << random.nextInt(4)).uuid(new UUID(1, 1));
      var top =
          TestImage.of(capacity).blockSize(blockSize).uuid(new UUID(1, 2)).parent(new UUID(1, 1));
      images =
          List.of(base.write(folder.resolve("base.vdi")), top.write(folder.resolve("top.vdi")));
      expected = new long[capacity / WORD];
      uncertain = new boolean[capacity / SECTOR];
      shared = 2 * blockSize;
      Arrays.fill(uncertain, 0, shared / SECTOR, true);
      fillBase(baseCapacity);
      chain = openHesitantly();
      guest = new Guest(chain);
    }

    private DifferencingChain openHesitantly() throws IOException {
      var base =
          VdiImage.openReadOnly(
              new InterceptedFile(MappedFile.openReadOnly(images.getFirst(), 0), Load::hesitate));
      var top =
          VdiImage.openReadWrite(
              new InterceptedFile(
                  MappedFile.openReadWrite(images.getLast(), 64 << 20), Load::hesitate));
      return new DifferencingChain(
          List.of(base, top),
          true,
          threads,
          () -> new UUID(7, 7),
          forgets ? forgetting.memory : MapMemory.OF_PROCESS);
    }

    /** Now and then takes its time, so that others overtake. */
    private static void hesitate(InterceptedFile.Call call, long offset) {
      var random = ThreadLocalRandom.current();
      if (random.nextInt(16) == 0) LockSupport.parkNanos(random.nextInt(LONGEST_PAUSE_NANOS));
    }

    private void fillBase(int length) throws IOException {
      var base = new Guest(DifferencingChain.open(images.subList(0, 1), false, threads));
      for (int offset = 0; offset < length; offset += 4096) {
        if (random.nextInt(4) == 0) continue; // a hole
        base.write(offset, stamped(offset, Math.min(4096, length - offset), 1));
      }
      base.close();
    }

    void run() throws Exception {
      List<Thread> all = new ArrayList<>();
      for (int owner = 0; owner < OWNERS; owner++) {
        int mine = owner;
        var own = new Random(random.nextLong());
        all.add(start(() -> own(mine, own)));
      }
      var readerRandom = new Random(random.nextLong());
      all.add(start(() -> readAnything(readerRandom)));
      all.add(start(this::flushAllTheTime));
      if (forgets) all.add(start(this::forgetAllTheTime));
      boolean closesUnderLoad = random.nextBoolean();
      if (closesUnderLoad) {
        while (counter.get() < 100 + random.nextInt(600) && working.get() == OWNERS)
          Thread.onSpinWait();
        guest.close();
      }
      for (Thread thread : all) thread.join();
      guest.close();
    }

    /** The work of one thread, which ends when the disk is closed. */
    private interface Work {
      void run() throws IOException;
    }

    private Thread start(Work work) {
      return Thread.ofPlatform()
          .start(
              () -> {
                try {
                  work.run();
                } catch (DeviceClosedException _) {
                  // closed under load
                } catch (Throwable e) {
                  failures.add(e);
                }
              });
    }

    private void own(int owner, Random random) throws IOException {
      try {
        for (int i = 0; i < REQUESTS_OF_EACH; i++) request(owner, random);
      } finally {
        working.decrementAndGet();
      }
    }

    private void request(int owner, Random random) throws IOException {
      if (random.nextInt(6) == 0) {
        requestOfAnybody(random);
        return;
      }
      int stripes = Math.ceilDiv(capacity - shared, stripe);
      int start = shared + (random.nextInt(stripes) / OWNERS * OWNERS + owner) * stripe;
      if (start >= capacity) return;
      int end = Math.min(start + stripe, capacity);
      int offset = start + random.nextInt((end - start) / WORD) * WORD;
      if (random.nextBoolean()) offset = offset / SECTOR * SECTOR;
      int length = (1 + random.nextInt((end - offset) / WORD)) * WORD;
      if (random.nextInt(3) == 0) {
        offset = start;
        length = end - start;
      }
      int what = random.nextInt(20);
      if (what < 4) {
        verify(offset, guest.read(offset, length));
      } else {
        change(offset, length, what);
      }
    }

    /** Overlaps with those of others; what they leave there is not known, but it belongs there. */
    private void requestOfAnybody(Random random) throws IOException {
      int offset = random.nextInt(shared / SECTOR) * SECTOR;
      int length = Math.min(shared - offset, (1 + random.nextInt(64)) * SECTOR);
      switch (random.nextInt(4)) {
        case 0, 1 -> guest.write(offset, stamped(offset, length, counter.incrementAndGet()));
        case 2 -> guest.discard(0, shared);
        default -> guest.discard(offset, length);
      }
    }

    private void change(int offset, int length, int what) throws IOException {
      int sector = offset / SECTOR;
      int endSector = Math.ceilDiv(offset + length, SECTOR);
      Arrays.fill(uncertain, sector, endSector, true);
      int stamp = what < 12 ? counter.incrementAndGet() : 0;
      switch (what) {
        case 4, 5, 6, 7, 8, 9, 10 -> guest.write(offset, stamped(offset, length, stamp));
        case 11 -> guest.writeDurably(offset, stamped(offset, length, stamp));
        case 12, 13, 14, 15, 16, 17 -> guest.discard(offset, length);
        case 18 -> guest.writeZeroes(offset, length, false);
        default -> guest.writeZeroes(offset, length, true);
      }
      for (int at = offset; at < offset + length; at += WORD)
        expected[at / WORD] = stamp == 0 ? 0 : word(at, stamp);
      Arrays.fill(uncertain, sector, endSector, false);
    }

    private static long word(int offset, int stamp) {
      return (long) (offset / WORD) << COUNTER_BITS | stamp;
    }

    private byte[] stamped(int offset, int length, int stamp) {
      ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
      for (int at = offset; at < offset + length; at += WORD) {
        bytes.putLong(word(at, stamp));
        if (stamp == 1) expected[at / WORD] = word(at, stamp);
      }
      return bytes.array();
    }

    private void verify(int offset, byte[] found) {
      ByteBuffer words = ByteBuffer.wrap(found).order(ByteOrder.nativeOrder());
      for (int at = offset; words.hasRemaining(); at += WORD) {
        long word = words.getLong();
        if (word == expected[at / WORD]) continue;
        boolean tolerated = uncertain[at / SECTOR] && belongs(word, at);
        if (!tolerated)
          throw new AssertionError(wrong(at, word) + " instead of " + words(expected[at / WORD]));
      }
    }

    private boolean belongs(long word, int offset) {
      return word == 0 || word >>> COUNTER_BITS == offset / WORD && (int) word <= counter.get();
    }

    private static String wrong(int offset, long word) {
      return "the word at " + offset + " is " + words(word);
    }

    private static String words(long word) {
      return word == 0
          ? "zero"
          : "write " + (int) word + " of offset " + (word >>> COUNTER_BITS) * WORD;
    }

    /** Every word that is read belongs to its place, also later, under a lease. */
    private void readAnything(Random random) throws IOException {
      while (working.get() > 0) {
        int offset = random.nextInt(capacity / WORD) * WORD;
        int length = Math.min(capacity - offset, (1 + random.nextInt(8000)) * WORD);
        var kept = new Kept(offset);
        BlockDevice.Lease lease = chain.lease();
        try {
          if (chain.tryRead(offset, length, kept)) {
            for (int i = random.nextInt(20); i >= 0; i--) kept.forEach(this::check);
          } else {
            if (kept.next != offset)
              throw new AssertionError("a read was given up after a part was handed out");
            kept.bytes(MemorySegment.ofArray(guest.read(offset, length)), 0, length);
            kept.forEach(this::check);
          }
        } finally {
          lease.release();
        }
      }
    }

    private void check(int offset, long word) {
      if (!belongs(word, offset)) throw new AssertionError(wrong(offset, word));
    }

    private void flushAllTheTime() throws IOException {
      while (working.get() > 0) guest.flush();
    }

    private void forgetAllTheTime() {
      while (working.get() > 0) {
        forgetting.forget();
        LockSupport.parkNanos(LONGEST_PAUSE_NANOS / 50);
      }
    }

    void verifyClosedDisk() throws IOException {
      try (MappedFile file = MappedFile.openReadOnly(images.getLast(), 0)) {
        RawImage.of(file).assertDense();
      }
      var again = new Guest(DifferencingChain.open(images, true, threads));
      verify(0, again.readAll());
      again.close();
    }
  }

  /** What a socket would have kept: runs of the disk from an offset on. */
  private static final class Kept implements ReadSink {
    private final List<MemorySegment> runs = new ArrayList<>();
    private final List<Integer> offsets = new ArrayList<>();
    private int next;

    Kept(int offset) {
      next = offset;
    }

    interface Words {
      void word(int offset, long word);
    }

    @Override
    public boolean keepsReferences() {
      return true;
    }

    @Override
    public void bytes(MemorySegment memory, long offset, int length) {
      runs.add(memory.asSlice(offset, length));
      offsets.add(next);
      next += length;
    }

    @Override
    public void zeroes(int length) {
      next += length;
    }

    void forEach(Words words) {
      for (int i = 0; i < runs.size(); i++) {
        MemorySegment run = runs.get(i);
        for (int at = 0; at < run.byteSize(); at += WORD) {
          words.word(offsets.get(i) + at, run.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
        }
      }
    }
  }
}
