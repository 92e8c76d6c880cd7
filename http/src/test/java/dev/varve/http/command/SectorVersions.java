package dev.varve.http.command;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the sectors of a disk may hold when its server has ended: each one the version that was
 * acknowledged before the last completed flush, or any that was sent later.
 *
 * <p>Changes count from a number on that no earlier session of the disk has used, so that nothing
 * old passes for new. A written sector is its number and the change's, over and over.
 */
final class SectorVersions {

  static final int SECTOR = 512;

  /** Sectors {@code first} to {@code first + count - 1} got new contents, or zeroes. */
  record Change(int number, int first, int count, boolean zeroes) {
    boolean overlaps(int otherFirst, int otherCount) {
      return first < otherFirst + otherCount && otherFirst < first + count;
    }

    /** What is written. */
    ByteBuffer contents() {
      var contents = ByteBuffer.allocate(count * SECTOR);
      while (contents.hasRemaining()) {
        contents.putInt(first + contents.position() / SECTOR).putInt(number);
      }
      return contents.flip();
    }
  }

  private final byte[] start;
  private final int firstNumber;
  private final List<Change> changes = new ArrayList<>();
  // By sector, the numbers of changes; firstNumber - 1 for the start.
  private final int[] acknowledged;
  private final int[] durable;
  private final int[] zeroed;

  /**
   * @param start the contents, durable
   * @param firstNumber of the first change, at least 1
   */
  SectorVersions(byte[] start, int firstNumber) {
    this.start = start;
    this.firstNumber = firstNumber;
    acknowledged = new int[start.length / SECTOR];
    Arrays.fill(acknowledged, firstNumber - 1);
    durable = acknowledged.clone();
    zeroed = acknowledged.clone();
  }

  int sectors() {
    return durable.length;
  }

  int nextNumber() {
    return firstNumber + changes.size();
  }

  /** A change that is about to be sent; it overlaps none that is on its way. */
  Change change(int first, int count, boolean zeroes) {
    var change = new Change(nextNumber(), first, count, zeroes);
    changes.add(change);
    if (zeroes) Arrays.fill(zeroed, first, first + count, change.number);
    return change;
  }

  void acknowledge(Change change) {
    Arrays.fill(acknowledged, change.first, change.first + change.count, change.number);
  }

  /**
   * What is acknowledged so far; a flush that is sent now makes it {@linkplain #settle durable}.
   */
  int[] moment() {
    return acknowledged.clone();
  }

  void settle(int[] moment) {
    for (int sector = 0; sector < durable.length; sector++) {
      durable[sector] = Math.max(durable[sector], moment[sector]);
    }
  }

  /** The change is durable by itself. */
  void settle(Change change) {
    Arrays.fill(durable, change.first, change.first + change.count, change.number);
  }

  /** Fails if the disk holds something that it may not hold now. */
  void check(byte[] found, String when) {
    for (int sector = 0; sector < durable.length; sector++) {
      if (!allows(sector, found)) {
        var bytes = ByteBuffer.wrap(found, sector * SECTOR, SECTOR);
        throw new AssertionError(
            "%s: sector %d starts with %d, version %d; of changes %d to %d, %d was durable, %d acknowledged, %d the last of zeroes"
                .formatted(
                    when,
                    sector,
                    bytes.getInt(),
                    bytes.getInt(),
                    firstNumber,
                    nextNumber() - 1,
                    durable[sector],
                    acknowledged[sector],
                    zeroed[sector]));
      }
    }
  }

  private boolean allows(int sector, byte[] found) {
    int from = sector * SECTOR;
    int to = from + SECTOR;
    boolean unchanged = Arrays.equals(found, from, to, start, from, to);
    if (unchanged && durable[sector] < firstNumber) return true;
    var holds = ByteBuffer.wrap(found, from, SECTOR);
    if (isZero(holds)) {
      return zeroed[sector] >= Math.max(durable[sector], firstNumber);
    }
    int number = holds.getInt(from + 4);
    if (number < Math.max(durable[sector], firstNumber) || number >= nextNumber()) return false;
    Change change = changes.get(number - firstNumber);
    return !change.zeroes
        && change.overlaps(sector, 1)
        && holds.equals(new Change(number, sector, 1, false).contents());
  }

  private static boolean isZero(ByteBuffer bytes) {
    return bytes.mismatch(ByteBuffer.allocate(SECTOR)) < 0;
  }
}
