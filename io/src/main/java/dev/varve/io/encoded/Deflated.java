package dev.varve.io.encoded;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates one unit. It reads no more of the file than it is told, and writes no more than the unit
 * has, whatever the stream says. The stream is copied before it is inflated, since a mapping can
 * lose its file. Stateless; any thread; blocks.
 */
public enum Deflated {
  /** With the header and checksum of zlib, as in VMDK. */
  ZLIB(false),
  /** Without, as in QCOW2. */
  RAW(true);

  /** As many inflaters as threads usually need at once are kept. */
  private static final int KEPT = 8;

  private final boolean bare;
  private final ArrayBlockingQueue<Inflater> idle = new ArrayBlockingQueue<>(KEPT);

  Deflated(boolean bare) {
    this.bare = bare;
  }

  /**
   * Inflates a stream into all of {@code destination}.
   *
   * @param length the length of the stream or an upper bound of it, in bytes
   * @param least how many bytes the stream must have at least; bytes that it lacks are zero
   * @param what for messages: the unit
   * @throws IOException if the stream has fewer bytes than {@code least} or more than {@code
   *     destination}, or is damaged
   */
  public void inflate(
      ImageFile file, long offset, int length, MemorySegment destination, int least, String what)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stream = arena.allocate(length);
      file.read(offset, stream);
      inflate(file.name(), stream.asByteBuffer(), destination, least, what);
    }
  }

  private void inflate(
      String name, ByteBuffer stream, MemorySegment destination, int least, String what)
      throws IOException {
    Inflater inflater = idle.poll();
    if (inflater == null) inflater = new Inflater(bare);
    try {
      inflater.setInput(stream);
      ByteBuffer bytes = destination.asByteBuffer();
      while (bytes.hasRemaining() && inflater.inflate(bytes) > 0) {}
      int inflated = bytes.position();
      boolean isWhole = inflater.finished() || isAtEnd(inflater);
      if (!isWhole || inflated < least)
        throw damaged(
            name,
            what,
            inflated < destination.byteSize()
                ? "ends after %d of %d bytes".formatted(inflated, destination.byteSize())
                : "does not end after %d bytes".formatted(inflated));
      destination.asSlice(inflated).fill((byte) 0);
    } catch (DataFormatException e) {
      throw damaged(name, what, "is no deflate stream (" + e.getMessage() + ")");
    } finally {
      inflater.reset();
      if (!idle.offer(inflater)) inflater.end();
    }
  }

  /** Whether a stream whose bytes are all there has only its end left. */
  private static boolean isAtEnd(Inflater inflater) throws DataFormatException {
    return inflater.inflate(new byte[1]) == 0 && inflater.finished();
  }

  static IOException damaged(String name, String what, String how) {
    return new IOException(
        name
            + ": the compressed data of "
            + what
            + " "
            + how
            + "; restore the image from a backup");
  }
}
