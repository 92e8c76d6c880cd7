package dev.varve.io.storage;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.RequestTimes;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The life that devices over files have in common: requests pass a gate; the device is held and
 * released, left to another, or closed. What a request does is the subclass's, and so is the order
 * of the two things that hold it up: writes in the calling thread, and a commit.
 *
 * <p>A base class and no delegate, since the hot path reads the gate's field and the seven methods
 * of {@link ServingDevice} would else be written twice.
 *
 * <p>Threads as {@link ServingDevice} says.
 */
public abstract class GatedDevice implements ServingDevice {

  private static final System.Logger LOG = System.getLogger(GatedDevice.class.getName());
  private static final String BUG =
      "a request failed because of a bug in Varve; please report it with the lines of its log";
  private static final long SECOND_MILLIS = 1000;

  protected final RequestGate gate;
  protected final StorageThreads threads;

  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private @Nullable ScheduledFuture<?> everySecond;
  private @Nullable HostWatch watch;
  private Runnable endLooking = () -> {};

  protected GatedDevice(RequestGate gate, StorageThreads threads) {
    this.gate = gate;
    this.threads = threads;
  }

  /**
   * Begins what goes on until the device ends; the last thing that a constructor does.
   *
   * @param name of the device, for people
   * @param writes the epochs of all that write
   */
  protected final void begin(String name, ReaderEpochs... writes) {
    watch = new HostWatch(name, threads.hangs(), gate.waiting(), System.nanoTime(), writes);
    endLooking = threads.looking(watch);
    everySecond = threads.every(SECOND_MILLIS, this::onceASecond);
  }

  /** Whether the host takes long to answer, so that nothing is written in the calling thread. */
  protected final boolean isSlow() {
    return watch != null && watch.isSlow();
  }

  // ---- requests that fail

  /**
   * Answers a request with why it failed: whatever that is, its client must not wait for ever.
   *
   * @param failure what was thrown while it was carried out
   */
  protected final void answerFailed(DeviceRequest request, Throwable failure) {
    switch (failure) {
      case IOException e -> gate.answer(request, e);
      case InternalError e -> gate.answer(request, unreadable(request.offset(), e));
      case OutOfMemoryError e -> gate.answer(request, tooLarge(request.offset(), e));
      default -> {
        LOG.log(Level.ERROR, BUG, failure);
        gate.answer(request, new IOException(BUG, failure));
      }
    }
  }

  /**
   * The JVM throws {@code InternalError} for a page that cannot be read: the file was truncated, or
   * the medium fails.
   */
  protected static IOException unreadable(long offset, InternalError cause) {
    return new IOException(
        "the disk cannot be read at offset "
            + offset
            + ": an image file is shorter than it was, or its medium fails",
        cause);
  }

  private static IOException tooLarge(long offset, OutOfMemoryError cause) {
    return new IOException(
        "the request at offset "
            + offset
            + " needs more memory than this process may use; start Varve with VARVE_JAVA_OPTS=-Xmx1g",
        cause);
  }

  // ---- what a subclass does

  /** Runs about once a second on a storage thread while the device serves. */
  protected abstract void onceASecond();

  /**
   * Refuses writes in the calling thread from now on, and waits for those that have begun. Enough
   * is to wait where each write asks the gate first, which is shut now.
   */
  protected void stopWrites() {
    awaitWrites();
  }

  /** Takes them again, where {@link #stopWrites} did more than wait. */
  protected void allowWrites() {}

  /** Waits for the writes in the calling thread that have begun. */
  protected abstract void awaitWrites();

  /**
   * Closes the files, the last thing that is done.
   *
   * @param failure what kept the last contents from becoming durable, or null
   * @return the first failure
   */
  protected abstract @Nullable Throwable closeFiles(@Nullable Throwable failure);

  // ---- serving

  @Override
  public final Lease lease() throws DeviceClosedException {
    return gate.lease();
  }

  /** A storage thread begins to carry a request out. */
  protected final void begins(DeviceRequest request) {
    RequestTimes times = request.times();
    if (times != null) times.begun(threads.nanoClock().getAsLong());
  }

  /** Hands a request back that was not begun, if the device is held. */
  protected final boolean isHandedBack(DeviceRequest request) {
    if (!gate.isHeld()) return false;
    gate.refuse(request);
    return true;
  }

  // ---- held, to be replaced

  @Override
  public final void awaitBegun() {
    awaitWrites();
    gate.waiting().await();
  }

  @Override
  public final void hold() throws IOException {
    gate.hold();
    try {
      stopWrites();
      gate.awaitChanges();
      commit();
    } catch (Throwable e) {
      release();
      throw e;
    }
  }

  @Override
  public final void release() {
    allowWrites();
    gate.release();
  }

  @Override
  public final void end() {
    cancelEverySecond();
    endWatch();
  }

  @Override
  public final boolean isQuiet() {
    return gate.isQuiet();
  }

  // ---- closing

  private void cancelEverySecond() {
    if (everySecond != null) everySecond.cancel(false);
  }

  private void endWatch() {
    endLooking.run();
    if (watch != null) watch.end();
  }

  @Override
  public final CompletionStage<Void> close() {
    stop(
        failure -> {
          Throwable first = closeFiles(failure);
          if (first == null) closed.complete(null);
          else closed.completeExceptionally(first);
        });
    return closed;
  }

  @Override
  public final void stop(Consumer<@Nullable Throwable> finish) {
    if (gate.close(threads, () -> finish(finish))) cancelEverySecond();
  }

  private void finish(Consumer<@Nullable Throwable> finish) {
    Throwable failure = null;
    try {
      stopWrites();
      commit();
    } catch (Throwable e) {
      failure = e;
    }
    endWatch();
    finish.accept(failure);
  }
}
