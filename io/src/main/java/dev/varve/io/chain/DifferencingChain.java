package dev.varve.io.chain;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ImageWork;
import dev.varve.core.device.ReadSink;
import dev.varve.core.device.Stages;
import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.GatedDevice;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.storage.RequestGate;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.storage.TaskLane;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A chain of images as one disk. Reads go through all images, writes go to the top one.
 * Thread-safe.
 *
 * <p>Where a request is served:
 *
 * <ul>
 *   <li>a read of resident data, and a write to blocks that the top image holds: in the calling
 *       thread, without waiting;
 *   <li>reads that may wait for a medium: by {@link ColdReads}, on storage threads;
 *   <li>writes in place that may be throttled: two at once on storage threads;
 *   <li>changes of where blocks lie: in the <i>change lane</i>, one at a time, in the order in
 *       which they came;
 *   <li>flushes: by the {@link Flusher}, and once a second if the block map changed.
 * </ul>
 */
public final class DifferencingChain extends GatedDevice {

  private static final int READERS = 2;
  private static final int WRITERS = 2;

  private final List<Layer> images;
  private final ChainReader chain;
  private final @Nullable TopImage top;
  private final @Nullable Flusher flusher;
  private final ReaderEpochs reads;
  private final ColdReads coldReads;
  private final TaskLane readers;
  private final TaskLane writers;
  private final TaskLane changes;

  /** The requests that are being carried out in the change lane. */
  private final ReaderEpochs changing = new ReaderEpochs();

  private final WriteThrottle throttle;
  private final WriteBackFailures writeBacks;
  private final long fileSystem;
  private final WorkCounts work;

  /**
   * Opens a chain of image files as one disk, after checking that each is the parent of the next.
   * Parents are locked against writers, and the top image of a writable chain against readers too.
   * May wait for the medium. Nothing is written, except that a count of allocated blocks that a
   * crash left wrong is corrected. A chain that is refused leaves every file as it was.
   *
   * @param paths base first
   * @throws ImageFormatException if an image breaks a rule of the format or of the chain
   * @throws dev.varve.io.file.ImageInUseException if another process has an image open
   */
  public static DifferencingChain open(List<Path> paths, boolean readOnly, StorageThreads threads)
      throws IOException {
    return open(RawBase.found(paths), readOnly, threads);
  }

  /** The same for images with known formats; a raw base must have an image above it. */
  public static DifferencingChain open(ImageChain chain, boolean readOnly, StorageThreads threads)
      throws IOException {
    List<Layer> images = new ArrayList<>();
    try {
      ChainImages.open(images, chain, readOnly, false, new SharedFiles());
      return new DifferencingChain(images, !readOnly, threads, UUID::randomUUID);
    } catch (Throwable e) {
      ChainImages.closeAfter(e, images);
      throw e;
    }
  }

  /**
   * A chain over open images.
   *
   * @param images base first; owned by the chain from now on
   * @param uuids gives the modify uuid that the top image gets when its content changes
   */
  DifferencingChain(
      List<Layer> images, boolean writable, StorageThreads threads, Supplier<UUID> uuids) {
    this(images, writable, threads, uuids, MapMemory.OF_PROCESS);
  }

  DifferencingChain(
      List<Layer> images,
      boolean writable,
      StorageThreads threads,
      Supplier<UUID> uuids,
      MapMemory memory) {
    this(
        images,
        writable,
        threads,
        uuids,
        new Shared(
            new ReaderEpochs(),
            new MapLock(),
            memory,
            _ -> {},
            new WorkCounts(threads.nanoClock())));
  }

  /**
   * What successive chains of one disk share.
   *
   * @param reads the reads in progress, of all chains of the disk
   * @param lock guards the block maps of all images
   * @param memory for the chains' maps
   * @param handBack takes the requests that arrive, or have not begun, while the chain is held
   * @param work counts what the images do
   */
  record Shared(
      ReaderEpochs reads,
      MapLock lock,
      MapMemory memory,
      Consumer<DeviceRequest> handBack,
      WorkCounts work) {}

  DifferencingChain(
      List<Layer> images,
      boolean writable,
      StorageThreads threads,
      Supplier<UUID> uuids,
      Shared shared) {
    super(new RequestGate("the disk", shared.reads, shared.handBack), threads);
    this.images = List.copyOf(images);
    this.fileSystem = fileSystem(images);
    this.reads = shared.reads;
    this.work = shared.work;
    this.throttle = new WriteThrottle(gate::isShut);
    this.chain = new ChainReader(images, shared.lock, shared.memory);
    if (writable) {
      top = new TopImage(images.getLast(), chain, uuids, true, shared.work);
      chain.top(top);
      flusher = new Flusher(top, reads, threads, shared.work.commits(), gate::answer);
    } else {
      top = null;
      flusher = null;
    }
    coldReads = new ColdReads(chain, threads, this::serveRead);
    readers = new TaskLane(threads, READERS);
    writers = new TaskLane(threads, WRITERS);
    changes = new TaskLane(threads, 1);
    writeBacks = new WriteBackFailures(images.getLast().name());
    begin(images.getLast().name(), top == null ? changing : top.writes(), changing);
  }

