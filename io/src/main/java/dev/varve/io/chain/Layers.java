package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What some neighbouring images of a chain say of the disk between them, whatever lies below: the
 * upper ones before the lower, and the end of an image hides what is under it. A cursor: {@link
 * #look} finds out, the other methods tell. Not thread safe; waits.
 */
final class Layers {

  /** What the images say. */
  enum Answer {
    /** Nothing: the images below decide. */
    NOTHING,
    /** It is zero, whatever the images below hold. */
    ZERO,
    /** One of them holds data. */
    DATA
  }

  private final VdiImage[] images;
  private final Object lock;
  private final long endBelow;

  private Answer answer = Answer.NOTHING;
  private long length;
  private ImageFile file;
  private long fileOffset;

  /**
   * @param chain base first
   * @param from the lowest of the images
   * @param to one more than the uppermost
   * @param lock guards their block maps
   */
  Layers(List<VdiImage> chain, int from, int to, Object lock) {
    this.images = chain.subList(from, to).toArray(VdiImage[]::new);
    this.lock = lock;
    this.endBelow = chain.subList(0, from).stream().mapToLong(VdiImage::capacity).max().orElse(0);
    this.file = images[0].file();
  }

  /** Finds out about {@code offset}, and how far before {@code end} the same holds. */
  Answer look(long offset, long end) throws IOException {
    length = end - offset;
    for (int i = images.length - 1; i >= 0; i--) {
      VdiImage image = images[i];
      if (offset >= image.capacity()) return answer = beyondTheEnd(offset);
      length = Math.min(length, image.capacity() - offset);
      long within = offset % image.blockSize();
      length = Math.min(length, image.blockSize() - within);
      int block = (int) (offset / image.blockSize());
      int entry;
      synchronized (lock) {
        entry = image.map().entry(block);
      }
      if (entry == BlockEntry.FREE) continue;
      if (entry == BlockEntry.ZERO) return answer = Answer.ZERO;
      if (!image.isInFile(block, entry)) throw damaged(image, block);
      file = image.file();
      fileOffset = image.blockOffset(entry) + within;
      return answer = Answer.DATA;
    }
    return answer = Answer.NOTHING;
  }

  private Answer beyondTheEnd(long offset) {
    if (offset >= endBelow) return Answer.NOTHING; // there is nothing to be hidden
    length = Math.min(length, endBelow - offset);
    return Answer.ZERO;
  }

  private static IOException damaged(VdiImage image, int block) {
    return new IOException(
        "%s: the block map's entry of block %d points outside the file; 'varve image check' says more"
            .formatted(image.file().name(), block));
  }

  /** For how many bytes the answer holds. */
  long length() {
    return length;
  }

  /** Reads bytes of the data that was found, from {@code within} on. */
  void read(long within, MemorySegment destination) throws IOException {
    file.read(fileOffset + within, destination);
  }
}
