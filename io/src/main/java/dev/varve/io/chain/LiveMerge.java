package dev.varve.io.chain;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Progress;
import dev.varve.io.layer.Layer;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A merge of two neighbouring images of a running disk, see {@link LiveChain#merge}. Used by one
 * thread at a time; blocks.
 *
 * <p>A merge into the top copies blocks in the change lane, in turn with the guest's own changes.
 * In a merge between images below the top, one thread writes the target while the running chain
 * goes on reading: the sources hide every change, and no place of the target is reused. A merge of
 * the top into the image below it uses {@link TopCopy}. A raw base can be the target but never the
 * source.
 */
public final class LiveMerge {

  private enum State {
    RUNNING,
    READY,
    COMPLETED,
    ENDED
  }

  private final LiveChain disk;
  private final LiveImages images;
  private final int from;
  private final int to;

  /** Writes the target, if that is not the running top; else null. */
  private @Nullable MergeTarget below;

  private @Nullable TopCopy topCopy;
  private @Nullable BlockMerge merge;
  private volatile State state = State.RUNNING;
  private boolean lockedChild;

  LiveMerge(LiveChain disk, LiveImages images, int from, int to) {
    this.disk = disk;
    this.images = images;
    this.from = from;
    this.to = to;
  }

  private int top() {
    return images.count() - 1;
  }

  private Layer image(int position) {
    return images.image(position);
  }

  private List<Layer> images(int count) {
    return images.images().subList(0, count);
  }

  /**
   * Copies until little is left.
   *
   * @return false if it was cancelled
   * @throws HalfMergedException if it failed after the target's own contents had changed
   */
  boolean run(Progress progress) throws IOException {
    Progress open =
        (done, total) -> {
          if (disk.isClosing()) throw new Cancelled();
          return progress.at(done, total);
        };
    try {
      return copy(open);
    } catch (Cancelled _) {
      throw failed(new DeviceClosedException("the disk was closed during the merge"));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private IOException failed(IOException why) {
    boolean changed =
        topCopy != null ? topCopy.hasChangedTarget() : merge != null && merge.hasChangedTarget();
    return changed ? new HalfMergedException(why) : why;
  }

  private boolean copy(Progress progress) throws IOException {
    checkDirection();
    checkSizes();
    images.requireInPlace();
    MergeTarget target = openTarget();
    merge = new BlockMerge(target, images(Math.max(from, to) + 1), from, disk.shared().lock());
    long needed = merge.spaceNeeded(progress);
    if (needed < 0) return false;
    BlockMerge.checkSpace(target.image().name(), needed, HostRoom.of(images.path(to)).bytes());
    boolean done = from == top() ? copyTop(progress) : merge.run(progress);
    if (done) state = State.READY;
    return done;
  }

  /** Refuses a raw source: a raw image does not say which of its bytes hide another image. */
  private void checkDirection() throws IOException {
    if (image(from).facts().format() != ImageFormat.RAW) return;
    throw new IOException(
        "%s is a raw image and stays the base of its chain: merge %s into it"
            .formatted(images.path(from), images.path(to)));
  }

  /**
   * Refuses images of different sizes: neither a running disk nor an image below another can be
   * resized.
   */
  private void checkSizes() throws IOException {
    long source = image(from).capacity();
    long target = image(to).capacity();
    boolean fits = from < to || source == target || (source < target && from < top());
    if (fits) return;
    throw new IOException(
        "%s has %d bytes and %s has %d: images of different sizes can be merged only while the machine is off"
            .formatted(images.path(from), source, images.path(to), target));
  }

  private MergeTarget openTarget() throws IOException {
    if (to == top()) return new RunningTop(disk, disk.chain().top());
    Layer image = image(to);
    image.allowWriting();
    try {
      return below = OfflineChain.below(images(to + 1), disk.shared().lock(), UUID::randomUUID);
    } catch (Throwable e) {
      image.onlyRead();
      throw e;
    }
  }

  private boolean copyTop(Progress progress) throws IOException {
    MergeTarget target = below;
    assert target != null : "the target lies below the top";
    var copy = new TopCopy(disk.chain(), target);
    disk.change(() -> disk.chain().top().watch(copy.watcher()));
    topCopy = copy;
    return copy.copyMost(progress);
  }

  boolean isRunning() {
    return state == State.RUNNING;
  }

  /** Copies what the guest has changed since the last copy, until that is little. */
  void catchUp() throws IOException {
    if (topCopy != null && state == State.READY) topCopy.catchUp(Progress.NONE);
  }

  /**
   * Copies the rest and makes everything durable: afterwards the disk has the same contents without
   * the source. Called while the disk is held, before the model drops the source; the chain stays
   * as it is until {@link LiveChain#finish}. May wait.
   *
   * @throws IOException if the target does not hold everything; then {@link #abandon} the merge
   */
  public void complete() throws IOException {
    if (state != State.READY) throw new IllegalStateException("the merge is " + state);
    disk.requireHeld();
    if (topCopy != null) topCopy.copyRest();
    if (below != null) below.handOver();
    int child = child();
    if (child >= 0 && child < top() && child != to) {
      image(child).lockForWriting();
      lockedChild = true;
    }
    state = State.COMPLETED;
  }

  /** The position of the image that gets another parent; -1 if there is none. */
  private int child() {
    int child = from + 1;
    return child < images.count() ? child : -1;
  }

  /** The images of the chain without the source. */
  LiveImages remaining() {
    if (state != State.COMPLETED) throw new IllegalStateException("the merge is " + state);
    return images.without(from);
  }

  /** Called when the chain consists of {@link #remaining}. */
  void finish() throws IOException {
    state = State.ENDED;
    int child = child();
    try {
      if (child >= 0) {
        int parent = child == to ? from - 1 : to;
        boolean keepsNone = Ancestry.isUnnamed(image(child).facts());
        if (parent >= 0 && keepsNone) return;
        image(child).changeParent(parent < 0 ? null : images.facts(parent), disk.shared().lock());
      }
    } finally {
      if (to < top() && from < top()) image(to).onlyRead(); // else it is the top image now
      if (lockedChild) image(child).onlyRead();
    }
  }

  /**
   * Gives the merge up. The chain and the disk's contents stay as they are. May be called more than
   * once, whether the disk is held or not; does nothing after {@link LiveChain#finish}. May wait.
   */
  public void abandon() {
    State before = state;
    if (before == State.ENDED) return;
    state = State.ENDED;
    try {
      if (topCopy != null) disk.chain().top().watch(null);
      if (below != null && before != State.COMPLETED) below.handOver();
    } catch (IOException _) {
      // The source still has the data that could not be written to the target.
    }
    try {
      if (below != null) image(to).onlyRead();
      if (lockedChild) image(child()).onlyRead();
    } catch (IOException _) {
      // The files stay locked until the disk is closed.
    }
    disk.ended(this);
  }
}
