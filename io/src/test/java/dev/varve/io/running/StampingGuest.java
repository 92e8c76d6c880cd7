package dev.varve.io.running;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * A guest that writes a number into one sector after the other, each number once, and knows which
 * of them were acknowledged.
 */
final class StampingGuest {

  static final int SECTOR = 512;

  private final long[] acknowledged;
  private final Random random;
  private Emulator disk;
  private int sending = -1;
  private long next = 1;
  private boolean stopping;

  StampingGuest(int sectors, long seed) {
    this.acknowledged = new long[sectors];
    this.random = new Random(seed);
  }

  /** The disk as the guest finds it now; to be called before it writes at all. */
  synchronized StampingGuest goOnWith(Emulator disk) {
    this.disk = disk;
    return this;
  }

  /**
   * What the guest knows at one moment: the sectors that were acknowledged, and the one for which
   * it is waiting.
   */
  record Knowledge(long[] acknowledged, int sending, long number) {

    /** Whether an image of the disk at that moment may hold this number in a sector. */
    boolean allows(int sector, long found) {
      return found == acknowledged[sector] || sector == sending && found == number;
    }
  }

  synchronized Knowledge knowledge() {
    return new Knowledge(acknowledged.clone(), sending, next);
  }

  /** Writes one number and waits for the answer; now and then flushes, or reads back. */
  void step() throws IOException {
    int sector = random.nextInt(acknowledged.length);
    synchronized (this) {
      sending = sector;
    }
    disk.write((long) sector * SECTOR, stamp(next));
    synchronized (this) {
      acknowledged[sector] = next++;
      sending = -1;
      notifyAll();
    }
    int choice = random.nextInt(20);
    if (choice == 0) disk.flush();
    if (choice < 5) verify(random.nextInt(acknowledged.length));
  }

  private void verify(int sector) throws IOException {
    long found = number(disk.read((long) sector * SECTOR, SECTOR), 0);
    if (found != acknowledged[sector]) {
      throw new AssertionError(
          "sector " + sector + " holds " + found + " and not " + acknowledged[sector]);
    }
  }

  void verifyAll() throws IOException {
    for (int sector = 0; sector < acknowledged.length; sector++) verify(sector);
  }

  /** Steps until it is told to stop; fails as soon as an answer is wrong or an error. */
  Void run() throws IOException {
    while (!stopped()) step();
    return null;
  }

  private synchronized boolean stopped() {
    return stopping;
  }

  synchronized void stop() {
    stopping = true;
  }

  /** Waits until so many numbers more have been acknowledged. */
  synchronized void awaitMore(int count) throws InterruptedException {
    long until = next + count;
    while (next < until) wait();
  }

  private static byte[] stamp(long number) {
    byte[] sector = new byte[SECTOR];
    Arrays.fill(sector, (byte) number);
    ByteBuffer.wrap(sector).putLong(0, number).putLong(SECTOR - 8, number);
    return sector;
  }

  /** The number in a sector of a disk's bytes; fails if it is torn. */
  static long number(byte[] disk, int sector) {
    ByteBuffer bytes = ByteBuffer.wrap(disk, sector * SECTOR, SECTOR).slice();
    long number = bytes.getLong(0);
    if (number != bytes.getLong(SECTOR - 8)) throw new AssertionError("torn sector " + sector);
    return number;
  }
}
