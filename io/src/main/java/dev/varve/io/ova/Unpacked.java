package dev.varve.io.ova;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.FileWindow;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.posix.FileSystemFacts;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * What gzip has packed, unpacked into a file without a name: it is gone when it is closed, and when
 * the process ends. Not thread-safe; blocks.
 */
final class Unpacked implements Closeable {

  /** The hidden name on file systems that have no nameless files; swept by the next one. */
  private static final String HIDDEN = "unpacked";

  private static final int CHUNK = 1 << 20;

  /** What stays free for others: a share of the file system within these bounds. */
  private static final int SHARE_LEFT = 64;

  private static final long LEAST_LEFT = 4L << 20;
  private static final long MOST_LEFT = 1L << 30;

  private final NewFile file;
  private final String name;

  private Unpacked(NewFile file, String name) {
    this.file = file;
    this.name = name;
  }

  /**
   * Unpacks a member.
   *
   * @param folder on whose file system it is unpacked
   * @param most more bytes than these are refused
   * @param step hears how many bytes of the packed file are done
   */
  static Unpacked of(Member packed, Path folder, long most, Step step) throws IOException {
    NewFile file = NewFile.create(folder.resolve(HIDDEN), Existing.REPLACED);
    try {
      var unpacked = new Unpacked(file, packed.file() + ", unpacked");
      unpacked.fill(packed, folder, most, step);
      return unpacked;
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private void fill(Member packed, Path folder, long most, Step step) throws IOException {
    byte[] chunk = new byte[CHUNK];
    try (Arena arena = Arena.ofConfined();
        var source = new FileStream(packed.open());
        var in = new GZIPInputStream(source, CHUNK)) {
      MemorySegment buffer = arena.allocate(CHUNK);
      long at = 0;
      for (int count; (count = in.readNBytes(chunk, 0, CHUNK)) > 0; at += count) {
        if (at + count > most)
          throw new PackageException(
              "%s unpacks to more than %d bytes, which its disk can have; the package is damaged"
                  .formatted(packed.file(), most));
        checkRoom(packed, folder);
        MemorySegment.copy(MemorySegment.ofArray(chunk), 0, buffer, 0, count);
        file.contents().write(at, buffer.asSlice(0, count));
        step.at(source.position());
      }
    } catch (EOFException | ZipException e) {
      throw new PackageException(
          "%s cannot be unpacked: gzip says %s; copy or download it again"
              .formatted(
                  packed.file(),
                  Objects.requireNonNullElse(e.getMessage(), "that it ends too early")));
    }
    step.done(packed.length());
  }

  private static void checkRoom(Member packed, Path folder) throws IOException {
    FileSystemFacts facts = FileSystemFacts.of(folder);
    long left = Math.clamp(facts.bytes() / SHARE_LEFT, LEAST_LEFT, MOST_LEFT);
    if (facts.bytes() == 0 || facts.availableBytes() >= left) return;
    throw new OutOfSpaceException(
        "%s cannot be unpacked: %d bytes are free in %s, and %d stay free; make room first"
            .formatted(packed.file(), facts.availableBytes(), folder, left));
  }

  /** Its bytes; closing what is returned leaves them. */
  ImageFile contents() throws IOException {
    return new FileWindow(file.contents(), name, 0, file.contents().length());
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
