package dev.varve.io.vmdk.stream;

import dev.varve.io.vmdk.header.ExtentLine;
import dev.varve.io.vmdk.header.NewDescriptor;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * Makes a streamOptimized VMDK image from front to back, as VirtualBox exports disks: nothing that
 * was written is changed later, so that the image can go into a pipe or an archive.
 *
 * <pre>
 *   header, descriptor, zeroes up to sector 128
 *   grains: a marker with sector and length, then a deflated stream; only grains that are not zero
 *   a grain table behind the last of its grains, if it has any
 *   the grain directory, the footer (a header that knows where the directory is), end of stream
 * </pre>
 *
 * <p>Grains are compressed on several threads, a bounded number of them at once, and written in
 * order by the caller's thread.
 *
 * <p>Not thread-safe: one thread writes, {@link #finish}es and closes; each call may wait for the
 * threads that compress.
 */
public final class StreamWriter implements Closeable {

  private static final int SECTOR = 512;
  private static final int GRAIN = 64 << 10;
  private static final int GRAIN_SECTORS = GRAIN / SECTOR;
  private static final int TABLE_ENTRIES = 512;
  private static final int TABLE_SECTORS = 4 * TABLE_ENTRIES / SECTOR;
  private static final int OVERHEAD = 128;
  private static final long MAX_SECTORS = 1L << 32;

  /** The types of markers for metadata. */
  private static final int END_OF_STREAM = 0;

  private static final int TABLE = 1;
  private static final int DIRECTORY = 2;
  private static final int FOOTER = 3;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Where the image goes. */
  public interface Target {

    /**
     * Takes the next bytes of the image.
     *
     * @param bytes native memory, lent until this returns
     */
    void append(MemorySegment bytes) throws IOException;
  }

  private final Target target;
  private final Executor threads;
  private final int width;
  private final long capacity;
  private final Arena arena;

  /** Grains that are free to be filled. */
  private final ArrayDeque<Grain> free = new ArrayDeque<>();

  /** Grains that are being compressed, in the order of the disk. */
  private final ArrayDeque<Grain> begun = new ArrayDeque<>();

  private Grain current;
  private long currentIndex = -1;
  private int grains;
  private final int[] directory;
  private final int[] table = new int[TABLE_ENTRIES];
  private int tableIndex = -1;
  private long written;
  private final int descriptorSectors;
  private boolean closed;

  /**
   * Begins an image, and writes what lies in front of its grains.
   *
   * @param capacity what a guest will see, in bytes: whole sectors, at least one
   * @param fileName the name of the image's file, for the descriptor
   * @param id of the new image
   * @param threads compress; may be shared with others, and must go on until {@link #close}
   * @param width how many grains are compressed at once, at least 1
   * @throws IllegalArgumentException if no image has that capacity
   */
  public StreamWriter(
      Target target, long capacity, String fileName, UUID id, Executor threads, int width)
      throws IOException {
    this(target, capacity, fileName, id, threads, width, Arena.ofShared());
  }

  /** The same with memory that is freed by {@link #close}, and if this fails. */
  StreamWriter(
      Target target,
      long capacity,
      String fileName,
      UUID id,
      Executor threads,
      int width,
      Arena arena)
      throws IOException {
    if (capacity <= 0 || capacity % SECTOR != 0 || capacity / SECTOR >= MAX_SECTORS)
      throw new IllegalArgumentException(
          "capacity %d: a disk in a streamOptimized image has 1 to %d sectors of %d bytes"
              .formatted(capacity, MAX_SECTORS - 1, SECTOR));
    this.target = target;
    this.threads = threads;
    this.width = width;
    this.arena = arena;
    this.capacity = capacity;
    this.directory = new int[(int) Math.ceilDiv(capacity, (long) GRAIN * TABLE_ENTRIES)];
    byte[] descriptor = descriptor(fileName, id);
    this.descriptorSectors = Math.max(2, Math.ceilDiv(descriptor.length, SECTOR));
    this.current = nextGrain();
    try {
      writeHead(descriptor);
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  private byte[] descriptor(String fileName, UUID id) {
    var line = new ExtentLine(false, capacity / SECTOR, ExtentLine.Type.SPARSE, fileName, 0);
    byte[] text =
        new NewDescriptor(
                "streamOptimized",
                (int) id.getLeastSignificantBits(),
                List.of(line),
                "ide",
                id,
                null,
                null,
                null)
            .bytes();
    if (text.length > (OVERHEAD - 1) * SECTOR)
      throw new IllegalArgumentException("the name of the file is too long: " + fileName);
    return text;
  }

  private void writeHead(byte[] descriptor) throws IOException {
    try (Arena lent = Arena.ofConfined()) {
      MemorySegment head = lent.allocate(OVERHEAD * SECTOR);
      head.copyFrom(MemorySegment.ofArray(header(SparseHeader.IN_FOOTER)));
      head.asSlice(SECTOR).copyFrom(MemorySegment.ofArray(descriptor));
      append(head);
    }
  }

  private byte[] header(long directorySector) {
    long sectors = Math.ceilDiv(capacity, GRAIN) * GRAIN_SECTORS;
    return SparseHeader.compressed(
            sectors, GRAIN_SECTORS, descriptorSectors, TABLE_ENTRIES, directorySector, OVERHEAD)
        .bytes();
  }

  /**
   * Adds contents of the disk. What is not added reads as zeroes.
   *
   * @param offset not before the end of what was added before
   * @param data native memory that ends within the capacity; lent until this returns
   */
  public void write(long offset, MemorySegment data) throws IOException {
    if (offset < 0 || offset > capacity - data.byteSize())
      throw new IllegalArgumentException("data ends behind the capacity");
    for (long done = 0; done < data.byteSize(); ) {
      long index = (offset + done) / GRAIN;
      int within = (int) ((offset + done) % GRAIN);
      if (index < currentIndex) throw new IllegalArgumentException("data is not in order");
      if (index > currentIndex) begin(index);
      long run = Math.min(data.byteSize() - done, GRAIN - within);
      MemorySegment.copy(data, done, current.plain, within, run);
      done += run;
    }
  }

  private void begin(long index) throws IOException {
    endGrain();
    current.plain.fill((byte) 0);
    currentIndex = index;
  }

  /** Has the present grain compressed, unless it is zero. */
  private void endGrain() throws IOException {
    if (currentIndex < 0 || isZero(current.plain)) return;
    Grain grain = current;
    grain.begin(currentIndex * GRAIN_SECTORS, threads);
    begun.add(grain);
    current = nextGrain();
  }

  private static boolean isZero(MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += Long.BYTES)
      if (bytes.get(LONG, at) != 0) return false;
    return true;
  }

  /** A grain that can be filled: a new one, or one that was written. */
  private Grain nextGrain() throws IOException {
    if (free.isEmpty() && grains <= 2 * width) {
      grains++;
      return new Grain(arena, GRAIN);
    }
    while (free.isEmpty()) writeOldest();
    return free.remove();
  }

  private void writeOldest() throws IOException {
    Grain grain = begun.remove();
    MemorySegment packed = grain.await();
    int index = (int) (grain.sector() / GRAIN_SECTORS);
    if (index / TABLE_ENTRIES != tableIndex) {
      writeTable();
      tableIndex = index / TABLE_ENTRIES;
    }
    table[index % TABLE_ENTRIES] = sector();
    append(packed);
    free.add(grain);
  }

  private void writeTable() throws IOException {
    if (tableIndex < 0) return;
    directory[tableIndex] = writeNumbers(TABLE, table, TABLE_SECTORS);
    java.util.Arrays.fill(table, 0);
  }

  /**
   * Writes the rest of the image. Nothing can be written afterwards.
   *
   * @return the length of the image in bytes
   */
  public long finish() throws IOException {
    endGrain();
    currentIndex = Long.MAX_VALUE / GRAIN;
    while (!begun.isEmpty()) writeOldest();
    writeTable();
    int at = writeNumbers(DIRECTORY, directory, Math.ceilDiv(4 * directory.length, SECTOR));
    try (Arena lent = Arena.ofConfined()) {
      append(marker(lent, FOOTER, 1));
      append(
          lent.allocate(SECTOR)
              .copyFrom(MemorySegment.ofArray(header(Integer.toUnsignedLong(at)))));
      append(marker(lent, END_OF_STREAM, 0));
    }
    return written;
  }

  /** Writes a table behind its marker; returns its sector. */
  private int writeNumbers(int type, int[] numbers, int sectors) throws IOException {
    try (Arena lent = Arena.ofConfined()) {
      append(marker(lent, type, sectors));
      int at = sector();
      MemorySegment bytes = lent.allocate((long) sectors * SECTOR);
      for (int i = 0; i < numbers.length; i++) bytes.set(INT, 4L * i, numbers[i]);
      append(bytes);
      return at;
    }
  }

  private static MemorySegment marker(Arena arena, int type, int sectors) {
    MemorySegment marker = arena.allocate(SECTOR);
    marker.set(LONG, 0, sectors);
    marker.set(INT, 12, type);
    return marker;
  }

  private int sector() throws IOException {
    long sector = written / SECTOR;
    if (sector >= MAX_SECTORS)
      throw new IOException("a VMDK image has at most 2 TiB: export to another format");
    return (int) sector;
  }

  private void append(MemorySegment bytes) throws IOException {
    target.append(bytes);
    written += bytes.byteSize();
  }

  /** Waits for the threads that compress, and frees the memory. Finishes nothing. */
  @Override
  public void close() {
    if (closed) return;
    closed = true;
    for (Grain grain : begun) grain.end();
    for (Grain grain : free) grain.end();
    current.end();
    arena.close();
  }
}
