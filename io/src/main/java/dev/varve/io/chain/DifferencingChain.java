package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.Lane;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.VdiFormatException;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A chain of VDI images as one disk. Reads go through all of them, writes to the top one.
 *
 * <p>Where a request is served:
 *
 * <ul>
 *   <li>a read of resident data, and a write to blocks that the top image holds: in the calling
 *       thread;
 *   <li>reads that may wait for a medium: by {@link ColdReads}, on storage threads;
 *   <li>writes in place that may be throttled: two at once on storage threads;
 *   <li>whatever changes where blocks lie: one at a time, in the order it came;
 *   <li>flushes: by the {@link Flusher}, and once a second if the block map changed.
 * </ul>
 */
public final class DifferencingChain implements BlockDevice {

  private enum State {
    OPEN,
    /** Open, but writes are made to wait a little before they are begun. */
    SLOW,
    /** Requests are handed back to whoever owns the chain. */
    HELD,
    CLOSED
  }

  private static final int READERS = 2;
  private static final int WRITERS = 2;
  private static final long WRITE_BACK_MILLIS = 1000;
  private static final long CLOSING_POLL_MILLIS = 1;
  private static final long MAX_DELAY_NANOS = 1_000_000_000;

  /** After so long a delayed write looks whether it is to be held. */
  private static final long DELAY_STEP_NANOS = 2_000_000;

  private final List<VdiImage> images;
  private final StorageThreads threads;
  private final ChainReader chain;
  private final @Nullable TopImage top;
  private final @Nullable Flusher flusher;
  private final Grace reads;
  private final ColdReads coldReads;
  private final Lane readers;
  private final Lane writers;
  private final Lane changes;

  /** Requests that only read and are not answered. */
  private final AtomicInteger reading = new AtomicInteger();

  /** The other requests that are not answered, and a write-back of our own. */
  private final AtomicInteger changing = new AtomicInteger();

  /** Read by every request; changed by {@link #turn}. */
  private volatile State state = State.OPEN;

  private final Consumer<DeviceRequest> handBack;
  private volatile long delayPerPieceNanos;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final ScheduledFuture<?> everySecond;

  /**
   * Opens a chain of image files as one disk, after checking that each is the parent of the next.
   * Parents are locked against writers, the top image of a writable chain against everybody. May
   * wait for the medium. Nothing is written, and a chain that is refused leaves every file as it
   * was.
   *
   * @param paths base first
   * @throws VdiFormatException if an image breaks a rule of the format or of the chain
   * @throws dev.varve.io.file.ImageInUseException if somebody else has an image open
   */
  public static DifferencingChain open(List<Path> paths, boolean readOnly, StorageThreads threads)
      throws IOException {
    List<VdiImage> images = new ArrayList<>();
    try {
      openImages(images, paths, readOnly, false, new SharedFiles());
      return new DifferencingChain(images, !readOnly, threads, UUID::randomUUID);
    } catch (Throwable e) {
      for (VdiImage image : images) image.close();
      throw e;
    }
  }

  /**
   * Opens and checks images, and adds each to {@code images}, from which the caller closes them if
   * this fails.
   *
   * @param allGrow whether images below the top may be written later
   * @param files opens what is only read
   */
  static void openImages(
      List<VdiImage> images, List<Path> paths, boolean readOnly, boolean allGrow, SharedFiles files)
      throws IOException {
    for (int i = 0; i < paths.size(); i++) {
      boolean writable = !readOnly && i == paths.size() - 1;
      images.add(
          i == 0 && RawBase.isBelow(paths)
              ? RawBase.open(paths, false)
              : openImage(paths.get(i), writable, writable || allGrow, files));
      checkParent(images, i);
    }
  }

  static VdiImage openImage(Path path, boolean writable, boolean grows) throws IOException {
    return openImage(path, writable, grows, new SharedFiles());
  }

