package dev.varve.io.vhost;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import java.io.IOException;

/** Memory for what is in flight, into which a fuzzer may write. Not thread-safe. */
final class FuzzedInflight implements AutoCloseable {

  private static final long LENGTH = InflightTable.length(1, 1024);

  private final int file;
  private final long mapping;
  private InflightTable table;

  FuzzedInflight() {
    try {
      file = SharedMemory.create("fuzzed-inflight", LENGTH);
      mapping = SharedMemory.map(file, 0, LENGTH);
      table = InflightTable.map(file, 0, LENGTH, 1, 1024);
    } catch (IOException | ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  InflightTable table() {
    return table;
  }

  /** All zero, as if it were new. */
  void clear() {
    HostMemory.segment(mapping, LENGTH).fill((byte) 0);
    try {
      table.unmap();
      table = InflightTable.map(file, 0, LENGTH, 1, 1024);
    } catch (IOException | ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  void poke(int at, int value) {
    HostMemory.putByte(mapping + at, (byte) value);
  }

  @Override
  public void close() throws IOException {
    table.unmap();
    SharedMemory.unmap(mapping, LENGTH);
    Posix.close(file);
  }
}