  /** What the images had to do since the chain was opened. Takes no lock. */
  public ImageWork work() {
    return work.totals();
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

  /** The file system of the images; if there are several, a number for that combination. */
  @Override
  public long fileSystem() {
    return fileSystem;
  }

  private static long fileSystem(List<Layer> images) {
    long[] all =
        images.stream()
            .flatMap(image -> image.files().stream())
            .mapToLong(ImageFile::fileSystem)
            .sorted()
            .distinct()
            .toArray();
    return all.length == 1 ? all[0] : 1L << 62 | Arrays.hashCode(all);
  }

  // ---- in the calling thread

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    int ticket = reads.enter();
    try {
      if (!gate.isOpen()) return false;
      ChainMap map = chain.map();
      long entry = map.entry(offset >>> map.unitShift());
      int within = (int) offset & map.unitSize() - 1;
      if (length <= map.unitSize() - within && !sink.keepsReferences()) {
        if (ChainMap.isStored(entry)) {
          ImageFile file = chain.file(entry);
          long fileOffset = ChainMap.fileOffset(entry) + within;
          if (!file.resident(fileOffset, length)) return false;
          sink.bytes(file.mapping(), fileOffset, length);
          return true;
        }
        if (ChainMap.isEncoded(entry))
          return chain.layerOfEncoded(entry).tryDecoded(offset, length, sink);
      }
      return readRuns(offset, length, sink);
    } catch (InternalError e) {
      throw unreadable(offset, e);
    } finally {
      reads.exit(ticket);
    }
  }

  private boolean readRuns(long offset, int length, ReadSink sink) throws IOException {
    if (!chain.walk(offset, length, new Residency(sink.keepsReferences()))) return false;
    // Learns what MapMemory dropped since the first walk: the sink must get all now, or nothing.
    return chain.walkAll(offset, length, new Delivery(sink));
  }

  /**
   * Checks that every run is resident and, for a sink that keeps references, that the files are
   * still long enough.
   */
  private record Residency(boolean checksLength) implements ChainReader.Runs {
    @Override
    public boolean stored(ImageFile file, long fileOffset, int length) throws IOException {
      if (!file.resident(fileOffset, length)) return false;
      if (checksLength && !file.reaches(fileOffset + length)) {
        throw new IOException(
            file.name()
                + ": another process truncated the file while it was in use; it no longer has byte "
                + (fileOffset + length - 1));
      }
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
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    return gate.isOpen()
        && !isSlow()
        && !throttle.isThrottling()
        && writable().writesInPlace(offset)
        && threads.dirtyPages().admits(length)
        && writable().writeInPlace(offset, memory, from, length, false);
  }

  // ---- on storage threads

  @Override
  public void submit(DeviceRequest request) {
    if (!gate.take(request)) return;
    switch (request.op()) {
      case READ -> coldReads.submit(request);
      case CACHE -> {
        if (request.length() <= ColdReads.LONGEST) coldReads.submit(request);
        else readers.execute(() -> serveRead(request));
      }
      case EXTENTS -> readers.execute(() -> serveRead(request));
      case WRITE -> {
        if (writable().writesInPlace(request.offset()))
          writers.execute(() -> writeInPlace(request));
        else changes.execute(() -> serveChange(request));
      }
      case DISCARD, WRITE_ZEROES -> changes.execute(() -> serveChange(request));
      case FLUSH -> flush(request);
    }
  }

  /** Work that may wait and may fail. */
  private interface Work {
    /** Returns false if the request needs the change lane instead. */
    boolean on(DeviceRequest request) throws IOException;
  }

  private void serve(DeviceRequest request, Work work) {
    begins(request);
    boolean done;
    try {
      done = work.on(request);
    } catch (IOException | RuntimeException | Error e) {
      answerFailed(request, e);
      return;
    }
    if (done) finish(request);
    else changes.execute(() -> serveChange(request));
  }

  private void serveRead(DeviceRequest request) {
    int ticket = reads.enter();
    try {
      // If this chain was replaced since, its map may name places that the next chain has reused.
      if (!isHandedBack(request)) serve(request, this::read);
    } finally {
      reads.exit(ticket);
    }
  }

