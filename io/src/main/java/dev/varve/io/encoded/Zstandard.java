package dev.varve.io.encoded;

import dev.varve.io.file.ImageFile;
import dev.varve.io.zstd.Zstd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;

/**
 * Decodes one unit that is compressed with Zstandard, with the same bounds as {@link Deflated}.
 * Stateless; any thread; blocks.
 */
public final class Zstandard {

  private static final int KEPT = 4;
  private static final ArrayBlockingQueue<Zstd> IDLE = new ArrayBlockingQueue<>(KEPT);

  private Zstandard() {}

  /** As {@link Deflated#inflate}. */
  public static void decode(
      ImageFile file, long offset, int length, MemorySegment destination, int least, String what)
      throws IOException {
    byte[] stream = new byte[length];
    byte[] unit = new byte[(int) destination.byteSize()];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment read = arena.allocate(length);
      file.read(offset, read);
      MemorySegment.copy(read, ValueLayout.JAVA_BYTE, 0, stream, 0, length);
    }
    int decoded = decode(file, stream, unit, what);
    if (decoded < least)
      throw Deflated.damaged(
          file.name(), what, "ends after %d of %d bytes".formatted(decoded, unit.length));
    MemorySegment.copy(unit, 0, destination, ValueLayout.JAVA_BYTE, 0, unit.length);
  }

  private static int decode(ImageFile file, byte[] stream, byte[] unit, String what)
      throws IOException {
    Zstd zstd = IDLE.poll();
    if (zstd == null) zstd = new Zstd();
    try {
      return zstd.decode(stream, 0, stream.length, unit);
    } catch (DataFormatException e) {
      throw Deflated.damaged(file.name(), what, "are no Zstandard frames (" + e.getMessage() + ")");
    } finally {
      boolean _ = IDLE.offer(zstd);
    }
  }
}
