package dev.varve.io.chain;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.layer.LayerWriter.Commit;
import dev.varve.io.storage.CommitTimes;
import dev.varve.io.storage.FlushQueue;
import dev.varve.io.storage.LostWrites;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the changes of a chain durable. Flushes that arrive while one is running share the next
 * {@code fdatasync}. Thread-safe.
 *
 * <p>When an {@code fdatasync} fails, the host may drop the data that it could not write, and the
 * next {@code fdatasync} succeeds without that data. After such a failure, therefore, every flush
 * fails until the disk is opened again.
 */
final class Flusher {

  private final TopImage top;
  private final ReaderEpochs reads;

  /** Held during a commit. */
  private final Object oneCommit = new Object();

  private final FlushQueue flushes;
  private final LostWrites lost = new LostWrites();
  private final CommitTimes times;

  Flusher(
      TopImage top,
      ReaderEpochs reads,
      Executor threads,
      CommitTimes times,
      BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.top = top;
    this.times = times;
    this.reads = reads;
    this.flushes = new FlushQueue(threads, this::commit, answer);
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  void flush(DeviceRequest request) {
    flushes.flush(request);
  }

  /**
   * Makes everything that was completed before this call durable. No entry reaches the file before
   * its block, and the header counts every place before an entry names it. A crash can therefore
   * waste space but loses no data, and the next commit corrects the count. The next commit repeats
   * a step that failed without losing data. Waits.
   */
  void commit() throws IOException {
    synchronized (oneCommit) {
      lost.requireNone();
      top.requireOurs();
      long begun = times.begin();
      IOException incomplete = top.completePartialBlocks(top.beginCommit());
      try {
        top.makeHoles();
        Commit commit = top.collected();
        // The long part comes before the count is written: so a kill of this process is unlikely to
        // fall into the moment when the file counts more blocks than it has.
        if (commit.hasEntries()) lost.note(top::writeBack);
        if (commit.hasData() || commit.hasEntries()) {
          top.announce(commit);
          lost.note(top::sync); // the blocks, the holes and the count,
        }
        if (commit.hasEntries()) {
          top.writeEntries(); // then the entries that point at the blocks,
          lost.note(top::sync); // then those entries
        }
        if (commit.hasData() || commit.hasEntries()) times.ended(begun);
      } catch (IOException e) {
        top.abandonCommit();
        throw e;
      }
      top.endCommit();
      if (incomplete != null) throw incomplete;
    }
  }

  /** Fails if another program has written to the image; all later writes then fail too. */
  void requireOurs() throws IOException {
    synchronized (oneCommit) {
      top.requireOurs();
    }
  }

  /** A change that may need space in the file. */
  interface Change {
    void apply() throws IOException;
  }

  /**
   * Applies a change. If there is no space for it, applies it again after a commit has freed the
   * space of discarded blocks.
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
   * On a host that cannot punch holes, a place keeps its space: other blocks get the places of
   * discarded blocks.
   */
  private void reuseEmptied() throws IOException {
    Runnable release = top.giveUpEmptied();
    commit(); // no entry names their places any more,
    reads.await(); // and nothing reads there
    release.run();
  }
}
