package dev.varve.io.layer;

import java.io.IOException;

/**
 * Writes one layer: gives blocks a place in its files, and makes that durable.
 *
 * <p>A block gets its place by {@link #take}, is filled there by the caller, and is published;
 * until then no reader finds it. A commit brings to the file what was published before it began:
 *
 * <pre>
 *   beginCommit      the map lock is held; later changes belong to the next commit
 *   empty            places of blocks that hold nothing become holes
 *   collect          the map lock is held; what will be written is fixed
 *   announce         what must be in the file before an entry names a new place
 *   (sync)           the blocks, the holes and what was announced are durable,
 *   writeEntries     then the entries that name the blocks are written
 *   (sync)           and durable
 *   endCommit        the map lock is held
 * </pre>
 *
 * <p>The order holds for every format; what {@code announce} and {@code writeEntries} write is the
 * format's. A crash between the two syncs leaves blocks that no entry names, and may leave a count
 * that is too high: space, never data.
 *
 * <p>{@code take}, {@code giveBack}, {@code fill} belong to the change lane; a commit is made by
 * one thread at a time, beside it. What needs the map lock says so; the rest is called without it
 * and may wait.
 */
public interface LayerWriter {

  // ---- what the format can say

  /**
   * Whether a block can read as zeroes, and hide what lies below, without a place in the file. If
   * not, zeroes that hide something are written.
   */
  boolean marksZeroes();

  /** Whether a block that holds nothing any more is {@link #publishEmptied emptied}. */
  boolean emptiesBlocks();

  /**
   * Whether writing to a place gives space back by making holes; if not, a block that needs space
   * takes the place of an emptied one, see {@link #giveUpEmptied}.
   */
  boolean makesHoles() throws IOException;

  // ---- places

  /** The place of a block that has one, or keeps one though it is zero; else {@link Place#FREE}. */
  long placeOf(int block) throws IOException;

  /**
   * Takes a place for a block that lies in none: the one that it kept, or another. It has space on
   * the host as far as the format can reserve any.
   *
   * @param overwritten whether all that a guest sees of the block will be written; else the place
   *     reads as zeroes
   * @throws dev.varve.core.device.OutOfSpaceException there is none; nothing was taken
   */
  long take(int block, boolean overwritten) throws IOException;

  /** Returns a place that was taken and not published; its bytes can be anything. */
  void giveBack(int block, long place) throws IOException;

  // ---- published

  /** The block is whole and lies at this place, which was taken for it. Needs the map lock. */
  void publish(int block, long place) throws IOException;

  /** The block is zero, whatever lies below, and has no place. Needs the map lock. */
  void publishZero(int block) throws IOException;

  /**
   * The block is zero, whatever lies below, and keeps its place, whose bytes go away in a commit.
   * Needs the map lock; {@link #emptied} follows without it.
   */
  void publishEmptied(int block, long place) throws IOException;

  /** The block at this place was emptied: the next commit makes a hole of it. */
  void emptied(long place);

  // ---- a commit

  /** Whether a commit has anything to do but for contents in place. Needs the map lock. */
  boolean needsCommit();

  /** Begins a commit of what was published so far. Needs the map lock. */
  void beginCommit();

  /** Makes holes of the places of emptied blocks. What fails is tried again by the next commit. */
  void empty() throws IOException;

  /**
   * Fixes what the commit that has begun will write. Needs the map lock.
   *
   * @param changed whether contents were changed since the last commit that said so
   */
  Commit collect(boolean changed);

  /** What a commit makes durable. Immutable. */
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

  /** The commit is durable. Needs the map lock. */
  void endCommit();

  /** A commit failed: the next one writes what it should have. Needs the map lock. */
  void abandonCommit();

  // ---- room

  /**
   * Where the host cannot make holes: takes their places from some emptied blocks. Once the next
   * commit is durable and the readers of now have left, running the result lets other blocks have
   * these places.
   */
  Runnable giveUpEmptied() throws IOException;

  // ---- the end; when all is committed and nothing reads or writes

  /**
   * Leaves the file without holes as far as it can: blocks at its end move into places that hold
   * nothing.
   *
   * @param alsoUnchanged whether a file that was not written is changed too, if a crash left
   *     something in it
   */
  void makeDense(boolean alsoUnchanged) throws IOException;

  /** Cuts off what was reserved behind the last place, and moves nothing. Not durable. */
  void cutFile() throws IOException;
}
