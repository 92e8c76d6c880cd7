package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a disk may hold after a crash: of each sector, the last version that was made durable, or
 * any later one.
 */
final class Versions {

  private static final int SECTOR = 512;

  private final List<byte[]> versions = new ArrayList<>();
  private final int[] oldest;
  private final boolean wholeSectors;

  /**
   * @param contents durable now
   * @param wholeSectors whether the sectors of the disk are those of its file, so that a crash does
   *     not cut them
   */
  Versions(byte[] contents, boolean wholeSectors) {
    this.oldest = new int[Math.ceilDiv(contents.length, SECTOR)];
    this.wholeSectors = wholeSectors;
    versions.add(contents.clone());
  }

  byte[] last() {
    return versions.getLast();
  }

  int moment() {
    return versions.size() - 1;
  }

  /** The requests change the contents, in any order: they do not overlap. */
  void change(Iterable<RandomRequests.Request> requests) {
    byte[] contents = last().clone();
    for (var request : requests) request.applyTo(contents);
    versions.add(contents);
  }

  /** What there was at that moment is durable. */
  void durable(int moment) {
    durable(moment, 0, last().length);
  }

  void durable(int moment, int offset, int length) {
    int end = Math.ceilDiv(offset + length, SECTOR);
    for (int sector = offset / SECTOR; sector < end; sector++) {
      oldest[sector] = Math.max(oldest[sector], moment);
    }
  }

  /** Fails if {@code found} is no contents that a crash may leave now. */
  void check(byte[] found, String when) {
    for (int sector = 0; sector < oldest.length; sector++) {
      int start = sector * SECTOR;
      int end = Math.min(start + SECTOR, found.length);
      if (wholeSectors && found.length % SECTOR == 0) {
        if (!holds(found, start, end, oldest[sector])) fail(message(found, start, sector, when));
      } else {
        for (int at = start; at < end; at++) {
          if (!holds(found, at, at + 1, oldest[sector])) fail(message(found, at, sector, when));
        }
      }
    }
  }

  private boolean holds(byte[] found, int start, int end, int oldest) {
    for (byte[] version : versions.subList(oldest, versions.size())) {
      if (Arrays.equals(found, start, end, version, start, end)) return true;
    }
    return false;
  }

  private String message(byte[] found, int at, int sector, String when) {
    var known = new StringBuilder();
    for (int i = 0; i < versions.size(); i++) {
      known.append(i == oldest[sector] ? " durable:" : " ").append(versions.get(i)[at] & 0xFF);
    }
    return "%s: byte %d is %d; versions:%s".formatted(when, at, found[at] & 0xFF, known);
  }
}
