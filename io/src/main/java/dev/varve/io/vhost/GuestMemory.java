package dev.varve.io.vhost;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.posix.SharedMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory of a guest, as far as its front-end shares it: regions of guest addresses, mapped into
 * this process. Immutable; any thread.
 *
 * <p>It stays mapped until {@link #release} was called as often as {@link #retain}, and once more:
 * each queue that uses it and each request that names an address in it counts. Only so nothing here
 * ever touches an address where something else is mapped meanwhile.
 *
 * <p>The front-end may truncate the files under the mapping, unless they are sealed. An access to a
 * page that has gone is an {@link InternalError}, which the queue that meets it makes a failure of
 * its device: see {@link #isWhole}.
 */
final class GuestMemory {

  /** The largest number of regions that a front-end is told it may have. */
  static final int MOST_REGIONS = 509;

  /** All regions together: the addresses of this process, 128 TiB, are for other guests too. */
  private static final long MOST_BYTES = 8L << 40;

  /** What {@link #find} answers for an address in no region. */
  static final int NOWHERE = -1;

  /** Nothing is shared. */
  static final GuestMemory NONE = new GuestMemory(List.of());

  /**
   * A region as the front-end describes it.
   *
   * @param guest its first address for the guest
   * @param frontEnd its first address in the front-end's process, by which rings are named
   * @param fileOffset where it begins in the file
   */
  record Described(long guest, long length, long frontEnd, long fileOffset) {}

  /** A mapped region. Owns its descriptor and the mapping. */
  private static final class Region {
    private final Described described;
    private final int descriptor;
    private final long mapping;
    private final long mappedLength;
    private final AtomicInteger users = new AtomicInteger(1);

    private Region(Described described, int descriptor) throws PosixException {
      this.described = described;
      this.descriptor = descriptor;
      // From the file's start, because an offset that huge pages do not like cannot be mapped.
      long page = Math.max(Posix.PAGE_SIZE, Posix.preferredBlock(descriptor));
      this.mappedLength = (described.fileOffset + described.length + page - 1) / page * page;
      this.mapping = SharedMemory.map(descriptor, 0, mappedLength);
    }

    private long host() {
      return mapping + described.fileOffset;
    }

    private boolean isWhole() {
      try {
        return Posix.knownLength(descriptor) >= described.fileOffset + described.length;
      } catch (PosixException e) {
        return false;
      }
    }

    private Region retain() {
      users.incrementAndGet();
      return this;
    }

    private void release() throws PosixException {
      if (users.decrementAndGet() > 0) return;
      try {
        SharedMemory.unmap(mapping, mappedLength);
      } finally {
        Posix.close(descriptor);
      }
    }
  }

  private final List<Region> regions;
  private final long[] starts;
  private final long[] lengths;
  private final long[] hosts;
  private final AtomicInteger users = new AtomicInteger(1);

  private GuestMemory(List<Region> regions) {
    this.regions =
        regions.stream()
            .sorted(Comparator.comparingLong(region -> region.described.guest))
            .toList();
    this.starts = this.regions.stream().mapToLong(region -> region.described.guest).toArray();
    this.lengths = this.regions.stream().mapToLong(region -> region.described.length).toArray();
    this.hosts = this.regions.stream().mapToLong(Region::host).toArray();
  }

  /**
   * This memory and one more region.
   *
   * @param descriptor of the file, which is memory; owned by the result, and closed if this fails
   * @throws ProtocolException the region is none, overlaps another one, or its file is too short
   * @throws PosixException it cannot be mapped
   */
  GuestMemory with(Described more, int descriptor) throws ProtocolException, PosixException {
    Region added;
    try {
      check(more, Posix.knownLength(descriptor));
      added = new Region(more, descriptor);
    } catch (ProtocolException | PosixException e) {
      Posix.close(descriptor);
      throw e;
    }
    List<Region> all = new ArrayList<>(regions.stream().map(Region::retain).toList());
    all.add(added);
    return new GuestMemory(all);
  }

  private void check(Described more, long fileLength) throws ProtocolException {
    if (regions.size() >= MOST_REGIONS)
      throw new ProtocolException("more than %d regions of memory".formatted(MOST_REGIONS));
    long all = regions.stream().mapToLong(region -> region.mappedLength).sum();
    boolean inside =
        more.length > 0
            && more.guest >= 0
            && more.guest <= Long.MAX_VALUE - more.length
            && more.fileOffset >= 0
            && more.fileOffset <= fileLength - more.length;
    if (!inside)
      throw new ProtocolException(
          "a region of %d bytes at guest address %#x and offset %d of a file of %d bytes"
              .formatted(more.length, more.guest, more.fileOffset, fileLength));
    if (more.fileOffset + more.length > MOST_BYTES - all)
      throw new ProtocolException("more than %d bytes of memory".formatted(MOST_BYTES));
    for (Region region : regions)
      if (more.guest < region.described.guest + region.described.length
          && region.described.guest < more.guest + more.length)
        throw new ProtocolException(
            "two regions of memory have the guest address %#x"
                .formatted(Math.max(more.guest, region.described.guest)));
  }

  /**
   * This memory without one region.
   *
   * @throws ProtocolException there is no such region
   */
  GuestMemory without(Described less) throws ProtocolException {
    List<Region> kept =
        regions.stream()
            .filter(
                region ->
                    region.described.guest != less.guest
                        || region.described.length != less.length
                        || region.described.frontEnd != less.frontEnd)
            .toList();
    if (kept.size() == regions.size())
      throw new ProtocolException(
          "no region at guest address %#x that could be removed".formatted(less.guest));
    return new GuestMemory(kept.stream().map(Region::retain).toList());
  }

  /** The region that has a guest address, for {@link #host} and {@link #left}. */
  int find(long guest) {
    int low = 0;
    int high = starts.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long into = guest - starts[middle];
      if (into < 0) high = middle - 1;
      else if (into >= lengths[middle]) low = middle + 1;
      else return middle;
    }
    return NOWHERE;
  }

  /** Where a guest address of a region is in this process. */
  long host(int region, long guest) {
    return hosts[region] + (guest - starts[region]);
  }

  /** How many bytes of a region there are from a guest address on. */
  long left(int region, long guest) {
    return lengths[region] - (guest - starts[region]);
  }

  /**
   * Where a ring is in this process.
   *
   * @param frontEnd its address in the front-end's process
   * @throws ProtocolException it is not in one region
   */
  long ring(long frontEnd, long length, int alignment) throws ProtocolException {
    for (Region region : regions) {
      long into = frontEnd - region.described.frontEnd;
      if (into < 0 || into > region.described.length - length) continue;
      long host = region.host() + into;
      if (host % alignment != 0)
        throw new ProtocolException(
            "a ring at %#x, which is no multiple of %d".formatted(frontEnd, alignment));
      return host;
    }
    throw new ProtocolException("a ring at %#x, outside the shared memory".formatted(frontEnd));
  }

  /** Whether the files still have all of the regions. Asks the kernel. */
  boolean isWhole() {
    return regions.stream().allMatch(Region::isWhole);
  }

  GuestMemory retain() {
    users.incrementAndGet();
    return this;
  }

  /** Ends one use; with the last one the mappings go, but for those that another memory has too. */
  void release() {
    if (this == NONE || users.decrementAndGet() > 0) return;
    for (Region region : regions) {
      try {
        region.release();
      } catch (PosixException e) {
        throw new AssertionError("a mapping of a guest could not be ended", e);
      }
    }
  }

  @Override
  public String toString() {
    return "guest memory, regions at " + Arrays.toString(starts);
  }
}
