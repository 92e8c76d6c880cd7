package dev.varve.io.layer;

import java.io.IOException;

/**
 * Writes one layer: allocates places for blocks in the layer's files, and makes that durable.
 *
 * <p>The caller takes a place for a block with {@link #take}, fills it, and publishes the block;
 * readers do not find it before. A commit writes to the file what was published before the commit
 * began:
 *
 * <pre>
 *   beginCommit      the map lock is held; later changes belong to the next commit
 *   empty            the places of emptied blocks become holes
 *   collect          the map lock is held; what will be written is fixed
 *   announce         writes what must be durable before an entry names a new place
 *   (sync)           the blocks, the holes and what was announced are durable,
 *   writeEntries     then the entries that name the blocks are written
 *   (sync)           and durable
 *   endCommit        the map lock is held
 * </pre>
 *
 * <p>The order is the same for all formats; each format decides what {@code announce} and {@code
 * writeEntries} write. A crash between the two syncs leaves blocks that no entry names, and may
 * leave a count that is too high: it wastes space but loses no data.
 *
 * <p>The methods with a body here are those of a format that can mark no block as zero.
 *
 * <p>Threads: {@code take} and {@code giveBack} run in the device's change lane. One thread at a
 * time makes a commit, in parallel to the lane. Methods that need the map lock say so; the others
 * are called without it and may wait.
 */
public interface LayerWriter {

  // ---- what the format can say

  /**
   * Whether a block without a place can be marked as zero, so that it hides what lies below. If
   * not, the caller writes zeroes where something must be hidden.
   */
  default boolean marksZeroes() {
    return false;
  }

  /** Whether a discarded block is {@link #publishEmptied emptied}. */
  default boolean emptiesBlocks() {
    return false;
  }

  /**
   * Whether the host can punch holes into the file, which gives space back. If not, a block that
   * needs space takes the place of an emptied block, see {@link #giveUpEmptied}.
   */
  boolean makesHoles() throws IOException;

  // ---- places

  /** The place of a block that has one, even if the block is zero; else {@link Place#FREE}. */
  long placeOf(int block) throws IOException;

  /**
   * Takes a place for a block: the one that an emptied block kept, or a new one. The place has
   * space on the host, if the format can reserve any.
   *
   * @param overwritten whether the caller writes all of the block that the guest sees; if not, the
   *     place reads as zeroes, but for sectors of the block that the layer holds there already
   * @throws dev.varve.core.device.OutOfSpaceException if there is no space; nothing was taken
   */
  long take(int block, boolean overwritten) throws IOException;

  /** Returns a place that was taken and not published. Its bytes may be anything. */
  void giveBack(int block, long place) throws IOException;

  // ---- published

  /** Makes the block whole, at this place, which was taken for it. Needs the map lock. */
  void publish(int block, long place) throws IOException;

  /** Makes the block zero, without a place. It hides what lies below. Needs the map lock. */
  default void publishZero(int block) throws IOException {
    throw new AssertionError("the format has no mark for zeroes");
  }

  /**
   * Makes the block zero. It hides what lies below and keeps its place; a commit removes the bytes
   * there. Needs the map lock. Call {@link #emptied} next, without the lock.
   */
  default void publishEmptied(int block, long place) throws IOException {
    throw new AssertionError("the format empties no blocks");
  }

  /** Notes that the block at this place was emptied: the next commit punches the place out. */
  default void emptied(long place) {
    throw new AssertionError("the format empties no blocks");
  }

  // ---- a commit

  /** Whether a commit has more to do than to make contents in place durable. Needs the map lock. */
  boolean needsCommit();

  /** Begins a commit of what was published so far. Needs the map lock. */
  void beginCommit();

  /** Punches out the places of emptied blocks. The next commit repeats what fails. */
  default void empty() throws IOException {}

  /**
   * Fixes what the present commit will write. Needs the map lock.
   *
   * @param changed whether contents have changed since the last commit
   */
  Commit collect(boolean changed);

  /** What a commit makes durable. Immutable; any thread. */
  interface Commit {

    /** Whether there are contents, or something to announce. */
    boolean hasData();

    /** Whether there are entries to write. */
    boolean hasEntries();
  }

  /** Writes what must be durable before an entry names a new place. */
  void announce(Commit commit) throws IOException;

  /** Writes the entries that were collected: their blocks are durable by now. */
  void writeEntries() throws IOException;

  /** Ends a commit, which is durable now. Needs the map lock. */
  void endCommit();

  /**
   * Ends a commit that failed. The next commit writes what this one did not. Needs the map lock.
   */
  void abandonCommit();

  // ---- room

  /**
   * On a host that cannot punch holes: takes the places of some emptied blocks away. The caller
   * makes a commit, waits for the readers of now, and then runs the result, which lets other blocks
   * use these places.
   */
  default Runnable giveUpEmptied() throws IOException {
    return () -> {};
  }

  // ---- the end, after the last commit, when nothing reads or writes

  /**
   * Makes the file dense as far as possible: blocks at its end move into places without contents.
   *
   * @param alsoUnchanged whether to change also a file that was not written, if a crash left
   *     something in it
   */
  void makeDense(boolean alsoUnchanged) throws IOException;

  /**
   * Cuts the space off that was reserved behind the last place, and moves no block. Not durable.
   */
  void cutFile() throws IOException;
}
