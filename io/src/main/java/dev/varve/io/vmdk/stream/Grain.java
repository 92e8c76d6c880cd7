package dev.varve.io.vmdk.stream;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.zip.Deflater;

/**
 * A grain of a new image: filled by the writer, compressed by another thread, and then written. One
 * thread at a time has it; {@link #await} hands it back.
 */
final class Grain {

  /** {u64 sector of the disk, u32 length of the stream}, in front of the stream. */
  private static final int MARKER = 12;

  private static final int SECTOR = 512;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What the guest sees. */
  final MemorySegment plain;

  private final MemorySegment packed;
  private final Deflater deflater = new Deflater();
  private long sector;
  private Future<MemorySegment> result = CompletableFuture.completedFuture(MemorySegment.NULL);

  Grain(Arena arena, int size) {
    plain = arena.allocate(size, 8);
    int longest = size + size / 1000 + 64; // what deflate adds to noise
    packed = arena.allocate(MARKER + longest + SECTOR, 8);
  }

  /** Has the grain compressed, which lies at this sector of the disk. */
  void begin(long sector, Executor threads) {
    this.sector = sector;
    result = CompletableFuture.supplyAsync(this::compress, threads);
  }

  long sector() {
    return sector;
  }

  private MemorySegment compress() {
    deflater.reset();
    deflater.setInput(plain.asByteBuffer());
    deflater.finish();
    ByteBuffer stream = packed.asSlice(MARKER).asByteBuffer();
    while (!deflater.finished() && stream.hasRemaining()) deflater.deflate(stream);
    assert deflater.finished() : "the stream fits";
    int length = stream.position();
    packed.set(LONG, 0, sector);
    packed.set(INT, 8, length);
    long end = Math.ceilDiv(MARKER + length, SECTOR) * (long) SECTOR;
    packed.asSlice(MARKER + length, end - MARKER - length).fill((byte) 0);
    return packed.asSlice(0, end);
  }

  /** Waits for the compressed grain: marker, stream, and zeroes up to a whole sector. */
  MemorySegment await() throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException _) {
          interrupted = true; // the thread that compresses needs the memory until it is done
        } catch (java.util.concurrent.ExecutionException e) {
          throw new IOException("a grain could not be compressed", e.getCause());
        }
      }
    } finally {
      if (interrupted) Thread.currentThread().interrupt();
    }
  }

  /** Waits as {@link #await} does, and frees the compressor. */
  void end() {
    try {
      MemorySegment _ = await();
    } catch (IOException _) {
      // The writer failed already.
    }
    deflater.end();
  }
}
