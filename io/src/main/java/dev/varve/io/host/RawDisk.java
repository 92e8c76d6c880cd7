package dev.varve.io.host;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.io.file.MappedFile;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import dev.varve.io.storage.Lane;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A raw image file (a hard disk, an ISO, a floppy), or a block device of the host, as a disk: the
 * bytes of the one are the bytes of the other.
 *
 * <p>Where a request is served:
 *
 * <ul>
 *   <li>a read of resident data, and a write that needs nothing from the medium: in the calling
 *       thread;
 *   <li>other reads and writes: several at once on storage threads;
 *   <li>what zeroes or gives back space: one at a time; meanwhile no write is made in the calling
 *       thread, which would wait for the file's lock;
 *   <li>flushes: together.
 * </ul>
 *
 * <p>A device can also be opened past the host's page cache ({@code O_DIRECT}): then everything is
 * done on storage threads, and changes one at a time.
 *
 * <p>A medium that fails, a device that is removed and a file that is cut fail the requests that
 * meet it.
 */
public final class RawDisk implements BlockDevice {

  private static final int READERS = 8;
  private static final int WRITERS = 2;
  private static final long REFRESH_MILLIS = 1000;
  private static final int LARGEST_BLOCK = 32 << 20;

  private final MappedFile file;
  private final Facts facts;
  private final Space space;

  /** The way past the host's page cache; null for the way through it. */
  private final @Nullable WholeSectors direct;

  private final StorageThreads threads;
  private final SharedSync sync;
  private final Lane readers;
  private final Lane writers;
  private final Lane changes;
  private final AtomicInteger changing = new AtomicInteger();
  private final Users users = new Users(this::lastHasLeft);
  private final Lease lease = users::leave;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final ScheduledFuture<?> everySecond;
  private volatile @Nullable IOException cut;

