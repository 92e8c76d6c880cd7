package dev.varve.io.vhost;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.vhost.GuestMemory.Described;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * The memory of a fuzzed guest: four regions of one file, with bytes between them that no guest
 * address names. Not thread-safe.
 */
final class FuzzedMemory implements AutoCloseable {

  private static final int FILE = 96 << 10;
  private static final byte CANARY = 0x3c;

  /** The rings are in the first. The second begins where it ends for the guest, not in the file. */
  static final Described RINGS = new Described(0x1000, 36 << 10, 0, 4096);

  private static final List<Described> REGIONS =
      List.of(
          RINGS,
          new Described(0x1000 + (36 << 10), 12_345, 1L << 50, 48 << 10),
          new Described(1L << 40, 8191, 1L << 51, (64 << 10) + 17),
          new Described(Long.MAX_VALUE - 8192, 8192, 1L << 52, 80 << 10));

  final GuestMemory guest;
  private final MemorySegment canary = Arena.ofAuto().allocate(FILE).fill(CANARY);
  private final int file;
  private final long mapping;

  FuzzedMemory() {
    try {
      file = SharedMemory.create("fuzzed", FILE);
      mapping = SharedMemory.map(file, 0, FILE);
      GuestMemory memory = GuestMemory.NONE;
      for (Described region : REGIONS) {
        GuestMemory more = memory.with(region, dup(file));
        memory.release();
        memory = more;
      }
      guest = memory;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    HostMemory.segment(mapping, FILE).fill(CANARY);
  }

  private static int dup(int file) throws Exception {
    return Posix.open(Path.of("/proc/self/fd/" + file), 2, 0);
  }

  /** All bytes of the regions are zero now. */
  void clear() {
    for (Described region : REGIONS)
      HostMemory.segment(mapping + region.fileOffset(), region.length()).fill((byte) 0);
  }

  /** Where a guest address is in this process; it is in a region. */
  long host(long address) {
    return guest.host(guest.find(address), address);
  }

  /**
   * An address in some region, mostly one from which there are {@code length} bytes.
   *
   * @param rings the first bytes of the first region, which are seldom chosen
   */
  long anAddress(Decisions decisions, int length, int rings) {
    Described region = REGIONS.get(decisions.below(REGIONS.size()));
    int from = region == RINGS && !decisions.oneIn(200) ? rings : 0;
    int room = (int) Math.max(1, region.length() - length - from);
    return region.guest() + from + decisions.word() % room;
  }

  /** Fails if a request names memory that is in no region. */
  void check(MemorySegment memory) {
    for (Described region : REGIONS) {
      long into = memory.address() - host(region.guest());
      if (into >= 0 && into <= region.length() - memory.byteSize()) return;
    }
    throw new AssertionError("a request for memory outside the regions: " + memory);
  }

  /** Fails if a byte between the regions has changed. */
  void checkMargins() {
    long at = 0;
    for (Described region : REGIONS) {
      checkMargin(at, region.fileOffset());
      at = region.fileOffset() + region.length();
    }
    checkMargin(at, FILE);
  }

  private void checkMargin(long from, long to) {
    long changed =
        MemorySegment.mismatch(HostMemory.ALL, mapping + from, mapping + to, canary, 0, to - from);
    if (changed >= 0)
      throw new AssertionError(
          "byte %d of the file is in no region and was changed".formatted(from + changed));
  }

  @Override
  public void close() throws Exception {
    guest.release();
    SharedMemory.unmap(mapping, FILE);
    Posix.close(file);
  }
}
