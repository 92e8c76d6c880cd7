package dev.varve.io.chain;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.Progress;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Copies the blocks of neighbouring images (the sources) into one image of a chain (the target), so
 * that the sources can be removed. Used by one thread; blocks.
 *
 * <p>An image <i>decides</i> a block if it holds the block's data or marks it as zero. Forward,
 * into the upper image: a block that the sources decide and the target does not is copied to the
 * target. A zero mark is copied too: it must go on hiding what lies below the sources. Backward,
 * into the lower image: what the sources decide overwrites what the target holds.
 *
 * <p>Either way the disk shows the same contents all the time: a forward merge changes nothing that
 * is visible, and a backward merge changes only what the sources hide. A merge that stopped in the
 * middle, by a crash or otherwise, has therefore done no harm and can be repeated.
 */
final class BlockMerge {

  private static final int PIECE = 1 << 20;
  private static final long COMMIT_EVERY = 256 << 20;

  private final MergeTarget target;
  private final MergeSources sources;
  private final boolean forward;
  private final boolean nothingBelow;
  private final long capacity;
  private final int blockSize;

  private long uncommitted;
  private boolean written;

  /**
   * @param target the image to copy into; lent
   * @param chain base first, all images up to and including the upper one of source and target
   * @param source position in {@code chain}: with several sources, the one farthest from the target
   * @param lock guards the images' block maps
   */
  BlockMerge(MergeTarget target, List<? extends Layer> chain, int source, MapLock lock) {
    int position = chain.indexOf(target.image());
    this.target = target;
    this.forward = source < position;
    this.nothingBelow = forward && source == 0;
    this.sources =
        forward
            ? new MergeSources(chain, source, position, lock)
            : new MergeSources(chain, position + 1, source + 1, lock);
    this.capacity = target.image().capacity();
    this.blockSize = target.image().blockSize();
  }

  /**
   * How many bytes the target's file can grow by at most.
   *
   * @param progress asked about once per GiB whether to go on
   * @return -1 if it was cancelled
   */
  long spaceNeeded(Progress progress) throws IOException {
    long blocks = 0;
    for (long offset = 0; offset < capacity; offset += blockSize) {
      if (mayAsk(offset) && !progress.at(0, capacity)) return -1;
      int block = block(offset);
      boolean needed =
          forward
              ? !target.top().decides(block) && answer(offset) == MergeSources.Answer.DATA
              : !target.top().hasPlace(block) && answer(offset) == MergeSources.Answer.DATA;
      if (needed) blocks++;
    }
    return blocks * target.image().spacePerBlock();
  }

  /** Fails if the merge does not fit, before anything has changed. */
  static void checkSpace(String name, long needed, long free) throws OutOfSpaceException {
    if (needed <= free) return;
    throw new OutOfSpaceException(
        "%s may grow by %d bytes in the merge, but its file system has only %d free; free some space first"
            .formatted(name, needed, free));
  }

  private static boolean mayAsk(long offset) {
    return (offset & (1L << 30) - 1) == 0;
  }

  private int block(long offset) {
    return (int) (offset / blockSize);
  }

  /** The strongest answer of the sources for the target's block at {@code start}. */
  private MergeSources.Answer answer(long start) throws IOException {
    MergeSources.Answer strongest = MergeSources.Answer.NOTHING;
    long end = Math.min(start + blockSize, capacity);
    for (long offset = start; offset < end; offset += sources.length()) {
      MergeSources.Answer answer = sources.look(offset, end);
      if (answer.compareTo(strongest) > 0) strongest = answer;
      if (strongest == MergeSources.Answer.DATA) break;
    }
    return strongest;
  }

  /**
   * Merges; the result is durable when this returns.
   *
   * @param progress may cancel a forward merge at any time, and a backward merge until it has
   *     written something
   * @return false if it was cancelled
   */
  boolean run(Progress progress) throws IOException {
    boolean done = forward ? forward(progress) : backward(progress);
    target.commit();
    return done;
  }

  private boolean forward(Progress progress) throws IOException {
    for (long offset = 0; offset < capacity; offset += blockSize) {
      boolean brought = isMissing(offset);
      if (brought) {
        target.bring(block(offset));
        committing(blockSize);
      }
      if ((brought || mayAsk(offset)) && !progress.at(offset, capacity)) return false;
    }
    return progress.at(capacity, capacity);
  }

  /** Whether the target's block at {@code offset} would read differently without the sources. */
  boolean isMissing(long offset) throws IOException {
    if (target.top().decides(block(offset))) return false;
    return switch (answer(offset)) {
      case DATA -> true;
      case ZERO -> !nothingBelow;
      case NOTHING -> false;
    };
  }

  /** Whether the target's own contents have changed; a forward merge never changes them. */
  boolean hasChangedTarget() {
    return written;
  }

  private boolean backward(Progress progress) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(PIECE, 4096);
      long next = 0;
      for (long offset = 0; offset < capacity; offset += sources.length()) {
        MergeSources.Answer answer = sources.look(offset, capacity);
        if (answer != MergeSources.Answer.NOTHING || offset >= next) {
          if (!progress.at(offset, capacity) && !written) return false;
          next = offset + (1L << 30);
        }
        written |= answer != MergeSources.Answer.NOTHING;
        switch (answer) {
          case DATA -> copy(offset, sources.length(), buffer);
          case ZERO -> target.zero(offset, sources.length());
          case NOTHING -> {}
        }
        committing(answer == MergeSources.Answer.NOTHING ? 0 : sources.length());
      }
    }
    progress.at(capacity, capacity);
    return true;
  }

  private void copy(long offset, long length, MemorySegment buffer) throws IOException {
    for (long done = 0; done < length; done += PIECE) {
      MemorySegment piece = buffer.asSlice(0, Math.min(PIECE, length - done));
      sources.read(done, piece);
      put(target, offset + done, piece);
    }
  }

  /** Writes {@code data}, or zeroes the range if all of it is zero. */
  static void put(MergeTarget target, long offset, MemorySegment data) throws IOException {
    if (Zeroes.fill(data)) target.zero(offset, data.byteSize());
    else target.write(offset, data);
  }

  /** Commits every 256 MiB, so that little waits for a commit. */
  private void committing(long bytes) throws IOException {
    uncommitted += bytes;
    if (uncommitted < COMMIT_EVERY) return;
    uncommitted = 0;
    target.commit();
  }
}