  /**
   * Opens a file or a block device. May wait for the medium.
   *
   * @throws dev.varve.io.file.ImageInUseException if somebody else writes to it, or, unless {@code
   *     readOnly}, has it open at all
   * @throws IOException it is missing, empty, neither file nor block device, or cannot be written
   */
  public static RawDisk open(Path path, boolean readOnly, StorageThreads threads)
      throws IOException {
    boolean device;
    try {
      device = BlockDeviceFacts.isBlockDevice(path);
    } catch (NoSuchFileException e) {
      throw new IOException(path + ": there is no such file or device", e);
    }
    MappedFile file = device ? MappedFile.openDevice(path, !readOnly) : openFile(path, readOnly);
    try {
      return device
          ? ofDevice(path, file, readOnly, null, threads)
          : ofFile(path, file, readOnly, threads);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static MappedFile openFile(Path path, boolean readOnly) throws IOException {
    return readOnly ? MappedFile.openReadOnly(path, 0) : MappedFile.openReadWrite(path, 0);
  }

  private static RawDisk ofFile(
      Path path, MappedFile file, boolean readOnly, StorageThreads threads) throws IOException {
    long capacity = file.length();
    checkNotEmpty(file, capacity);
    var facts =
        new Facts(
            readOnly,
            capacity,
            Posix.PAGE_SIZE,
            !readOnly && file.punchesHoles(),
            kernelTellsResidency(path));
    return new RawDisk(file, facts, Space.ofFile(file, capacity), null, threads);
  }

  /**
   * Opens a block device past the host's page cache, claimed also where it can only be read.
   * Otherwise as {@link #open}.
   */
  public static RawDisk openDirect(Path device, StorageThreads threads) throws IOException {
    MappedFile file = MappedFile.openDirect(device);
    try {
      boolean readOnly = file.deviceFacts().readOnly();
      var sectors = new WholeSectors(file, file.deviceFacts().sectorSize());
      return ofDevice(device, file, readOnly, sectors, threads);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static RawDisk ofDevice(
      Path path,
      MappedFile file,
      boolean readOnly,
      @Nullable WholeSectors direct,
      StorageThreads threads)
      throws IOException {
    BlockDeviceFacts device = file.deviceFacts();
    checkNotEmpty(file, device.capacity());
    var facts =
        new Facts(
            readOnly,
            device.capacity(),
            Math.clamp(device.physicalSectorSize(), Posix.PAGE_SIZE, LARGEST_BLOCK),
            !readOnly && BlockDeviceFacts.givesSpaceBack(path),
            direct == null && kernelTellsResidency(path));
    Space.Writer writer = direct == null ? file::write : direct::write;
    Space space = Space.ofDevice(file, writer, device.capacity(), device.sectorSize());
    return new RawDisk(file, facts, space, direct, threads);
  }

  /** What does not change while it is open. */
  private record Facts(
      boolean readOnly,
      long capacity,
      int blockSize,
      boolean givesSpaceBack,
      boolean residencyIsKnown) {}

  /**
   * Only who owns a file or may write to it is told what of it is in memory; to others the kernel
   * calls every page resident, and touching one may wait.
   */
  private static boolean kernelTellsResidency(Path path) throws IOException {
    return Files.isWritable(path)
        || Files.getAttribute(path, "unix:uid")
            .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }

  private static void checkNotEmpty(MappedFile file, long capacity) throws IOException {
    if (capacity == 0) {
      throw new IOException(file.name() + " has 0 bytes, and a disk has at least 1");
    }
  }

  private RawDisk(
      MappedFile file,
      Facts facts,
      Space space,
      @Nullable WholeSectors direct,
      StorageThreads threads) {
    this.file = file;
    this.facts = facts;
    this.space = space;
    this.direct = direct;
    this.threads = threads;
    sync = new SharedSync(file, threads, this::answer);
    readers = new Lane(threads, READERS);
    writers = new Lane(threads, WRITERS);
    changes = new Lane(threads, 1);
    everySecond = threads.every(REFRESH_MILLIS, this::refresh);
  }

  @Override
  public long capacity() {
    return facts.capacity;
  }

  @Override
  public boolean readOnly() {
    return facts.readOnly;
  }

  @Override
  public int blockSize() {
    return facts.blockSize;
  }

  /** Whether discarding gives space back to the host, and does not only write zeroes. */
  public boolean givesSpaceBack() {
    return facts.givesSpaceBack;
  }

  /** How many bytes the host got back by discards since this was opened. */
  public long givenBack() {
    return file.givenBack();
  }

  // ---- in the calling thread

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    enter();
    try {
      if (length == 0) return true;
      if (!facts.residencyIsKnown || !file.resident(offset, length)) return false;
      if (sink.keepsReferences()) checkReaches(offset + length);
      sink.bytes(file.mapping(), offset, length);
      return true;
    } catch (InternalError e) { // what the JVM makes of a page that cannot be had
      throw new IOException(
          file.name()
              + " cannot be read at offset "
              + offset
              + ": it is shorter than it was, or its medium fails",
          e);
    } finally {
      users.leave();
    }
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment source) throws IOException {
    enter();
    try {
      long length = source.byteSize();
      if (changing.get() > 0
          || direct != null
          || !threads.dirtyPages().admits(length)
          || !isWholePages(offset, length) && !file.resident(offset, length)) {
        return false;
      }
      put(offset, source);
      return true;
    } finally {
      users.leave();
    }
  }

  /** Parts of pages can be written without waiting only where the rest of the page is there. */
  private static boolean isWholePages(long offset, long length) {
    return (offset | length) % Posix.PAGE_SIZE == 0;
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    enter();
    return lease;
  }

  private void enter() throws DeviceClosedException {
    if (!users.enter()) throw closed();
  }

  // ---- on storage threads

  @Override
  public void submit(DeviceRequest request) {
    if (!users.enter()) {
      DeviceRequest.fail(request, closed());
      return;
    }
    switch (request.op()) {
      case READ, CACHE, EXTENTS -> readers.execute(() -> serve(request));
      case WRITE -> (direct == null ? writers : changes).execute(() -> serve(request));
      case DISCARD, WRITE_ZEROES -> changes.execute(() -> serve(request));
      case FLUSH -> flush(request);
    }
  }

  private void serve(DeviceRequest request) {
    try {
      carryOut(request);
    } catch (IOException e) {
      answer(request, e);
      return;
    }
    if (request.fua()) flush(request);
    else answer(request, null);
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
      }
      case EXTENTS -> space.extents(offset, length, request.extentSink());
      case WRITE -> {
        checkReaches(offset + length);
        put(offset, request.memory());
      }
      case DISCARD -> zero(offset, length, false);
      case WRITE_ZEROES -> zero(offset, length, request.keepsSpace());
      case FLUSH -> throw new AssertionError("a flush is not carried out by itself");
    }
  }

  private void put(long offset, MemorySegment source) throws IOException {
    IOException lost = cut;
    if (lost != null) throw new IOException(lost.getMessage(), lost);
    try {
      if (direct == null) file.write(offset, source);
      else direct.write(offset, source);
    } catch (IOException e) {
      checkReaches(offset + source.byteSize()); // what was removed is not full
      throw e;
    }
  }

  private void zero(long offset, long length, boolean keepsSpace) throws IOException {
    changing.incrementAndGet();
    try {
      checkReaches(offset + length);
      space.zero(offset, length, keepsSpace);
    } finally {
      changing.decrementAndGet();
    }
  }

  private void checkReaches(long end) throws IOException {
    long length = file.length();
    if (length < end) {
      throw new IOException(
          file.name()
              + " has "
              + length
              + " bytes and had "
              + facts.capacity
              + " when it was opened: it was cut or removed by somebody else while it is served");
    }
  }

  private void flush(DeviceRequest request) {
    if (facts.readOnly) answer(request, null);
    else sync.flush(request);
  }

  private void answer(DeviceRequest request, @Nullable IOException failure) {
    try {
      if (failure == null) DeviceRequest.complete(request);
      else DeviceRequest.fail(request, failure);
    } finally {
      users.leave();
    }
  }

  private DeviceClosedException closed() {
    return new DeviceClosedException(file.name() + " is closed");
  }

  // ---- once a second, and at the end

  private void refresh() {
    if (!users.enter()) return;
    try {
      file.refreshResidency();
    } catch (IOException e) {
      cut = e;
    } finally {
      users.leave();
    }
  }

  @Override
  public CompletionStage<Void> close() {
    everySecond.cancel(false);
    users.close();
    return closed;
  }

  private void lastHasLeft() {
    threads.execute(this::finishAndClose);
  }

  private void finishAndClose() {
    Throwable failure = null;
    try {
      if (!facts.readOnly) file.sync();
    } catch (Throwable e) {
      failure = e;
    }
    try {
      file.close();
    } catch (Throwable e) {
      if (failure == null) failure = e;
      else failure.addSuppressed(e);
    }
    if (failure == null) closed.complete(null);
    else closed.completeExceptionally(failure);
  }
}
