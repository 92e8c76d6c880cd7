package dev.varve.core.journal;

import dev.varve.core.journal.JournalEntry.Creation;
import dev.varve.core.journal.JournalEntry.Step;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.MediumId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One change from its beginning to its decision or its end. Used by one thread at a time, the one
 * that uses its {@link Changes}; may block.
 */
public final class IntendedChange {

  private final Changes changes;
  private final long number;
  private JournalEntry intent;
  private List<NewContents> staged = List.of();
  private List<Step> steps = List.of();
  private boolean ended;

  IntendedChange(Changes changes, long number, JournalEntry intent) {
    this.changes = changes;
    this.number = number;
    this.intent = intent;
  }

  /**
   * Notes which file it is that will have the name of an image that holds no id, or of the extent
   * of an image: {@link #rollBack} deletes that one, also after a crash, unless it was written
   * since.
   */
  public void makes(Path image, FileIdentity file) throws IOException {
    check();
    List<Creation> creates = new ArrayList<>();
    for (Creation made : intent.creates())
      creates.add(made.file().equals(image) ? new Creation(image, made.id(), file) : made);
    if (creates.equals(intent.creates())) // an extent: it goes before what names it
    creates.addFirst(new Creation(image, creates.getFirst().id(), file));
    JournalEntry more = JournalEntry.intended(creates, intent.unfinished());
    changes.intend(number, more);
    intent = more;
  }

  /**
   * Writes the new contents beside the files that they replace, so that trouble shows now and
   * little is left for {@link #decide}.
   *
   * @param then in this order, after the files
   * @throws IOException nothing has changed; the change can be rolled back, or prepared again
   */
  public void prepare(List<NewContents> files, List<FileStep> then) throws IOException {
    check();
    List<Step> meant = then.stream().map(Step::of).toList();
    changes.stage(files);
    staged = files;
    steps = meant;
  }

  /**
   * Decides: when this returns, what was prepared happens, whatever comes; {@link Changes#retry}
   * carries it out. Takes no longer than two syncs of the disk.
   *
   * @throws UndecidedException if it is unknown whether it happens; it is taken back as soon as the
   *     disk works again
   * @throws IOException any other: nothing has changed; the change can be rolled back, or prepared
   *     again
   */
  public void decide() throws IOException {
    check();
    if (staged.isEmpty() && steps.isEmpty()) changes.end(number);
    else changes.decide(number, intent, intent.decided(staged, steps));
    end();
  }

  /** Gives up: deletes the files that were created, or tries again until they are deleted. */
  public void rollBack() {
    check();
    changes.unstage(staged);
    changes.rollBack(number, intent);
    end();
  }

  /** The same, and deletes an image that was made meanwhile. */
  public void rollBack(Path made, MediumId id) {
    check();
    changes.rollBack(number, JournalEntry.intended(List.of(new Creation(made, id, null)), ""));
    end();
  }

  /**
   * Ends for now: a change that is begun with the same line goes on with it, in this run or a later
   * one.
   */
  public void postpone() {
    check();
    changes.unstage(staged);
    changes.postpone(number, intent);
    end();
  }

  private void end() {
    ended = true;
    changes.release(intent);
  }

  /** Fails if the change is decided, rolled back or postponed already. */
  public void check() {
    if (ended) throw new IllegalStateException("the change is committed or rolled back already");
  }
}
