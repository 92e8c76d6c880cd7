package dev.varve.io.chain;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.layer.LayerWriter.Commit;
import dev.varve.io.storage.FlushQueue;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a chain durable. Flushes that come while one is under way wait together for the next: one
 * {@code fdatasync} serves them all.
 *
 * <p>Once the host failed to make something durable it may have dropped it, and the next {@code
 * fdatasync} would succeed without it. So, after such a failure every later flush fails too, until
 * the disk is opened again.
 */
final class Flusher {

  private final TopImage top;
  private final ReaderEpochs reads;

  /** Held by whoever commits. */
  private final Object oneCommit = new Object();

  private final FlushQueue flushes;
  private @Nullable IOException lost;

  Flusher(
      TopImage top,
      ReaderEpochs reads,
      Executor threads,
      BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.top = top;
    this.reads = reads;
    this.flushes = new FlushQueue(threads, this::commit, answer);
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  void flush(DeviceRequest request) {
    flushes.flush(request);
  }

  /**
   * Makes everything that was completed before this call durable. No entry reaches the file before
   * its block, and the header counts every place before an entry names it: a crash leaks space,
   * never data, and the next commit after it puts the count right. What fails without losing
   * anything is done again by the next commit. Waits.
   */
  void commit() throws IOException {
    synchronized (oneCommit) {
      if (lost != null)
        throw new IOException(
            "an earlier flush failed, and what it lost cannot be told: " + lost.getMessage(), lost);
      top.requireOurs();
      IOException incomplete = top.completePartialBlocks(top.beginCommit());
      try {
        top.makeHoles();
        Commit commit = top.collected();
        // What takes long comes before the count is written: if this process is killed, it is most
        // unlikely to happen while the file counts more than it has.
        if (commit.hasEntries()) writeBack();
        if (commit.hasData() || commit.hasEntries()) {
          top.announce(commit);
          sync(); // the blocks, the holes and the count,
        }
        if (commit.hasEntries()) {
          top.writeEntries(); // then the entries that point at the blocks,
          sync(); // then those entries
        }
      } catch (IOException e) {
        top.abandonCommit();
        throw e;
      }
      top.endCommit();
      if (incomplete != null) throw incomplete;
    }
  }

  /** Fails, and so does everything that is written later, if another program has written there. */
  void requireOurs() throws IOException {
    synchronized (oneCommit) {
      top.requireOurs();
    }
  }

  /** What may need room in the file. */
  interface Change {
    void apply() throws IOException;
  }

  /**
   * Does a change; if there is no room for it, once more after what was discarded before it has
   * become room.
   */
  void makingRoom(Change change) throws IOException {
    try {
      change.apply();
    } catch (OutOfSpaceException _) {
      commit();
      if (!top.makesHoles()) reuseEmptied();
      change.apply();
    }
  }

  /**
   * Where the host cannot make holes, a place keeps its space for ever: those of discarded blocks
   * go to others.
   */
  private void reuseEmptied() throws IOException {
    Runnable release = top.giveUpEmptied();
    commit(); // no entry names their places any more,
    reads.await(); // and nothing reads there
    release.run();
  }

  private void writeBack() throws IOException {
    try {
      top.writeBack();
    } catch (IOException e) {
      lost = e;
      throw e;
    }
  }

  private void sync() throws IOException {
    try {
      top.sync();
    } catch (IOException e) {
      lost = e;
      throw e;
    }
  }
}
