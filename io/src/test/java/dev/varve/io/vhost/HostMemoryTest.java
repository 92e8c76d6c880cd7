package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.posix.OddDescriptors;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

class HostMemoryTest {

  private static final List<LongConsumer> ACCESSES =
      List.of(
          at -> seen = HostMemory.getByte(at),
          at -> seen = HostMemory.getShort(at),
          at -> seen = HostMemory.getInt(at),
          at -> seen = HostMemory.getLong(at),
          at -> seen = HostMemory.getIndex(at),
          at -> HostMemory.putByte(at, (byte) 1),
          at -> HostMemory.putShort(at, 1),
          at -> HostMemory.putInt(at, 1),
          at -> HostMemory.putLong(at, 1),
          at -> HostMemory.putIndex(at, 1),
          at -> HostMemory.segment(at, 100).fill((byte) 1),
          at -> seen = HostMemory.segment(at, 100).toArray(ValueLayout.JAVA_BYTE)[7]);

  private static volatile long seen;

  /** As interpreted and as compiled code: the JVM decodes the instruction that has failed. */
  @Test
  void accessToAPageThatIsGoneIsAnErrorAndNotTheEndOfTheProcess() throws Exception {
    int file = SharedMemory.create("gone", 4096);
    long there = SharedMemory.map(file, 0, 4096);
    int empty = OddDescriptors.memoryWithoutPages(2 << 20);
    long gone = SharedMemory.map(empty, 0, 2 << 20);
    for (int warm = 0; warm < 30_000; warm++) {
      for (LongConsumer access : ACCESSES) {
        access.accept(there);
        if (warm % 10_000 > 0) continue;
        assertThrows(
            InternalError.class,
            () -> {
              access.accept(gone);
              HostMemory.settle();
            });
      }
    }
    assertTrue(HostMemory.isThere(there, true));
    assertFalse(HostMemory.isThere(gone, true));
    assertFalse(HostMemory.isThere(gone, false));
    SharedMemory.unmap(there, 4096);
    SharedMemory.unmap(gone, 2 << 20);
    Posix.close(file);
    Posix.close(empty);
  }

  @Test
  void indexOfAnyBitsIsInsideOrNone() {
    for (int size : List.of(1, 2, 3, 100, 128, 1000, 1024))
      for (int value : List.of(0, 1, size - 1, size, 65535, -1, -2, Integer.MIN_VALUE)) {
        int index = HostMemory.index(value, size);
        assertTrue(index >= -1 && index < size, value + " of " + size);
        if (value >= 0) assertEquals(value < size ? value : -1, index);
      }
  }
}
