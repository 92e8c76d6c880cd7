package dev.varve.io.layer;

import dev.varve.core.medium.ImageReport.Finding;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Decodes every encoded block of an image, since only that shows whether its bytes are whole. Takes
 * as long as copying them, and the memory of one block. Stateless; any thread, which can be
 * interrupted; blocks.
 */
public final class EncodedCheck {

  private EncodedCheck() {}

  /** What cannot be decoded; empty if all can be, or nothing is encoded. */
  public static List<Finding> of(Layer image) throws IOException {
    long broken = 0;
    String first = "";
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(image.blockSize(), 64);
      long capacity = image.capacity();
      for (long at = image.skipFree(0); at < capacity; ) {
        int most = (int) Math.min(image.blockSize() - (at & image.blockSize() - 1), capacity - at);
        int run = image.run(at, most);
        if (image.find(at, run) == Place.ENCODED) {
          if (Thread.interrupted()) throw new InterruptedIOException("the check was stopped");
          try {
            image.decode(at, block.asSlice(0, run));
          } catch (IOException e) {
            if (broken++ == 0) first = e.getMessage();
          }
        }
        at = image.skipFree(at + run);
      }
    }
    if (broken == 0) return List.of();
    String others =
        broken == 1 ? "" : "; %d other blocks cannot be read, too".formatted(broken - 1);
    return List.of(new Finding("damagedBlocks", Finding.DAMAGE, first + others));
  }
}
