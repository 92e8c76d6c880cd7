package dev.varve.io.chain;

import dev.varve.core.device.DeviceRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Requests of every kind, size and alignment, drawn from a seed. */
final class RandomRequests {

  enum Kind {
    WRITE,
    WRITE_DURABLY,
    DISCARD,
    WRITE_ZEROES,
    ALLOCATE_ZEROES,
    FLUSH
  }

  /**
   * One request.
   *
   * @param data what it makes the range read as; empty for a flush
   */
  record Request(Kind kind, int offset, byte[] data) {

    void setUp(DeviceRequest request) {
      switch (kind) {
        case WRITE -> request.write(offset, Guest.memory(data), false);
        case WRITE_DURABLY -> request.write(offset, Guest.memory(data), true);
        case DISCARD -> request.discard(offset, data.length, false);
        case WRITE_ZEROES -> request.writeZeroes(offset, data.length, false, false);
        case ALLOCATE_ZEROES -> request.writeZeroes(offset, data.length, true, false);
        case FLUSH -> request.flush();
      }
    }

    /** Does to a plain array what the request does to a disk. */
    void applyTo(byte[] disk) {
      System.arraycopy(data, 0, disk, offset, data.length);
    }

    int end() {
      return offset + data.length;
    }

    @Override
    public String toString() {
      return kind + " " + offset + "+" + data.length;
    }
  }

  private RandomRequests() {}

  static List<Request> of(Random random, int count, int capacity, int blockSize) {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) requests.add(one(random, capacity, blockSize));
    return requests;
  }

  static Request one(Random random, int capacity, int blockSize) {
    Kind kind =
        switch (random.nextInt(16)) {
          case 0, 1, 2, 3, 4, 5, 6 -> Kind.WRITE;
          case 7 -> Kind.WRITE_DURABLY;
          case 8, 9, 10 -> Kind.DISCARD;
          case 11 -> Kind.WRITE_ZEROES;
          case 12 -> Kind.ALLOCATE_ZEROES;
          default -> Kind.FLUSH;
        };
    if (kind == Kind.FLUSH) return new Request(kind, 0, new byte[0]);
    int[] grids = {1, 512, 4096, blockSize, blockSize};
    int grid = grids[random.nextInt(grids.length)];
    int offset = random.nextInt(capacity) / grid * grid;
    int longest = random.nextInt(4) == 0 ? 3 * blockSize : Math.max(grid, 3000);
    int length = Math.ceilDiv(1 + random.nextInt(longest), grid) * grid;
    byte[] data = new byte[Math.min(length, capacity - offset)];
    boolean writes = kind == Kind.WRITE || kind == Kind.WRITE_DURABLY;
    if (writes && random.nextInt(8) != 0) fill(data, random);
    return new Request(kind, offset, data);
  }

  /** Mostly stretches of one byte, so that a wrong place is easy to see; no zeroes. */
  private static void fill(byte[] data, Random random) {
    for (int at = 0; at < data.length; ) {
      int end = Math.min(data.length, at + 512 + random.nextInt(8192));
      Arrays.fill(data, at, end, (byte) (1 + random.nextInt(255)));
      at = end;
    }
  }
}