  private static VdiImage openImage(Path path, boolean writable, boolean grows, SharedFiles files)
      throws IOException {
    long reach = grows ? reach(path) : 0;
    return writable
        ? VdiImage.openReadWrite(MappedFile.openReadWrite(path, reach))
        : VdiImage.openReadOnly(files.openReadOnly(path, reach));
  }

  /** How long the file can become: every block in its place. */
  private static long reach(Path path) throws IOException {
    VdiHeader header = VdiHeader.peek(path);
    return header.blockOffset(header.blockCount());
  }

  static void checkParent(List<VdiImage> images, int index) throws VdiFormatException {
    VdiImage image = images.get(index);
    UUID parent = image.header().parentUuid();
    if (index == 0) {
      if (!parent.equals(VdiHeader.NO_UUID)) {
        throw new VdiFormatException(
            image.file().name(),
            "parent uuid",
            parent,
            "a chain begins with an image that has no parent",
            "name the parent, or the folder that it is in, too");
      }
      return;
    }
    VdiImage below = images.get(index - 1);
    if (!parent.equals(below.header().uuid())) {
      throw new VdiFormatException(
          image.file().name(),
          "parent uuid",
          parent,
          "the image below it, " + below.file().name() + ", has uuid " + below.header().uuid(),
          "name the images of one chain, base first");
    }
    if (image.header().type() == ImageType.FIXED) {
      throw new VdiFormatException(
          image.file().name(),
          "image type",
          image.header().type(),
          "only a base can be fixed",
          "name the images of one chain, base first");
    }
  }

  /**
   * A chain over images that are open, base first.
   *
   * @param images owned by the chain from now on
   * @param uuids gives the modify uuid that the top image gets when its content changes
   */
  DifferencingChain(
      List<VdiImage> images, boolean writable, StorageThreads threads, Supplier<UUID> uuids) {
    this(images, writable, threads, uuids, new Shared(new Grace(), new Object(), _ -> {}));
  }

  /**
   * What the chains have in common that are one disk, one after the other.
   *
   * @param reads everybody who reads, whichever chain found the place
   * @param lock guards the block maps of all images
   * @param handBack takes the requests that come, or were not begun, while the chain is held
   */
  record Shared(Grace reads, Object lock, Consumer<DeviceRequest> handBack) {}

  DifferencingChain(
      List<VdiImage> images,
      boolean writable,
      StorageThreads threads,
      Supplier<UUID> uuids,
      Shared shared) {
    this.images = List.copyOf(images);
    this.threads = threads;
    this.reads = shared.reads;
    this.handBack = shared.handBack;
    this.chain = new ChainReader(images, shared.lock);
    if (writable) {
      top = new TopImage(images.getLast(), images.size() - 1, chain, reads, uuids);
      chain.top(top);
      flusher = new Flusher(top, reads, threads, this::answer);
    } else {
      top = null;
      flusher = null;
    }
    coldReads = new ColdReads(chain, threads, this::serveRead);
    readers = new Lane(threads, READERS);
    writers = new Lane(threads, WRITERS);
    changes = new Lane(threads, 1);
    everySecond = threads.every(WRITE_BACK_MILLIS, this::writeBack);
  }

  @Override
  public long capacity() {
    return images.getLast().capacity();
  }

  @Override
  public boolean readOnly() {
    return top == null;
  }

  @Override
  public int blockSize() {
    return images.getLast().blockSize();
  }

