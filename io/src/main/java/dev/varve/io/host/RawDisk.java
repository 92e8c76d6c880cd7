package dev.varve.io.host;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.posix.Posix;
import dev.varve.io.storage.CommitTimes;
import dev.varve.io.storage.GatedDevice;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.storage.RequestGate;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.storage.TaskLane;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A raw image file (a hard disk, an ISO, a floppy) or a block device of the host as a disk: the
 * bytes of the disk are those of the file or device. Thread-safe.
 *
 * <p>Where a request is served:
 *
 * <ul>
 *   <li>a read of resident data, and a write that needs nothing from the medium: in the calling
 *       thread;
 *   <li>other reads and writes: several at once on storage threads;
 *   <li>discards and writes of zeroes: one at a time; meanwhile no write runs in the calling
 *       thread, where it would wait for the file's lock;
 *   <li>flushes: together, as {@link SharedSync} says.
 * </ul>
 *
 * <p>A device can also be opened past the host's page cache ({@code O_DIRECT}). Then all requests
 * run on storage threads, and changes run one at a time.
 *
 * <p>If the medium fails, the device is removed or the file is truncated, the requests that need
 * the missing part fail.
 */
public final class RawDisk extends GatedDevice {

  private static final int READERS = 8;
  private static final int WRITERS = 2;

  private final RawMedium medium;
  private final ImageFile file;
  private final boolean readOnly;
  private final Space space;

  /** Accesses the device past the host's page cache; null if the page cache is used. */
  private final @Nullable WholeSectors direct;

  private final SharedSync sync;
  private final TaskLane readers;
  private final TaskLane writers;
  private final TaskLane changes;
  private final AtomicInteger zeroing = new AtomicInteger();
  private final ReaderEpochs reads;

  /** The writes that are being carried out. */
  private final ReaderEpochs writes = new ReaderEpochs();

  /** Opens a file or a block device, as {@link RawMedium#open} does. May wait for the medium. */
  public static RawDisk open(Path path, boolean readOnly, StorageThreads threads)
      throws IOException {
    RawMedium medium = RawMedium.open(path, readOnly);
    try {
      return alone(medium, readOnly, null, threads);
    } catch (Throwable e) {
      medium.file().close();
      throw e;
    }
  }