  private boolean read(DeviceRequest request) throws IOException {
    switch (request.op()) {
      case READ -> chain.read(request.offset(), request.memory());
      case CACHE -> {
        if (request.length() > DeviceRequest.LONGEST_CACHED)
          chain.prefetch(request.offset(), request.length());
        else chain.fetch(request.offset(), request.length());
      }
      default -> chain.extents(request.offset(), request.length(), request.extentSink());
    }
    return true;
  }

  private void writeInPlace(DeviceRequest request) {
    throttle.delay(request);
    serve(request, r -> writable().writeInPlace(r.offset(), r.memory(), 0, r.length(), true));
  }

  private void serveChange(DeviceRequest request) {
    throttle.delay(request);
    if (isHandedBack(request)) return;
    int ticket = changing.enter();
    try {
      serve(request, this::change);
    } finally {
      changing.exit(ticket);
    }
  }

  private boolean change(DeviceRequest request) throws IOException {
    if (flusher == null) writable();
    else flusher.makingRoom(() -> apply(request));
    return true;
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
    else gate.answer(request, null);
  }

  private void flush(DeviceRequest request) {
    if (flusher == null) gate.answer(request, null);
    else flusher.flush(request);
  }

  private TopImage writable() {
    if (top == null) throw new IllegalStateException("the disk is open read-only");
    return top;
  }

  // ---- once a second, and at the end

  private void refreshResidency() {
    for (Layer image : images) {
      try {
        for (ImageFile file : image.files()) file.refreshResidency();
      } catch (IOException e) {
        // The file was truncated or is closed: a read there fails and reports it.
      }
    }
  }

  /**
   * Writes changes of the block map to the file, so that a crash loses at most one second of them.
   */
  @Override
  protected void onceASecond() {
    refreshResidency();
    if (top == null || flusher == null) return;
    lookForOtherWriters(top, flusher);
    if (!top.needsCommit()) return;
    var writeBack = new WriteBack();
    if (gate.take(writeBack)) flusher.flush(writeBack);
  }

  /**
   * Refuses further changes if another program has written to a parent: the disk has then changed
   * under its guest.
   */
  private void lookForOtherWriters(TopImage top, Flusher flusher) {
    try {
      flusher.requireOurs();
    } catch (IOException e) {
      return; // the next change fails and reports it
    }
    for (Layer image : images.subList(0, images.size() - 1)) {
      if (!isIntact(image)) continue; // truncated: only reads of the missing part fail
      try {
        image.requireOurs();
      } catch (IOException e) {
        if (!isIntact(image)) top.image().refuseChanges(e);
      }
    }
  }

  private static boolean isIntact(Layer image) {
    try {
      image.requireIntact();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** A flush without a waiting client. If it fails, the guest's next flush fails too. */
  private final class WriteBack extends DeviceRequest {
    @Override
    protected void completed() {
      writeBacks.worked();
    }

    @Override
    protected void failed(IOException cause) {
      writeBacks.failed(cause);
    }
  }

  @Override
  public void commit() throws IOException {
    if (flusher != null) flusher.commit();
  }

  // ---- for a merge

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

  /** What makes the guest's writes wait. */
  WriteThrottle throttle() {
    return throttle;
  }

  /**
   * Makes a change in the change lane, in turn with the guest's changes. Waits.
   *
   * @return false if the chain is not open; nothing was done
   */
  boolean change(Flusher.Change change) throws IOException {
    var done = new CompletableFuture<Boolean>();
    gate.beginChange();
    changes.execute(
        () -> {
          try {
            boolean open = !gate.isShut();
            if (open && flusher != null) flusher.makingRoom(change);
            done.complete(open);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          } finally {
            gate.endChange();
          }
        });
    return Stages.join(done);
  }

  // ---- held, to be replaced

  @Override
  protected void awaitWrites() {
    if (top != null) top.writes().await();
  }

  @Override
  protected void stopWrites() {
    if (top != null) top.stopWrites();
  }

  @Override
  protected void allowWrites() {
    if (top != null) top.allowWrites();
  }

  // ---- closing

  /**
   * Also fails if a file was deleted or replaced while it was open, so that its contents are lost.
   */
  @Override
  protected @Nullable Throwable closeFiles(@Nullable Throwable failure) {
    try {
      if (top != null && failure == null) top.makeDense(false);
      if (top != null && failure == null) requireInPlace();
    } catch (Throwable e) {
      failure = e;
    }
    Throwable unclosed = ChainImages.close(images);
    return failure == null ? unclosed : failure;
  }

  /**
   * Fails if a file is no longer found under its name: its contents, and those of the images above
   * it, are lost.
   */
  private void requireInPlace() throws IOException {
    for (Layer image : images)
      LiveImages.requireInPlace(
          image,
          image.name(),
          "it was being served. If it was moved, move it back before the disk is used again; otherwise its data is lost: restore the file from a backup");
  }
}
