package dev.varve.io.encoded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.varve.core.device.ReadSink;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EncodedUnitsTest {

  private static final int UNIT = 64 << 10;

  /** One set. */
  private final DecodedPages pages = new DecodedPages(8 * UNIT);

  private final AtomicInteger decoded = new AtomicInteger();

  /** Units whose every long is the unit's number and the place within. */
  private EncodedUnits units(int size) {
    return new EncodedUnits(
        pages,
        size,
        (unit, destination) -> {
          decoded.incrementAndGet();
          for (long at = 0; at < size; at += 8)
            destination.set(ValueLayout.JAVA_LONG_UNALIGNED, at, unit * size + at);
        });
  }

  private static void assertReads(EncodedUnits units, long offset, int length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(length, 8);
      units.read(offset, memory);
      for (int at = 0; at < length; at += 8)
        assertEquals(offset + at, memory.get(ValueLayout.JAVA_LONG, at));
    }
  }

  /** Keeps what it gets. */
  private static final class Copy implements ReadSink {
    final MemorySegment memory = Arena.ofAuto().allocate(UNIT, 8);
    int length;

    @Override
    public void bytes(MemorySegment source, long offset, int length) {
      MemorySegment.copy(source, offset, memory, 0, length);
      this.length = length;
    }

    @Override
    public void zeroes(int length) {
      throw new AssertionError("a page has bytes");
    }
  }

  @Test
  void aUnitThatIsReadInPartsIsDecodedOnce() throws IOException {
    try (EncodedUnits units = units(UNIT)) {
      for (int at = 0; at < UNIT; at += 4096) assertReads(units, 3 * UNIT + at, 4096);
    }
    assertEquals(1, decoded.get());
  }

  @Test
  void whatWasDecodedIsHandedOverWithoutWaiting() throws IOException {
    try (EncodedUnits units = units(UNIT)) {
      var copy = new Copy();
      assertFalse(units.tryRead(8192, 4096, copy));

      assertReads(units, 0, 512);

      assertTrue(units.tryRead(8192, 4096, copy));
      assertEquals(4096, copy.length);
      assertEquals(8192, copy.memory.get(ValueLayout.JAVA_LONG, 0));
      assertFalse(units.tryRead(UNIT - 512, 1024, copy), "a range of two units");
    }
  }

  @Test
  void unitsLargerThanAPageAndSmallerOnesAreKeptToo() throws IOException {
    for (int size : new int[] {512, 4096, 4 * UNIT}) {
      decoded.set(0);
      try (EncodedUnits units = units(size)) {
        for (int i = 0; i < 4; i++) assertReads(units, 3L * size + 8 * i, 64);
        assertReads(units, size - 8, size + 16);
      }
      assertTrue(decoded.get() <= 4, size + ": " + decoded.get());
    }
  }

  @Test
  void threadsThatNeedTheSameUnitDecodeItOnce() throws Exception {
    try (EncodedUnits units = units(UNIT);
        var threads = Executors.newFixedThreadPool(8)) {
      for (int unit = 0; unit < 200; unit++) {
        long offset = (long) unit * UNIT;
        var start = new CountDownLatch(1);
        List<Future<?>> reads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          Callable<Void> read =
              () -> {
                start.await();
                assertReads(units, offset + 4096, 4096);
                return null;
              };
          reads.add(threads.submit(read));
        }
        start.countDown();
        for (Future<?> read : reads) read.get();
      }
    }
    assertEquals(200, decoded.get());
  }

  @Test
  void threadsThatReplaceEachOthersPagesReadTheRightBytes() throws Exception {
    try (EncodedUnits some = units(UNIT);
        EncodedUnits others = units(4096);
        var threads = Executors.newFixedThreadPool(6)) {
      List<Future<?>> readers = new ArrayList<>();
      for (int thread = 0; thread < 6; thread++) {
        var random = new Random(thread);
        Callable<Void> reader =
            () -> {
              var copy = new Copy();
              for (int i = 0; i < 4000; i++) {
                EncodedUnits units = random.nextBoolean() ? some : others;
                long offset = random.nextInt(40) * 4096L;
                if (units.tryRead(offset, 4096, copy)) {
                  for (int at = 0; at < 4096; at += 8)
                    assertEquals(offset + at, copy.memory.get(ValueLayout.JAVA_LONG, at));
                } else {
                  assertReads(units, offset, 4096);
                }
              }
              return null;
            };
        readers.add(threads.submit(reader));
      }
      for (Future<?> reader : readers) reader.get();
    }
  }

  @Test
  void aPageThatIsReadAgainAndAgainOutlivesACopyOfTheDisk() throws IOException {
    try (EncodedUnits units = units(UNIT)) {
      assertReads(units, 0, 4096);
      var copy = new Copy();
      for (int unit = 1; unit < 100; unit++) {
        assertTrue(units.tryRead(0, 4096, copy), "before unit " + unit);
        assertReads(units, (long) unit * UNIT, UNIT);
      }
    }
    assertEquals(100, decoded.get());
  }

  @Test
  void anImageThatIsClosedLosesItsPagesAndAnotherKeepsIts() throws IOException {
    EncodedUnits closed = units(UNIT);
    try (EncodedUnits units = units(UNIT)) {
      assertReads(units, 0, 512);
      assertReads(closed, 0, 512);
      closed.close();
      closed.close();

      assertTrue(units.tryRead(0, 512, new Copy()));
      assertFalse(closed.tryRead(0, 512, new Copy()));
    }
    try (EncodedUnits again = units(UNIT)) {
      assertFalse(again.tryRead(0, 512, new Copy()), "memory is taken anew");
      assertReads(again, 0, 512);
    }
  }

  @Test
  void aUnitThatCannotBeDecodedIsNotKept() throws IOException {
    try (var units =
            new EncodedUnits(
                pages,
                UNIT,
                (_, _) -> {
                  throw new IOException("damaged");
                });
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4096);

      assertThrows(IOException.class, () -> units.read(0, memory));

      assertFalse(units.tryRead(0, 4096, new Copy()));
    }
  }

  @Test
  void aHotReadAllocatesAtMost100Bytes() throws IOException {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (EncodedUnits units = units(UNIT)) {
      var copy = new Copy();
      assertReads(units, 0, 4096);
      for (int i = 0; i < 20_000; i++) assertTrue(units.tryRead(i % 15 * 4096, 4096, copy));

      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 10_000; i++) units.tryRead(i % 15 * 4096, 4096, copy);
      long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / 10_000;

      assertTrue(bytes <= 100, bytes + " bytes");
    }
  }
}
