package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A client of one disk whose requests go one by one. Used by one thread; every call blocks. */
interface DiskSession extends AutoCloseable {

  /** Fills the rest of {@code destination} with what is at {@code offset}. */
  void read(long offset, ByteBuffer destination) throws IOException;

  void flush() throws IOException;

  /** Leaves the server. */
  @Override
  void close() throws IOException;
}
