package dev.varve.io.chain;

import dev.varve.core.medium.Announcement;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * Copies what a disk shows into a file of another form; what reads as zeroes takes no space there.
 *
 * <p>The file appears under its name when it is complete and durable. When the copy fails, or its
 * thread is interrupted, nothing is left of it and a file that was to be replaced is still there.
 * Blocks for as long as it takes.
 */
public final class DiskCopy {

  private static final int CHUNK = 4 << 20;

  /** Zeroes are left out in pieces of this size. */
  private static final int PIECE = 64 << 10;

  private final DiskSource source;
  private final LongConsumer progress;

  /**
   * @param source lent; stays open
   * @param progress is told how many bytes of the capacity are dealt with, now and then
   */
  public DiskCopy(DiskSource source, LongConsumer progress) {
    this.source = source;
    this.progress = progress;
  }

  /** Copies to a file whose bytes are the disk's. */
  public void toRaw(Path target, Existing existing) throws IOException {
    toRaw(target, existing, Announcement.UNHEARD);
  }

  /**
   * The same.
   *
   * @param announcement hears of the file before it gets its name
   */
  public void toRaw(Path target, Existing existing, Announcement announcement) throws IOException {
    try (var file = NewFile.create(target, existing)) {
      ImageFile contents = file.contents();
      contents.setLength(source.capacity());
      copy(contents::write);
      file.publish(announcement);
    }
  }

  /**
   * Copies to a VDI image.
   *
   * @param image must not be smaller than the source
   */
  public void toVdi(Path target, NewImage image, Existing existing) throws IOException {
    if (image.capacity() < source.capacity()) {
      throw new IllegalArgumentException(
          "an image of %d bytes cannot hold a disk of %d"
              .formatted(image.capacity(), source.capacity()));
    }
    try (var file = NewFile.create(target, existing)) {
      var writer = new VdiWriter(file.contents(), image);
      copy(writer::write);
      writer.finish();
      file.publish();
    }
  }

  /** Takes what is not zero, in order of offset. */
  private interface Target {
    void write(long offset, MemorySegment data) throws IOException;
  }

  private void copy(Target target) throws IOException {
    long capacity = source.capacity();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(CHUNK, PIECE);
      for (long offset = source.nextData(0); offset < capacity; ) {
        if (Thread.interrupted()) throw new InterruptedIOException("the copy was stopped");
        progress.accept(offset);
        MemorySegment chunk = buffer.asSlice(0, Math.min(CHUNK, capacity - offset));
        source.read(offset, chunk);
        copyRuns(offset, chunk, target);
        offset = source.nextData(offset + chunk.byteSize());
      }
    }
    progress.accept(capacity);
  }

  /** Hands over the runs of pieces that are not zero. */
  private static void copyRuns(long offset, MemorySegment chunk, Target target) throws IOException {
    long length = chunk.byteSize();
    for (long begin = 0; begin < length; ) {
      long end = begin;
      while (end < length && !Zeroes.fill(piece(chunk, end))) end = Math.min(end + PIECE, length);
      if (end > begin) target.write(offset + begin, chunk.asSlice(begin, end - begin));
      begin = end + PIECE; // the piece at the end is zero, or there is none
    }
  }

  private static MemorySegment piece(MemorySegment chunk, long at) {
    return chunk.asSlice(at, Math.min(PIECE, chunk.byteSize() - at));
  }
}
