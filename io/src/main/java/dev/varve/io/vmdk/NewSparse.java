package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The layout of a new sparse file, as VirtualBox makes it: header, descriptor, redundant directory
 * and its tables, directory and its tables, and then grains (FORMATS.md section 2.2). Every table
 * is there from the beginning. Immutable.
 *
 * @param capacity in sectors, rounded up to the grain
 * @param descriptorSectors the area of the embedded descriptor
 */
record NewSparse(long capacity, int grainSectors, int tableEntries, int descriptorSectors) {

  /** The usual grain, 64 KiB. */
  static final int GRAIN_SECTORS = 128;

  static final int TABLE_ENTRIES = 512;
  static final int DESCRIPTOR_SECTORS = 20;

  private static final int SECTOR = GrainDirectory.SECTOR;
  private static final int CHUNK_ENTRIES = 1 << 14;

  /** The usual one for a disk of so many sectors. */
  static NewSparse of(long sectors) {
    long capacity = Math.ceilDiv(sectors, GRAIN_SECTORS) * (long) GRAIN_SECTORS;
    return new NewSparse(capacity, GRAIN_SECTORS, TABLE_ENTRIES, DESCRIPTOR_SECTORS);
  }

  /** The same layout as an existing file of that capacity has, or could have. */
  static NewSparse like(SparseHeader header) {
    return new NewSparse(
        Math.ceilDiv(header.capacitySectors(), (long) header.grainSectors())
            * header.grainSectors(),
        header.grainSectors(),
        header.tableEntries(),
        (int) Math.max(DESCRIPTOR_SECTORS, header.descriptorSectors()));
  }

  private int tables() {
    return (int) Math.ceilDiv(capacity / grainSectors, (long) tableEntries);
  }

  private int tableSectors() {
    return 4 * tableEntries / SECTOR;
  }

  private long directorySectors() {
    return Math.ceilDiv(4L * tables(), SECTOR);
  }

  private long redundant() {
    return 1L + descriptorSectors;
  }

  private long directory() {
    return redundant() + directorySectors() + (long) tables() * tableSectors();
  }

  /** How many sectors lie in front of the grains. */
  long overhead() {
    long end = directory() + directorySectors() + (long) tables() * tableSectors();
    return Math.ceilDiv(end, (long) grainSectors) * grainSectors;
  }

  SparseHeader header() {
    return SparseHeader.plain(
        capacity,
        grainSectors,
        descriptorSectors,
        tableEntries,
        redundant(),
        directory(),
        overhead());
  }

  /** Writes the file, without a grain, into an empty one. Not durable. */
  void write(ImageFile file, byte[] descriptor) throws IOException {
    if (descriptor.length > descriptorSectors * SECTOR)
      throw new IOException(file.name() + ": its descriptor is too long for a new image");
    write(file, 0, header().bytes());
    write(file, SECTOR, descriptor);
    file.reserve(redundant() * SECTOR, (overhead() - redundant()) * SECTOR);
    writeDirectory(file, redundant());
    writeDirectory(file, directory());
  }

  private static void write(ImageFile file, long at, byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      file.write(at, arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes)));
    }
  }

  /** The tables follow the directory. */
  private void writeDirectory(ImageFile file, long directory) throws IOException {
    long first = directory + directorySectors();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(4L * Math.min(tables(), CHUNK_ENTRIES), 8);
      for (int done = 0; done < tables(); done += CHUNK_ENTRIES) {
        int count = Math.min(CHUNK_ENTRIES, tables() - done);
        for (int i = 0; i < count; i++)
          chunk.set(
              GrainDirectory.ENTRY, 4L * i, (int) (first + (long) (done + i) * tableSectors()));
        file.write(directory * SECTOR + 4L * done, chunk.asSlice(0, 4L * count));
      }
    }
  }
}
