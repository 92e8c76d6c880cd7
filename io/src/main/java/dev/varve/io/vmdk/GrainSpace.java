package dev.varve.io.vmdk;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.SpaceAhead;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.util.ArrayDeque;

/**
 * Where new grains and tables of an extent go: behind everything that the file has. VirtualBox too
 * appends at the end of the file, so that garbage which a crash left there is skipped and not
 * overwritten. Used in the change lane only, or while nothing else uses the image.
 */
final class GrainSpace {

  private static final int SECTOR = GrainDirectory.SECTOR;

  /** Sector numbers have 32 bits. */
  private static final long MAX_END = (long) SECTOR << 32;

  private final ImageFile file;
  private final int grain;
  private final SpaceAhead space;

  /** Places that were taken and given back; their bytes may be anything. */
  private final ArrayDeque<Long> given = new ArrayDeque<>();

  /** Where the next one begins at the earliest, in bytes. */
  private long end;

  /** How many grains may still need a place. */
  private long left;

  GrainSpace(ImageFile file, SparseHeader header, ExtentScan scan) {
    this.file = file;
    this.grain = header.grain();
    this.space = new SpaceAhead(file);
    this.end = roundUp(Math.max(scan.fileLength(), scan.usedEnd()), SECTOR);
    this.left = (long) scan.grains() - scan.usedGrains();
  }

  private static long roundUp(long value, long unit) {
    return Math.ceilDiv(value, unit) * unit;
  }

  /** A place for a grain; its bytes are zero and have space on the host. */
  long take() throws IOException {
    if (!given.isEmpty()) return takeBack();
    long start = roundUp(end, grain); // what is skipped is a hole of the file
    requireNumber(start + grain);
    space.reserve(start, grain, Math.min(MAX_END, start + Math.max(1, left) * grain));
    end = start + grain;
    left--;
    return start;
  }

  private long takeBack() throws IOException {
    long start = given.getFirst();
    file.punch(start, grain);
    file.reserve(start, grain);
    given.removeFirst();
    left--;
    return start;
  }

  void giveBack(long place) {
    given.addLast(place);
    left++;
  }

  /** Space for metadata, zeroed. */
  long append(long sectors) throws IOException {
    long start = end;
    long length = sectors * SECTOR;
    requireNumber(start + length);
    file.reserve(start, length);
    end = start + length;
    return start;
  }

  private void requireNumber(long end) throws OutOfSpaceException {
    if (end > MAX_END)
      throw new OutOfSpaceException(
          file.name()
              + ": a sparse extent of VMDK ends at 2 TiB: put a snapshot on top, or copy it");
  }

  /** Forgets what follows the last grain in the file: a crash left it, and nothing names it. */
  void dropLeftovers(long needed) throws IOException {
    end = roundUp(needed, SECTOR);
    cut();
  }

  /** Cuts the file behind the last place, with the space that was reserved there. */
  void cut() throws IOException {
    while (given.remove(end - grain)) end -= grain;
    if (file.length() > end) file.setLength(end);
    space.cut();
  }
}
