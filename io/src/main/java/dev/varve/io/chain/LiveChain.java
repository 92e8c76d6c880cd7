package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ImageWork;
import dev.varve.core.device.ReadSink;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawDisk;
import dev.varve.io.host.RawMedium;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.storage.ServingDevice;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The disk of a running machine: a chain of images, or a raw file or device alone. While a guest
 * uses it, the chain can get a new top image and can lose an image by a merge.
 *
 * <p>The order of calls for a snapshot: {@link #prepareToHold} and then {@link #hold} on all disks
 * of the machine, then the change of the model is made durable, then {@link #push} and {@link
 * #resume}. For the end of a merge: {@code hold}, {@link LiveMerge#complete}, the change of the
 * model, {@link #finish}, {@code resume}. Thread-safe, but only one thread at a time may call
 * {@code hold}, {@code push}, {@code finish} and {@code resume}. Methods that are not part of
 * {@link BlockDevice} block and must not run on an event loop.
 *
 * <p>Each state of the chain is a {@link ServingDevice} of its own, over files that stay open: a
 * {@link DifferencingChain}, or a {@link RawDisk} while a raw base is all there is. A request costs
 * one look-up of the present device. A replacement does not wait for reads: a read that has begun
 * ends on the old device, and the places that it uses stay unchanged until then.
 */
public final class LiveChain implements BlockDevice {

  private static final long CLOSING_POLL_MILLIS = 1;

  private final StorageThreads threads;
  private final ReaderEpochs reads = new ReaderEpochs();
  private final MapLock lock = new MapLock();
  private final WorkCounts work;
  private final DifferencingChain.Shared shared;
  private final DeferredCleanup cleanup;
  private final long capacity;
  private final boolean readOnly;
  private final boolean givesSpaceBack;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /** Takes the guest's requests; null while the disk is held. */
  private volatile @Nullable ServingDevice serving;

  private volatile LiveImages images;
  private volatile long fileSystem;

  /** The bytes that images gave back which have left the chain. */
  private final LongAdder givenBackBefore = new LongAdder();

  /** Guards what follows, and changes of {@link #serving}. */
  private final Object gate = new Object();

  private ServingDevice device;
  private List<DeviceRequest> waiting = new ArrayList<>();
  private boolean closing;
  private @Nullable LiveMerge merging;

  private LiveChain(LiveImages images, boolean readOnly, StorageThreads threads)
      throws IOException {
    this.threads = threads;
    this.work = new WorkCounts(threads.nanoClock());
    this.shared =
        new DifferencingChain.Shared(reads, lock, MapMemory.OF_PROCESS, this::later, work);
    this.cleanup = new DeferredCleanup(threads, reads);
    this.images = images;
    this.readOnly = readOnly;
    this.capacity = images.capacity();
    this.givesSpaceBack = !readOnly && images.givesSpaceBack();
    this.device = newDevice(images);
    this.fileSystem = device.fileSystem();
    this.serving = device;
  }

  /**
   * Opens a chain of VDI images as {@link DifferencingChain#open} does.
   *
   * @param paths base first
   */
  public static LiveChain open(List<Path> paths, boolean readOnly, StorageThreads threads)
      throws IOException {
    return open(ImageChain.of(ImageFormat.VDI, paths), readOnly, new SharedFiles(), threads);
  }

  /**
   * Opens a chain, and shares files that are only read with other chains. A raw base, alone or
   * below others, is opened as by {@link RawMedium#open}, whatever it contains.
   *
   * @param files opens the files that are only read
   */
  public static LiveChain open(
      ImageChain chain, boolean readOnly, SharedFiles files, StorageThreads threads)
      throws IOException {
    return over(LiveImages.open(chain, readOnly, files), readOnly, threads);
  }

  /** Opens a raw file or a device that is the disk by itself. */
  public static LiveChain openRaw(Path path, boolean readOnly, StorageThreads threads)
      throws IOException {
    return open(
        ImageChain.of(ImageFormat.RAW, List.of(path)), readOnly, new SharedFiles(), threads);
  }

  /** A disk over open images, which it owns from now on. */
  static LiveChain over(LiveImages images, boolean readOnly, StorageThreads threads)
      throws IOException {
    try {
      return new LiveChain(images, readOnly, threads);
    } catch (Throwable e) {
      Throwable also = images.close();
      if (also != null) e.addSuppressed(also);
      throw e;
    }
  }

  private ServingDevice newDevice(LiveImages images) {
    RawMedium raw = images.rawAlone();
    return raw != null
        ? RawDisk.over(raw, readOnly, reads, this::later, threads, work.commits())
        : new DifferencingChain(images.images(), !readOnly, threads, UUID::randomUUID, shared);
  }

  /** The files of the chain now, base first. */
  public List<Path> paths() {
    return images.paths();
  }

  /** The images of the chain now. */
  public ImageChain images() {
    return images.registered();
  }

  /** Whether a discard gives space back to the host. */
  public boolean givesSpaceBack() {
    return givesSpaceBack;
  }

  /** How many bytes the host got back from the images since the chain was opened. */
  public long givenBack() {
    return givenBackBefore.sum() + images.givenBack();
  }

  /** Why a file of the chain takes no changes any more; null if each is intact. Never waits. */
  public @Nullable IOException damage() {
    return images.damage();
  }

  /** What the images had to do since the chain was opened. Takes no lock. */
  public ImageWork work() {
    return work.totals();
  }

  // ---- the guest's requests

  @Override
  public long capacity() {
    return capacity;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public long fileSystem() {
    return fileSystem;
  }

  @Override
  public int blockSize() {
    synchronized (gate) {
      return device.blockSize();
    }
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    ServingDevice device = serving;
    return device != null && device.tryRead(offset, length, sink);
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    ServingDevice device = serving;
    return device != null && device.tryWrite(offset, memory, from, length);
  }

  @Override
  public void submit(DeviceRequest request) {
    ServingDevice device = serving;
    if (device != null) device.submit(request);
    else later(request);
  }

  /** Keeps a request that a held device did not begin until {@link #resume}. */
  private void later(DeviceRequest request) {
    ServingDevice device;
    synchronized (gate) {
      device = serving;
      if (device == null) {
        waiting.add(request);
        return;
      }
    }
    device.submit(request);
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    ServingDevice device = serving;
    if (device != null) return device.lease();
    int ticket = reads.enter();
    return () -> reads.exit(ticket);
  }

  // ---- held

  /** Waits until every request that was begun before this call has been carried out. */
  public void awaitBegun() {
    ServingDevice device;
    synchronized (gate) {
      device = this.device;
    }
    device.awaitBegun();
  }

  /**
   * Makes acknowledged writes durable and copies most of what a merge lacks while the guest goes
   * on, so that {@link #hold} has little left to do.
   *
   * @throws IOException if a write cannot be made durable, a file is no longer found under its name
   *     or was truncated, or the disk is closed
   */
  public void prepareToHold() throws IOException {
    ServingDevice device;
    LiveMerge merge;
    synchronized (gate) {
      if (closing) throw new DeviceClosedException("the disk is closed");
      device = this.device;
      merge = merging;
    }
    images.requireInPlace();
    if (merge != null) merge.catchUp();
    device.commit();
  }

  /**
   * Stops the guest's requests: requests that are being carried out are finished, later ones wait
   * for {@link #resume}. When this returns, all acknowledged writes are durable.
   *
   * @throws IOException if they cannot be made durable, or the disk is closed; then the disk is not
   *     held
   */
  public void hold() throws IOException {
    ServingDevice device;
    synchronized (gate) {
      if (closing) throw new DeviceClosedException("the disk is closed");
      device = this.device;
      serving = null;
    }
    try {
      device.hold();
    } catch (Throwable e) {
      resume();
      throw e;
    }
  }

  /**
   * Carries out the waiting requests. If the disk was closed while it was held, they fail and
   * nothing more is written. Does nothing if the disk is not held.
   */
  public void resume() {
    List<DeviceRequest> begun;
    ServingDevice device;
    synchronized (gate) {
      if (serving != null) return;
      device = this.device;
      device.release();
      if (closing) device.stop(this::finishAndClose); // before any request that waits
      serving = device;
      begun = waiting;
      waiting = new ArrayList<>();
      gate.notifyAll();
    }
    for (DeviceRequest request : begun) device.submit(request);
  }

  void requireHeld() {
    if (serving != null) throw new IllegalStateException("the disk is not held");
  }

  /**
   * Puts an image on top, which takes the guest's writes from now on. Call it only while the disk
   * is held.
   *
   * @param newTop a differencing image, child of the present top and as large
   * @throws IOException if it is no such image or cannot be opened; the chain is unchanged
   */
  public void push(Image newTop) throws IOException {
    requireHeld();
    if (readOnly) throw new IllegalStateException("the disk is open read-only");
    synchronized (gate) {
      if (merging != null)
        throw new IllegalStateException("the disk has a merge that has not ended");
    }
    push(newTop, ChainImages.open(newTop, true, true, new SharedFiles()));
  }

  /** The same with an open image, which the disk owns from now on. */
  void push(Image registered, Layer newTop) throws IOException {
    LiveImages higher;
    try {
      higher = images.with(registered, newTop);
      images.cutTop(lock);
      images.top().onlyRead();
    } catch (Throwable e) {
      newTop.close();
      throw e;
    }
    replace(higher);
  }

  /** Replaces the held device by one over {@code next}. */
  private void replace(LiveImages next) {
    ServingDevice replaced = device;
    LiveImages dropped = images.notIn(next);
    replaced.end();
    ServingDevice successor = newDevice(next);
    images = next;
    givenBackBefore.add(dropped.givenBack());
    fileSystem = successor.fileSystem();
    synchronized (gate) {
      device = successor;
    }
    // The image has left the chain, so that a failure to close it loses nothing.
    cleanup.of(replaced, dropped::close);
  }

  // ---- merging

  /**
   * Copies the contents of {@code source} to its neighbour {@code target} while the guest goes on.
   * Returns when only little is left, which {@link LiveMerge#complete} copies. Blocks until then.
   *
   * @param progress may cancel until the target's own contents have changed
   * @return null if it was cancelled
   * @throws IOException if the images cannot be merged while the disk runs, there is not enough
   *     space, or the disk was closed; the disk's contents are unchanged
   * @throws dev.varve.core.medium.HalfMergedException as above, but the target's own contents have
   *     changed
   */
  public @Nullable LiveMerge merge(Path source, Path target, Progress progress) throws IOException {
    LiveMerge merge = begin(source, target);
    boolean done = false;
    try {
      done = merge.run(progress);
      return done ? merge : null;
    } finally {
      if (!done) merge.abandon();
    }
  }

  private LiveMerge begin(Path source, Path target) throws DeviceClosedException {
    synchronized (gate) {
      if (closing) throw new DeviceClosedException("the disk is closed");
      if (merging != null) throw new IllegalStateException("the disk has a merge already");
      List<Path> paths = paths();
      int from = paths.indexOf(source);
      int to = paths.indexOf(target);
      if (from < 0 || to < 0 || Math.abs(from - to) != 1) {
        throw new IllegalArgumentException(
            "%s and %s are not neighbours in the chain %s".formatted(source, target, paths));
      }
      if (readOnly && Math.max(from, to) == paths.size() - 1) {
        throw new IllegalStateException("the disk is open read-only: its top cannot be merged");
      }
      return merging = new LiveMerge(this, images, from, to);
    }
  }

  /**
   * Takes the source of a completed merge out of the chain, and writes the new parent into the
   * header of its child. Afterwards the file of the source can be deleted. Call it only while the
   * disk is held.
   *
   * @throws IOException if the child's header could not be written; the disk goes on without the
   *     source, and the caller must call {@link ChainFiles#reparent} after the disk is closed
   */
  public void finish(LiveMerge merge) throws IOException {
    requireHeld();
    replace(merge.remaining());
    ended(merge);
    merge.finish();
  }

  // ---- for a merge

  DifferencingChain.Shared shared() {
    return shared;
  }

  /**
   * The device that serves now. During a merge it is a {@code DifferencingChain}, since a merge
   * needs two images.
   */
  DifferencingChain chain() {
    synchronized (gate) {
      return (DifferencingChain) device;
    }
  }

  boolean isClosing() {
    synchronized (gate) {
      return closing;
    }
  }

  /**
   * Makes a change in turn with the guest's changes. Waits; if the disk is held, until it goes on.
   */
  void change(Flusher.Change change) throws IOException {
    do {
      awaitServing();
    } while (!chain().change(change)); // false: it was held before the change began
  }

  private void awaitServing() throws IOException {
    synchronized (gate) {
      try {
        while (true) {
          if (closing) throw new DeviceClosedException("the disk is closed");
          if (serving != null) return;
          gate.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while the disk was held");
      }
    }
  }

  void ended(LiveMerge merge) {
    synchronized (gate) {
      if (merging == merge) merging = null;
    }
  }

  // ---- closing

  /**
   * {@inheritDoc} Also fails if a file was deleted or replaced while it was open, so that its
   * contents are lost.
   */
  @Override
  public CompletionStage<Void> close() {
    ServingDevice device;
    synchronized (gate) {
      if (closing) return closed;
      closing = true;
      device = serving;
      gate.notifyAll();
    }
    if (device != null) device.stop(this::finishAndClose); // while held, resume() does it
    return closed;
  }

  private void finishAndClose(@Nullable Throwable failure) {
    LiveMerge merge;
    synchronized (gate) {
      merge = merging;
    }
    boolean running = merge != null && merge.isRunning();
    if (merge != null && !running) merge.abandon();
    if (running || !cleanup.isDone()) {
      threads.later(CLOSING_POLL_MILLIS, () -> finishAndClose(failure));
      return;
    }
    Throwable first = failure == null ? images.makeDense(lock) : failure;
    if (first == null && !readOnly) first = lost();
    Throwable unclosed = images.close();
    if (first == null) first = unclosed;
    if (first == null) closed.complete(null);
    else closed.completeExceptionally(first);
  }

  /**
   * The failure if a file is no longer found under its name, so that the guest's writes are lost;
   * else null.
   */
  private @Nullable Exception lost() {
    try {
      images.requireKept();
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }
}
