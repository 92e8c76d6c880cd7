package dev.varve.io.ova;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The bytes of a file from its beginning to its end; closes the file. Not thread-safe. */
final class FileStream extends InputStream {

  private static final int BUFFER = 1 << 20;

  private final ImageFile file;
  private final long length;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer;
  private long position;

  /** What of the file is in the buffer. */
  private long from;

  private long to;

  /**
   * @param file owned
   */
  FileStream(ImageFile file) throws IOException {
    this.file = file;
    this.length = file.length();
    this.buffer = arena.allocate(Math.clamp(length, 1, BUFFER));
  }

  @Override
  public int read() throws IOException {
    if (!fill()) return -1;
    return Byte.toUnsignedInt(buffer.get(ValueLayout.JAVA_BYTE, position++ - from));
  }

  @Override
  public int read(byte[] into, int offset, int wanted) throws IOException {
    if (wanted == 0) return 0;
    if (!fill()) return -1;
    int count = (int) Math.min(wanted, to - position);
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, position - from, into, offset, count);
    position += count;
    return count;
  }

  /** Returns whether there is a byte at the position. */
  private boolean fill() throws IOException {
    if (position < to) return true;
    if (position == length) return false;
    from = position;
    to = Math.min(length, from + buffer.byteSize());
    file.read(from, buffer.asSlice(0, to - from));
    return true;
  }

  /** How many bytes have been read. */
  long position() {
    return position;
  }

  @Override
  public void close() throws IOException {
    if (arena.scope().isAlive()) arena.close();
    file.close();
  }
}