  /**
   * Opens a block device past the host's page cache, and claims it even if it can only be read.
   * Otherwise as {@link #open}.
   */
  public static RawDisk openDirect(Path device, StorageThreads threads) throws IOException {
    MappedFile file = MappedFile.openDirect(device);
    try {
      var medium = RawMedium.ofDirect(device, file);
      var sectors = new WholeSectors(file, medium.sectorSize());
      return alone(medium, file.deviceFacts().readOnly(), sectors, threads);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static RawDisk alone(
      RawMedium medium, boolean readOnly, @Nullable WholeSectors direct, StorageThreads threads) {
    return new RawDisk(
        medium,
        readOnly,
        direct,
        new ReaderEpochs(),
        _ -> {},
        threads,
        new CommitTimes(threads.nanoClock()));
  }

  /**
   * One stage of a disk, over a medium that stays open when the stage ends.
   *
   * @param medium lent; open for writing unless {@code readOnly}
   * @param reads the reads in calling threads, and the uses of the disk's memory, in all stages of
   *     the disk
   * @param handBack takes the requests that arrive while this stage is held; must not block
   */
  public static RawDisk over(
      RawMedium medium,
      boolean readOnly,
      ReaderEpochs reads,
      Consumer<DeviceRequest> handBack,
      StorageThreads threads,
      CommitTimes commits) {
    return new RawDisk(medium, readOnly, null, reads, handBack, threads, commits);
  }

  private RawDisk(
      RawMedium medium,
      boolean readOnly,
      @Nullable WholeSectors direct,
      ReaderEpochs reads,
      Consumer<DeviceRequest> handBack,
      StorageThreads threads,
      CommitTimes commits) {
    super(new RequestGate(medium.file().name(), reads, handBack), threads);
    this.medium = medium;
    this.file = medium.file();
    this.readOnly = readOnly;
    this.space = new Space(medium, direct == null ? file::write : direct::write);
    this.direct = direct;
    this.reads = reads;
    sync = new SharedSync(medium, threads, commits, gate::answer);
    readers = new TaskLane(threads, READERS);
    writers = new TaskLane(threads, WRITERS);
    changes = new TaskLane(threads, 1);
    begin(file.name(), writes);
  }

  @Override
  public long capacity() {
    return medium.capacity();
  }

  @Override
  public long fileSystem() {
    return file.fileSystem();
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public int blockSize() {
    return medium.blockSize();
  }

  /** Whether a discard gives space back to the host; if not, it only writes zeroes. */
  public boolean givesSpaceBack() {
    return medium.givesSpaceBack();
  }

  /** How many bytes the host got back by discards since this was opened. */
  public long givenBack() {
    return file.givenBack();
  }

  /** Why the drive takes no changes any more; null if it does. Never waits. */
  public @Nullable IOException damage() {
    return file.damage();
  }

  // ---- in the calling thread

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    int ticket = reads.enter();
    try {
      if (!gate.isOpen()) return false;
      if (length == 0) return true;
      if (!medium.residencyIsKnown() || !file.resident(offset, length)) return false;
      if (sink.keepsReferences()) checkReaches(offset + length);
      sink.bytes(file.mapping(), offset, length);
      return true;
    } catch (InternalError e) { // the JVM's answer to a page that cannot be read
      throw new IOException(
          file.name()
              + " cannot be read at offset "
              + offset
              + ": it is shorter than it was, or its medium fails",
          e);
    } finally {
      reads.exit(ticket);
    }
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    int ticket = writes.enter();
    try {
      if (!gate.isOpen()
          || isSlow()
          || zeroing.get() > 0
          || direct != null
          || !threads.dirtyPages().admits(length)
          || !isWholePages(offset, length) && !file.resident(offset, length)) {
        return false;
      }
      return putNow(offset, memory, from, length);
    } finally {
      writes.exit(ticket);
    }
  }

  /**
   * Whether the range covers whole pages: a part of a page can be written without waiting only if
   * the page is resident.
   */
  private static boolean isWholePages(long offset, long length) {
    return (offset | length) % Posix.PAGE_SIZE == 0;
  }

  // ---- on storage threads

  @Override
  public void submit(DeviceRequest request) {
    if (!gate.take(request)) return;
    switch (request.op()) {
      case READ, CACHE, EXTENTS -> readers.execute(() -> serve(request));
      case WRITE -> (direct == null ? writers : changes).execute(() -> serve(request));
      case DISCARD, WRITE_ZEROES -> changes.execute(() -> serve(request));
      case FLUSH -> flush(request);
    }
  }

  private void serve(DeviceRequest request) {
    begins(request);
    try {
      carryOut(request);
    } catch (IOException | RuntimeException | Error e) {
      answerFailed(request, e);
      return;
    }
    if (request.fua()) flush(request);
    else gate.answer(request, null);
  }

  private void carryOut(DeviceRequest request) throws IOException {
    long offset = request.offset();
    long length = request.length();
    switch (request.op()) {
      case READ -> {
        if (direct == null) file.read(offset, request.memory());
        else direct.read(offset, request.memory());
      }
      case CACHE -> {
        if (direct == null) file.prefetch(offset, length);
        if (medium.residencyIsKnown() && length <= DeviceRequest.LONGEST_CACHED)
          file.fetch(offset, length);
      }
      case EXTENTS -> space.extents(offset, length, request.extentSink());
      case WRITE -> {
        checkReaches(offset + length);
        int ticket = writes.enter();
        try {
          put(offset, request.memory());
        } finally {
          writes.exit(ticket);
        }
      }
      case DISCARD -> zero(offset, length, false);
      case WRITE_ZEROES -> zero(offset, length, request.keepsSpace());
      case FLUSH -> throw new AssertionError("a flush goes through SharedSync");
    }
  }

  /**
   * Writes, if it need not wait.
   *
   * @return false if it would have to; the caller must then write again
   */
  private boolean putNow(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    try {
      return file.tryWrite(offset, memory, from, length);
    } catch (IOException e) {
      checkReaches(offset + length);
      throw e;
    }
  }

  private void put(long offset, MemorySegment source) throws IOException {
    try {
      if (direct != null) direct.write(offset, source);
      else file.write(offset, source);
    } catch (IOException e) {
      checkReaches(offset + source.byteSize()); // a removed device is not a full one
      throw e;
    }
  }

  private void zero(long offset, long length, boolean keepsSpace) throws IOException {
    zeroing.incrementAndGet();
    try {
      checkReaches(offset + length);
      space.zero(offset, length, keepsSpace);
    } finally {
      zeroing.decrementAndGet();
    }
  }

  private void checkReaches(long end) throws IOException {
    medium.requireReach(end, "it was truncated or removed while it was in use");
  }

  private void flush(DeviceRequest request) {
    if (readOnly) gate.answer(request, null);
    else sync.flush(request);
  }

  // ---- once a second, and at the end

  @Override
  protected void onceASecond() {
    try {
      file.refreshResidency();
    } catch (IOException e) {
      // It was truncated: requests for the missing part, and writes, report it.
    }
  }

  @Override
  public void commit() throws IOException {
    if (!readOnly) sync.sync();
  }

  @Override
  protected void awaitWrites() {
    writes.await();
  }

  @Override
  protected @Nullable Throwable closeFiles(@Nullable Throwable failure) {
    try {
      file.close();
    } catch (Throwable e) {
      if (failure == null) return e;
      failure.addSuppressed(e);
    }
    return failure;
  }
}