  // ---- in the calling thread

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    int ticket = reads.enter();
    try {
      if (state != State.OPEN && !isSlow()) return false;
      ChainMap map = chain.map();
      long entry = map.entry(offset >>> map.unitShift());
      int within = (int) offset & map.unitSize() - 1;
      if (ChainMap.isStored(entry)
          && length <= map.unitSize() - within
          && !sink.keepsReferences()) {
        ImageFile file = chain.file(entry);
        long fileOffset = ChainMap.fileOffset(entry) + within;
        if (!file.resident(fileOffset, length)) return false;
        sink.bytes(file.mapping(), fileOffset, length);
        return true;
      }
      return readRuns(offset, length, sink);
    } catch (InternalError e) {
      throw unreadable(offset, e);
    } finally {
      reads.exit(ticket);
    }
  }

  /** Asked when the chain is not open at full speed: whether it is open at all. */
  private boolean isSlow() throws DeviceClosedException {
    return switch (state) {
      case OPEN, SLOW -> true;
      case HELD -> false;
      case CLOSED -> throw closed();
    };
  }

  /** What the JVM makes of a page that cannot be had: the file was cut, or the medium fails. */
  private static IOException unreadable(long offset, InternalError cause) {
    return new IOException(
        "the disk cannot be read at offset "
            + offset
            + ": an image file is shorter than it was, or its medium fails",
        cause);
  }

  private boolean readRuns(long offset, int length, ReadSink sink) throws IOException {
    if (!chain.walk(offset, length, new Residency(sink.keepsReferences()))) return false;
    return chain.walk(offset, length, new Delivery(sink));
  }

  /**
   * Whether every run is resident; and, for a sink that keeps references, whether the files still
   * reach so far.
   */
  private record Residency(boolean checksLength) implements ChainReader.Runs {
    @Override
    public boolean stored(ImageFile file, long fileOffset, int length) throws IOException {
      if (!file.resident(fileOffset, length)) return false;
      if (checksLength && file.length() < fileOffset + length) {
        throw new IOException(
            file.name()
                + ": the file was cut to "
                + file.length()
                + " bytes by somebody else while it is served");
      }
      return true;
    }

    @Override
    public boolean zeroes(int length) {
      return true;
    }
  }

  private record Delivery(ReadSink sink) implements ChainReader.Runs {
    @Override
    public boolean stored(ImageFile file, long fileOffset, int length) {
      sink.bytes(file.mapping(), fileOffset, length);
      return true;
    }

    @Override
    public boolean zeroes(int length) {
      sink.zeroes(length);
      return true;
    }
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment source) throws IOException {
    if (state != State.OPEN) {
      isSlow();
      return false;
    }
    return writable().writesInPlace(offset)
        && threads.dirtyPages().admits(source.byteSize())
        && writable().writeInPlace(offset, source, false);
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    int ticket = reads.enter();
    if (state == State.CLOSED) {
      reads.exit(ticket);
      throw closed();
    }
    return () -> reads.exit(ticket);
  }

  // ---- on storage threads

  @Override
  public void submit(DeviceRequest request) {
    pending(request).incrementAndGet();
    if (isShut()) {
      refuse(request);
      return;
    }
    switch (request.op()) {
      case READ -> coldReads.submit(request);
      case CACHE, EXTENTS -> readers.execute(() -> serveRead(request));
      case WRITE -> {
        if (writable().writesInPlace(request.offset()))
          writers.execute(() -> writeInPlace(request));
        else changes.execute(() -> serveChange(request));
      }
      case DISCARD, WRITE_ZEROES -> changes.execute(() -> serveChange(request));
      case FLUSH -> flush(request);
    }
  }

  private boolean isShut() {
    State now = state;
    return now == State.HELD || now == State.CLOSED;
  }

  private AtomicInteger pending(DeviceRequest request) {
    return switch (request.op()) {
      case READ, CACHE, EXTENTS -> reading;
      case WRITE, DISCARD, WRITE_ZEROES, FLUSH -> changing;
    };
  }

  /** Nothing of the request was done. */
  private void refuse(DeviceRequest request) {
    if (state == State.CLOSED) {
      answer(request, closed());
    } else {
      pending(request).decrementAndGet();
      handBack.accept(request);
    }
  }

  /** Work that may wait and may fail. */
  private interface Work {
    void on(DeviceRequest request) throws IOException;
  }

  private void serve(DeviceRequest request, Work work) {
    try {
      work.on(request);
    } catch (IOException e) {
      answer(request, e);
      return;
    } catch (InternalError e) {
      answer(request, unreadable(request.offset(), e));
      return;
    }
    finish(request);
  }

  private void serveRead(DeviceRequest request) {
    int ticket = reads.enter();
    try {
      // Of a chain that was held since, another may have given away what this one's map says.
      if (state == State.HELD) refuse(request);
      else serve(request, this::read);
    } finally {
      reads.exit(ticket);
    }
  }

  private void read(DeviceRequest request) throws IOException {
    switch (request.op()) {
      case READ -> chain.read(request.offset(), request.memory());
      case CACHE -> chain.prefetch(request.offset(), request.length());
      default -> chain.extents(request.offset(), request.length(), request.extentSink());
    }
  }

  private void writeInPlace(DeviceRequest request) {
    delay(request);
    try {
      if (writable().writeInPlace(request.offset(), request.memory(), true)) finish(request);
      else changes.execute(() -> serveChange(request));
    } catch (IOException e) {
      answer(request, e);
    }
  }

  private void serveChange(DeviceRequest request) {
    delay(request);
    if (state == State.HELD) refuse(request);
    else serve(request, this::change);
  }

  private void delay(DeviceRequest request) {
    if (state != State.SLOW) return;
    long pieces = Math.ceilDiv(Math.max(1, request.length()), ChangedRanges.PIECE);
    long left = Math.min(pieces * delayPerPieceNanos, MAX_DELAY_NANOS);
    for (; left > 0 && state == State.SLOW; left -= DELAY_STEP_NANOS) {
      LockSupport.parkNanos(Math.min(left, DELAY_STEP_NANOS));
    }
  }

  private void change(DeviceRequest request) throws IOException {
    if (flusher == null) writable();
    else flusher.makingRoom(() -> apply(request));
  }

  private void apply(DeviceRequest request) throws IOException {
    if (request.op() == DeviceRequest.Op.WRITE) {
      writable().write(request.offset(), request.memory());
    } else {
      writable().zero(request.offset(), request.length(), request.keepsSpace());
    }
  }

  private void finish(DeviceRequest request) {
    if (request.fua()) flush(request);
    else answer(request, null);
  }

  private void flush(DeviceRequest request) {
    if (flusher == null) answer(request, null);
    else flusher.flush(request);
  }

  private void answer(DeviceRequest request, @Nullable IOException failure) {
    AtomicInteger pending = pending(request); // once answered the request can be anything
    try {
      if (failure == null) DeviceRequest.complete(request);
      else DeviceRequest.fail(request, failure);
    } finally {
      pending.decrementAndGet();
    }
  }

  private TopImage writable() {
    if (top == null) throw new IllegalStateException("the disk is open read-only");
    return top;
  }

  private static DeviceClosedException closed() {
    return new DeviceClosedException("the disk is closed");
  }

  // ---- once a second, and at the end

  private void refreshResidency() {
    for (VdiImage image : images) {
      try {
        image.file().refreshResidency();
      } catch (IOException e) {
        // The file was cut or is closed: whoever reads there is told.
      }
    }
  }

  /**
   * Brings changes of the block map to the file, so that a crash loses at most a second of them.
   */
  private void writeBack() {
    refreshResidency();
    if (top == null || flusher == null || !top.needsCommit()) return;
    changing.incrementAndGet(); // before it looks: a close waits for it, or is seen
    if (isShut()) changing.decrementAndGet();
    else flusher.flush(new WriteBack());
  }

  /** A flush that nobody waits for. If it fails, so does the guest's next one. */
  private static final class WriteBack extends DeviceRequest {
    @Override
    protected void completed() {}

    @Override
    protected void failed(IOException cause) {}
  }

  /** Makes everything that was completed before this call durable. Waits. */
  void commit() throws IOException {
    if (flusher != null) flusher.commit();
  }

  // ---- what a merge needs

  /** The image that is written. */
  TopImage top() {
    return writable();
  }

  /** Reads by position, as a guest would. Waits. */
  void readNow(long offset, MemorySegment destination) throws IOException {
    int ticket = reads.enter();
    try {
      chain.read(offset, destination);
    } finally {
      reads.exit(ticket);
    }
  }

  /**
   * Makes the guest's writes wait, each of a few lanes about 1 ms &lt;&lt; {@code shift} for every
   * 64 KiB; until {@link #fullSpeed}.
   */
  void slowDown(int shift) {
    delayPerPieceNanos = 1_000_000L << shift;
    turn(State.OPEN, State.SLOW);
  }

  void fullSpeed() {
    turn(State.SLOW, State.OPEN);
  }

  /**
   * Makes a change in its turn among those of the guest. Waits.
   *
   * @return false if the chain is not open; nothing was done
   */
  boolean change(Flusher.Change change) throws IOException {
    var done = new CompletableFuture<Boolean>();
    changing.incrementAndGet();
    changes.execute(
        () -> {
          try {
            boolean open = !isShut();
            if (open && flusher != null) flusher.makingRoom(change);
            done.complete(open);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          } finally {
            changing.decrementAndGet();
          }
        });
    try {
      return done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    }
  }

  // ---- held, to be replaced

  /**
   * Stops the requests that change something: those being carried out are finished, all others are
   * handed back, and reads that have not begun with them. When this returns, everything that was
   * acknowledged is durable. Waits; reads are not waited for.
   *
   * @throws IOException it cannot be made durable, or the chain is closed; it is not held
   */
  void hold() throws IOException {
    if (!turnAway(State.HELD)) throw closed();
    try {
      if (top != null) top.stopWrites();
      awaitChanges();
      commit();
    } catch (Throwable e) {
      release();
      throw e;
    }
  }

  private synchronized boolean turn(State from, State to) {
    if (state != from) return false;
    state = to;
    return true;
  }

  /** From open, or slow, to {@code next}; false if the chain is neither. */
  private synchronized boolean turnAway(State next) {
    return turn(State.OPEN, next) || turn(State.SLOW, next);
  }

  private void awaitChanges() {
    for (int spins = 0; changing.get() != 0; spins++) {
      if (spins < 1000) Thread.onSpinWait();
      else LockSupport.parkNanos(50_000);
    }
  }

  /** Takes requests again. */
  void release() {
    if (top != null) top.allowWrites();
    turn(State.HELD, State.OPEN);
  }

  /**
   * Leaves the images of a held chain to another one. Requests are handed back for ever, and {@link
   * #isQuiet} says when none is left.
   *
   * @return places of the top image that nobody needs but readers who have begun
   */
  List<Integer> end() {
    everySecond.cancel(false);
    return top == null ? List.of() : top.leavePlaces();
  }

  /** Whether every request was answered or handed back. */
  boolean isQuiet() {
    return reading.get() == 0 && changing.get() == 0;
  }

  // ---- closing

  @Override
  public CompletionStage<Void> close() {
    stop(this::finishAndClose);
    return closed;
  }

  /**
   * Refuses requests from now on. Once all are answered and the readers of now have left, slices
   * that sockets hold among them, everything is made durable and {@code finish} is told, unless
   * somebody called this before.
   */
  void stop(Consumer<@Nullable Throwable> finish) {
    if (!turnAway(State.CLOSED)) return;
    everySecond.cancel(false);
    long since = reads.epoch();
    threads.execute(() -> stopWhenQuiet(since, finish));
  }

  /** Comes back until it is quiet: it must not keep the thread that the others need. */
  private void stopWhenQuiet(long since, Consumer<@Nullable Throwable> finish) {
    if (!isQuiet() || !reads.passed(since)) {
      threads.later(CLOSING_POLL_MILLIS, () -> stopWhenQuiet(since, finish));
      return;
    }
    Throwable failure = null;
    try {
      if (top != null) {
        top.stopWrites();
        commit();
      }
    } catch (Throwable e) {
      failure = e;
    }
    finish.accept(failure);
  }

  private void finishAndClose(@Nullable Throwable failure) {
    try {
      if (top != null && failure == null) top.makeDense(false);
    } catch (Throwable e) {
      failure = e;
    }
    for (VdiImage image : images) {
      try {
        image.close();
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    if (failure == null) closed.complete(null);
    else closed.completeExceptionally(failure);
  }
}
