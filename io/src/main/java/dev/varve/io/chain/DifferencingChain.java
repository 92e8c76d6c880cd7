package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.device.ReadSink;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
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
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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

  private static final int READERS = 2;
  private static final int WRITERS = 2;
  private static final long WRITE_BACK_MILLIS = 1000;
  private static final long CLOSING_POLL_MILLIS = 1;

  private final List<VdiImage> images;
  private final StorageThreads threads;
  private final ChainReader chain;
  private final @Nullable TopImage top;
  private final @Nullable Flusher flusher;
  private final Grace reads = new Grace();
  private final ColdReads coldReads;
  private final Lane readers;
  private final Lane writers;
  private final Lane changes;
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
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
      for (int i = 0; i < paths.size(); i++) {
        boolean writable = !readOnly && i == paths.size() - 1;
        images.add(openImage(paths.get(i), writable));
        checkParent(images, i);
      }
      return new DifferencingChain(images, !readOnly, threads, UUID::randomUUID);
    } catch (Throwable e) {
      for (VdiImage image : images) image.close();
      throw e;
    }
  }

  private static VdiImage openImage(Path path, boolean writable) throws IOException {
    return writable
        ? VdiImage.openReadWrite(MappedFile.openReadWrite(path, reach(path)))
        : VdiImage.openReadOnly(MappedFile.openReadOnly(path, 0));
  }

  /** How long the file can become: every block in its place. */
  private static long reach(Path path) throws IOException {
    VdiHeader header = VdiHeader.peek(path);
    return header.blockOffset(header.blockCount());
  }

  private static void checkParent(List<VdiImage> images, int index) throws VdiFormatException {
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
    this.images = List.copyOf(images);
    this.threads = threads;
    this.chain = new ChainReader(images);
    if (writable) {
      top = new TopImage(images.getLast(), images.size() - 1, chain, reads, uuids);
      chain.top(top);
      flusher = new Flusher(top, threads, this::answer);
    } else {
      top = null;
      flusher = null;
    }
    coldReads = new ColdReads(chain, threads, request -> serve(request, this::read));
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
      if (closing.get()) throw closed();
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
    if (closing.get()) throw closed();
    return writable().writesInPlace(offset)
        && threads.dirtyPages().admits(source.byteSize())
        && writable().writeInPlace(offset, source, false);
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    int ticket = reads.enter();
    if (closing.get()) {
      reads.exit(ticket);
      throw closed();
    }
    return () -> reads.exit(ticket);
  }

  // ---- on storage threads

  @Override
  public void submit(DeviceRequest request) {
    pending.incrementAndGet();
    if (closing.get()) {
      answer(request, closed());
      return;
    }
    switch (request.op()) {
      case READ -> coldReads.submit(request);
      case CACHE, EXTENTS -> readers.execute(() -> serve(request, this::read));
      case WRITE -> {
        if (writable().writesInPlace(request.offset()))
          writers.execute(() -> writeInPlace(request));
        else changes.execute(() -> serve(request, this::change));
      }
      case DISCARD, WRITE_ZEROES -> changes.execute(() -> serve(request, this::change));
      case FLUSH -> flush(request);
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

  private void read(DeviceRequest request) throws IOException {
    int ticket = reads.enter();
    try {
      switch (request.op()) {
        case READ -> chain.read(request.offset(), request.memory());
        case CACHE -> chain.prefetch(request.offset(), request.length());
        default -> chain.extents(request.offset(), request.length(), request.extentSink());
      }
    } finally {
      reads.exit(ticket);
    }
  }

  private void writeInPlace(DeviceRequest request) {
    try {
      if (writable().writeInPlace(request.offset(), request.memory(), true)) finish(request);
      else changes.execute(() -> serve(request, this::change));
    } catch (IOException e) {
      answer(request, e);
    }
  }

  /**
   * Does a change; if there is no room for it, once more after what was discarded before it has
   * become room. Places that readers keep are waited for: each block has one, sooner or later.
   */
  private void change(DeviceRequest request) throws IOException {
    try {
      apply(request);
    } catch (OutOfSpaceException _) {
      commit();
      apply(request);
    } catch (Places.NoPlaceException _) {
      commit(); // what was discarded leaves the block map,
      reads.await(); // then its readers,
      commit(); // and becomes room
      apply(request);
    }
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
    pending.incrementAndGet(); // before it looks: a close waits for it, or is seen
    if (closing.get()) pending.decrementAndGet();
    else flusher.flush(new WriteBack());
  }

  /** A flush that nobody waits for. If it fails, so does the guest's next one. */
  private static final class WriteBack extends DeviceRequest {
    @Override
    protected void completed() {}

    @Override
    protected void failed(IOException cause) {}
  }

  private void commit() throws IOException {
    if (flusher != null) flusher.commit();
  }

  @Override
  public CompletionStage<Void> close() {
    if (closing.compareAndSet(false, true)) {
      everySecond.cancel(false);
      long since = reads.epoch();
      threads.execute(() -> closeWhenQuiet(since));
    }
    return closed;
  }

  /**
   * Closes once all requests are answered and the readers of {@code since} have left, slices that
   * sockets hold among them. Until then it comes back: it must not keep the thread that they need.
   */
  private void closeWhenQuiet(long since) {
    if (pending.get() == 0 && reads.passed(since)) finishAndClose();
    else threads.later(CLOSING_POLL_MILLIS, () -> closeWhenQuiet(since));
  }

  private void finishAndClose() {
    Throwable failure = null;
    try {
      if (top != null) {
        top.stopWrites();
        commit();
        top.makeDense();
      }
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
