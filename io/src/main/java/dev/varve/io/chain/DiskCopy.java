package dev.varve.io.chain;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiWriter;
import dev.varve.io.vmdk.stream.StreamWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongConsumer;

/**
 * Copies the contents of a disk to a new raw file or image. Zeroes take no space there.
 *
 * <p>Unless a method says otherwise, the file gets its name when it is complete and durable. If the
 * copy fails, or its thread is interrupted, the new file is removed, and a file that it would have
 * replaced is still there. Not thread-safe; blocks until the copy is done.
 */
public final class DiskCopy {

  private static final int CHUNK = 4 << 20;
  private static final long SECTOR = 512;

  /** Zeroes are left out in pieces of this size. */
  private static final int PIECE = 64 << 10;

  private final DiskSource source;
  private final LongConsumer progress;

  /**
   * @param source lent; stays open
   * @param progress called now and then with the number of bytes of the capacity that are done
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
   * @param announcement called before the file gets its name
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
          "an image of %d bytes cannot hold a disk of %d bytes"
              .formatted(image.capacity(), source.capacity()));
    }
    try (var file = NewFile.create(target, existing)) {
      var writer = new VdiWriter(file.contents(), image);
      copy(writer::write);
      writer.finish();
      file.publish();
    }
  }

  /**
   * Copies to a streamOptimized VMDK image.
   *
   * @throws IllegalArgumentException if no such image has this capacity; the message is for people
   */
  public void toStreamOptimized(Path target, MediumId id, Existing existing) throws IOException {
    String name = target.getFileName().toString();
    try (var file = NewFile.create(target, existing)) {
      streamTo(file.contents(), 0, name, id.uuid());
      file.publish();
    }
  }

  /**
   * Writes a streamOptimized VMDK image into a file, from {@code offset} on.
   *
   * @param target lent
   * @param name of the image, which its descriptor holds
   * @return the length of the image in bytes
   * @throws IllegalArgumentException if no such image has this capacity; the message is for people
   */
  long streamTo(ImageFile target, long offset, String name, UUID id) throws IOException {
    long capacity = Math.ceilDiv(source.capacity(), SECTOR) * SECTOR;
    var end = new long[] {offset};
    StreamWriter.Target appended =
        bytes -> {
          target.write(end[0], bytes);
          end[0] += bytes.byteSize();
        };
    int width = Runtime.getRuntime().availableProcessors();
    try (ExecutorService compressing = Executors.newFixedThreadPool(width);
        var image = new StreamWriter(appended, capacity, name, id, compressing, width)) {
      copy(image::write);
      return image.finish();
    }
  }

  /**
   * Copies to an image of any format, which has its name from the beginning: if the process is
   * killed, a part of the copy is left.
   *
   * @param announcement called before a file that holds no id gets its name
   * @throws IllegalArgumentException if the format has no such image; the message is for people
   */
  public void toImage(
      Path target, LayerFormat format, MediumId id, boolean fixed, Announcement announcement)
      throws IOException {
    long capacity = Math.ceilDiv(source.capacity(), SECTOR) * SECTOR;
    format.createBase(target, id, fixed, capacity, announcement);
    try {
      copyInto(target, format);
    } catch (Throwable e) {
      delete(target, format, e);
      throw e;
    }
  }

  private void copyInto(Path target, LayerFormat format) throws IOException {
    try (Layer image = format.openReadWrite(target, true)) {
      image.mend();
      var chain = OfflineChain.alone(List.of(image), UUID::randomUUID);
      copy(chain::write);
      chain.finish();
    }
  }

  /** The image itself is last: until then it names its extents. */
  private static void delete(Path image, LayerFormat format, Throwable why) {
    try {
      for (Path file : format.files(image).reversed()) Files.deleteIfExists(file);
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  /** Takes the data that is not zero, in order of offset. */
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
      begin = end + PIECE; // the piece at 'end' is zero, or the chunk ends there
    }
  }

  private static MemorySegment piece(MemorySegment chunk, long at) {
    return chunk.asSlice(at, Math.min(PIECE, chunk.byteSize() - at));
  }
}
