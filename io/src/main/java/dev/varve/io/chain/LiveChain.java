package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.VdiFormatException;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
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
 * The disk of a running machine: a chain of VDI images that can get a new top, or lose an image by
 * a merge, while a guest uses it.
 *
 * <p>The order of calls for a snapshot: {@link #prepareToHold} and then {@link #hold} on all disks
 * of the machine, the decision that the snapshot is taken, {@link #push}, {@link #resume}. For the
 * end of a merge: {@code hold}, {@link LiveMerge#complete}, the decision, {@link #finish}, {@code
 * resume}. What is not part of {@link BlockDevice} blocks and must not run on an event loop; one
 * thread at a time calls {@code hold}, {@code push}, {@code finish} and {@code resume}.
 *
 * <p>Each state of the chain is a {@link DifferencingChain} of its own, over images that stay open;
 * a request costs one look at which of them it is. Reads are not waited for when one replaces the
 * other: who has begun to read ends on the old one, whose places stay as they are until he has
 * left.
 */
public final class LiveChain implements BlockDevice {

  private static final long CLOSING_POLL_MILLIS = 1;

  private final StorageThreads threads;
  private final Grace reads = new Grace();
  private final Object lock = new Object();
  private final DifferencingChain.Shared shared =
      new DifferencingChain.Shared(reads, lock, this::later);
  private final Afterwards afterwards;
  private final long capacity;
  private final boolean readOnly;
  private final boolean givesSpaceBack;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /** Takes the guest's requests; null while the disk is held. */
  private volatile @Nullable DifferencingChain serving;

  private volatile List<Layer> layers;

  /** What the images gave back that are in the chain no more. */
  private final LongAdder givenBackBefore = new LongAdder();

  /** Guards what follows, and changes of {@link #serving}. */
  private final Object gate = new Object();

  private DifferencingChain chain;
  private List<DeviceRequest> waiting = new ArrayList<>();
  private boolean closing;
  private @Nullable LiveMerge merging;

  /** An image of the chain. */
  record Layer(Path path, VdiImage image) {}

  private LiveChain(List<Layer> layers, boolean readOnly, StorageThreads threads)
      throws IOException {
    this.threads = threads;
    this.afterwards = new Afterwards(threads, reads);
    this.layers = List.copyOf(layers);
    this.readOnly = readOnly;
    this.capacity = layers.getLast().image.capacity();
    this.givesSpaceBack = !readOnly && layers.getLast().image.file().punchesHoles();
    this.chain = newChain(layers);
    this.serving = chain;
  }

  /**
   * Opens a chain as {@link DifferencingChain#open} does.
   *
   * @param paths base first
   */
  public static LiveChain open(List<Path> paths, boolean readOnly, StorageThreads threads)
      throws IOException {
    return open(paths, readOnly, new SharedFiles(), threads);
  }

  /**
   * The same, sharing what is only read with other chains.
   *
   * @param files opens what is only read
   */
  public static LiveChain open(
      List<Path> paths, boolean readOnly, SharedFiles files, StorageThreads threads)
      throws IOException {
    List<VdiImage> images = new ArrayList<>();
    try {
      DifferencingChain.openImages(images, paths, readOnly, true, files);
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) layers.add(new Layer(paths.get(i), images.get(i)));
      return new LiveChain(layers, readOnly, threads);
    } catch (Throwable e) {
      for (VdiImage image : images) image.close();
      throw e;
    }
  }

  private DifferencingChain newChain(List<Layer> layers) {
    List<VdiImage> images = layers.stream().map(Layer::image).toList();
    return new DifferencingChain(images, !readOnly, threads, UUID::randomUUID, shared);
  }

  /** The images of the chain now, base first. */
  public List<Path> paths() {
    return layers.stream().map(Layer::path).toList();
  }

  /** Whether discarding gives space back to the host. */
  public boolean givesSpaceBack() {
    return givesSpaceBack;
  }

  /** How many bytes the host got back from the images since the chain was opened. */
  public long givenBack() {
    long bytes = givenBackBefore.sum();
    for (Layer layer : layers) bytes += layer.image.file().givenBack();
    return bytes;
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
  public int blockSize() {
    return layers.getLast().image.blockSize();
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    DifferencingChain chain = serving;
    return chain != null && chain.tryRead(offset, length, sink);
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment source) throws IOException {
    DifferencingChain chain = serving;
    return chain != null && chain.tryWrite(offset, source);
  }

  @Override
  public void submit(DeviceRequest request) {
    DifferencingChain chain = serving;
    if (chain != null) chain.submit(request);
    else later(request);
  }

  /** Takes a request that a held chain did not begin. */
  private void later(DeviceRequest request) {
    DifferencingChain chain;
    synchronized (gate) {
      chain = serving;
      if (chain == null) {
        waiting.add(request);
        return;
      }
    }
    chain.submit(request);
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    DifferencingChain chain = serving;
    if (chain != null) return chain.lease();
    int ticket = reads.enter();
    return () -> reads.exit(ticket);
  }

  // ---- held

  /**
   * Makes durable what was acknowledged, and copies what a merge lacks, while the guest goes on: so
   * that {@link #hold} has little left to do.
   *
   * @throws IOException something cannot be made durable, or the disk is closed
   */
  public void prepareToHold() throws IOException {
    DifferencingChain chain;
    LiveMerge merge;
    synchronized (gate) {
      if (closing) throw new DeviceClosedException("the disk is closed");
      chain = this.chain;
      merge = merging;
    }
    if (merge != null) merge.catchUp();
    chain.commit();
  }

  /**
   * Stops the guest's requests: those being carried out are finished, later ones wait for {@link
   * #resume}. When this returns everything that was acknowledged is durable.
   *
   * @throws IOException it cannot be made durable, or the disk is closed; the disk is not held
   */
  public void hold() throws IOException {
    DifferencingChain chain;
    synchronized (gate) {
      if (closing) throw new DeviceClosedException("the disk is closed");
      chain = this.chain;
      serving = null;
    }
    try {
      chain.hold();
    } catch (Throwable e) {
      resume();
      throw e;
    }
  }

  /**
   * Changes the header of one of the disk's images, and makes it durable. Only while held: then
   * nobody else writes headers.
   */
  void changeHeader(VdiImage image, ChainFiles.HeaderChange change) throws IOException {
    VdiHeader header;
    synchronized (lock) {
      header = change.of(image.header());
      image.header(header);
    }
    image.writeHeader(header);
    image.file().sync();
  }

  /**
   * Goes on with the requests that wait; if the disk was closed while it was held, they fail and
   * nothing is written any more. Does nothing if the disk is not held.
   */
  public void resume() {
    List<DeviceRequest> begun;
    DifferencingChain chain;
    synchronized (gate) {
      if (serving != null) return;
      chain = this.chain;
      chain.release();
      if (closing) chain.stop(this::finishAndClose); // before any request that waits
      serving = chain;
      begun = waiting;
      waiting = new ArrayList<>();
      gate.notifyAll();
    }
    for (DeviceRequest request : begun) chain.submit(request);
  }

  void requireHeld() {
    if (serving != null) throw new IllegalStateException("the disk is not held");
  }

  /**
   * Puts an image on top, which takes the guest's writes from now on. Only while held.
   *
   * @param newTop a differencing image, child of the present top and as large
   * @throws IOException it is no such image or cannot be opened; the chain stays as it was
   */
  public void push(Path newTop) throws IOException {
    requireHeld();
    if (readOnly) throw new IllegalStateException("the disk is open read-only");
    synchronized (gate) {
      if (merging != null)
        throw new IllegalStateException("the disk has a merge that is not ended");
    }
    VdiImage image = DifferencingChain.openImage(newTop, true, true);
    try {
      checkTop(image);
      layers.getLast().image.file().onlyRead();
    } catch (Throwable e) {
      image.close();
      throw e;
    }
    List<Layer> higher = new ArrayList<>(layers);
    higher.add(new Layer(newTop, image));
    replace(higher);
  }

  private void checkTop(VdiImage top) throws VdiFormatException {
    List<VdiImage> images = new ArrayList<>(layers.stream().map(Layer::image).toList());
    images.add(top);
    DifferencingChain.checkParent(images, images.size() - 1);
    if (top.capacity() == capacity) return;
    throw new VdiFormatException(
        top.file().name(),
        "disk size",
        top.capacity(),
        "a running disk stays as large as it is, " + capacity + " bytes",
        "create the image as a child of " + layers.getLast().path);
  }

  /** Lets another chain take over from the one that is held. */
  private void replace(List<Layer> layers) {
    VdiImage top = this.layers.getLast().image;
    DifferencingChain replaced = chain;
    List<Integer> places = replaced.end();
    List<Layer> dropped = new ArrayList<>(this.layers);
    dropped.removeAll(layers);
    DifferencingChain next = newChain(layers);
    long givenBack = 0;
    for (Layer layer : dropped) givenBack += layer.image.file().givenBack();
    this.layers = List.copyOf(layers);
    givenBackBefore.add(givenBack);
    synchronized (gate) {
      chain = next;
    }
    afterwards.of(
        replaced,
        () -> {
          release(top, places);
          for (Layer layer : dropped) closeQuietly(layer.image);
        });
  }

  /** Of an image that belongs to no chain any more nothing can be lost. */
  private static void closeQuietly(VdiImage image) {
    try {
      image.close();
    } catch (IOException _) {
      // its descriptor is gone all the same
    }
  }

  // ---- merging

  /**
   * Copies what {@code source} holds to {@code target}, its neighbour, while the guest goes on;
   * returns when only little is left, which {@link LiveMerge#complete} copies. Blocks for as long
   * as that takes.
   *
   * @param progress may cancel as long as the target was not changed in a way that can be seen
   *     without the source
   * @return null if it was cancelled
   * @throws IOException the images cannot be merged while the disk runs, there is not enough space,
   *     or the disk was closed; the disk shows what it did
   * @throws dev.varve.core.medium.HalfMergedException so, and the target by itself does not
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
      return merging = new LiveMerge(this, layers, from, to);
    }
  }

  /**
   * Takes the source of a completed merge out of the chain and tells its child who the parent is
   * now. The file of the source is nobody's afterwards: it can be deleted at once. Only while held.
   *
   * @throws IOException the child's header could not be written; the disk goes on without the
   *     source, and {@link ChainFiles#reparent} is to be done once the disk is closed
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

  DifferencingChain chain() {
    synchronized (gate) {
      return chain;
    }
  }

  boolean isClosing() {
    synchronized (gate) {
      return closing;
    }
  }

  /** Makes a change in its turn among those of the guest, and after a hold. Waits. */
  void change(Flusher.Change change) throws IOException {
    while (!awaitServing().change(change)) {
      // held meanwhile
    }
  }

  private DifferencingChain awaitServing() throws IOException {
    synchronized (gate) {
      try {
        while (true) {
          if (closing) throw new DeviceClosedException("the disk is closed");
          DifferencingChain chain = serving;
          if (chain != null) return chain;
          gate.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while the disk was held");
      }
    }
  }

  /** Makes places of an image unused once those have left who read now. */
  void leavePlaces(VdiImage image, List<Integer> places) {
    if (!places.isEmpty()) afterwards.ofReaders(() -> release(image, places));
  }

  private void release(VdiImage image, List<Integer> places) {
    synchronized (lock) {
      for (int place : places) image.allocator().releaseStale(place);
    }
  }

  void ended(LiveMerge merge) {
    synchronized (gate) {
      if (merging == merge) merging = null;
    }
  }

  // ---- closing

  @Override
  public CompletionStage<Void> close() {
    DifferencingChain chain;
    synchronized (gate) {
      if (closing) return closed;
      closing = true;
      chain = serving;
      gate.notifyAll();
    }
    if (chain != null) chain.stop(this::finishAndClose); // else resuming does it
    return closed;
  }

  private void finishAndClose(@Nullable Throwable failure) {
    LiveMerge merge;
    synchronized (gate) {
      merge = merging;
    }
    boolean running = merge != null && merge.isRunning();
    if (merge != null && !running) merge.abandon();
    if (running || !afterwards.isDone()) {
      threads.later(CLOSING_POLL_MILLIS, () -> finishAndClose(failure));
      return;
    }
    Throwable first = failure == null ? makeDense() : failure;
    for (Layer layer : layers) {
      try {
        layer.image.close();
      } catch (Throwable e) {
        if (first == null) first = e;
      }
    }
    if (first == null) closed.complete(null);
    else closed.completeExceptionally(first);
  }

  /** Leaves every image dense that was written while the disk was open; returns a failure. */
  private @Nullable Throwable makeDense() {
    Throwable failure = null;
    for (Layer layer : layers) {
      VdiImage image = layer.image;
      if (!image.hasAllocator()) continue;
      try {
        image.file().allowWriting();
        DenseFile.makeIfChanged(image, new Places(image, lock, reads, new Grace()));
      } catch (ImageInUseException _) {
        // Another disk has it as a parent: it stays as it is, good and with holes.
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    return failure;
  }
}
