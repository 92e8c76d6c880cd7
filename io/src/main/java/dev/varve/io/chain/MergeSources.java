package dev.varve.io.chain;

import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What some neighbouring images of a chain hold together, without the images below them. An upper
 * image hides a lower one, and so does its end. A cursor: {@link #look} moves it, the other methods
 * describe where it is. Not thread-safe; waits.
 */
final class MergeSources {

  /** What the images hold at an offset. */
  enum Answer {
    /** Nothing: the images below them decide. */
    NOTHING,
    /** Zeroes, which hide the images below. */
    ZERO,
    /** Data. */
    DATA
  }

  /** No format has larger blocks. */
  private static final int LONGEST = 1 << 30;

  private final Layer[] images;
  private final MapLock lock;
  private final long endBelow;

  private Answer answer = Answer.NOTHING;
  private long length;

  /** The layer that holds the data, the offset at which it begins, and its place in the layer. */
  private Layer layer;

  private long start;
  private long place;

  /**
   * @param chain base first
   * @param from the lowest of the images
   * @param to one more than the uppermost
   * @param lock guards their block maps
   */
  MergeSources(List<? extends Layer> chain, int from, int to, MapLock lock) {
    this.images = chain.subList(from, to).toArray(Layer[]::new);
    this.lock = lock;
    this.endBelow = chain.subList(0, from).stream().mapToLong(Layer::capacity).max().orElse(0);
    this.layer = images[0];
  }

  /** Moves to {@code offset}, and finds how far before {@code end} the same answer holds. */
  Answer look(long offset, long end) throws IOException {
    length = end - offset;
    for (int i = images.length - 1; i >= 0; i--) {
      Layer image = images[i];
      if (offset >= image.capacity()) return answer = beyondTheEnd(offset);
      length = Math.min(length, image.capacity() - offset);
      long found;
      synchronized (lock) {
        length = image.run(offset, (int) Math.min(length, LONGEST));
        found = image.find(offset, (int) length);
      }
      if (found == Place.FREE) continue;
      if (found == Place.ZERO) return answer = Answer.ZERO;
      if (found == Place.LOST) throw damaged(image, offset);
      layer = image;
      start = offset;
      place = found;
      return answer = Answer.DATA;
    }
    return answer = Answer.NOTHING;
  }

  private Answer beyondTheEnd(long offset) {
    if (offset >= endBelow) return Answer.NOTHING; // nothing below could be hidden
    length = Math.min(length, endBelow - offset);
    return Answer.ZERO;
  }

  private static IOException damaged(Layer image, long offset) {
    return new IOException(
        "%s: the block map's entry of block %d points outside the file; 'varve image check' says more"
            .formatted(image.name(), offset / image.blockSize()));
  }

  /** For how many bytes the answer of {@link #look} holds. */
  long length() {
    return length;
  }

  /** Reads bytes of the data that was found, from {@code within} on. */
  void read(long within, MemorySegment destination) throws IOException {
    if (place == Place.ENCODED) {
      layer.decode(start + within, destination);
    } else {
      layer.files().get(Place.file(place)).read(Place.offset(place) + within, destination);
    }
  }
}
