package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Bytes of a file with a checksum over all of them, which is what a footer and a header have in
 * common. Immutable. The checksum can be wrong.
 */
abstract class SealedBytes {

  /** Read-only native memory. */
  private final MemorySegment bytes;

  private final int checksumAt;

  /**
   * @param bytes native memory, which nothing changes any more
   * @param checksumAt where the checksum stands in them
   */
  SealedBytes(MemorySegment bytes, int checksumAt) {
    this.bytes = bytes.asReadOnly();
    this.checksumAt = checksumAt;
  }

  /** Sets the checksum that the bytes must have; returns the bytes. */
  static MemorySegment seal(MemorySegment bytes, int checksumAt) {
    bytes.set(INT, checksumAt, VhdFields.checksum(bytes, checksumAt));
    return bytes;
  }

  final MemorySegment bytes() {
    return bytes;
  }

  /** The bytes, to be changed and sealed. */
  final MemorySegment copy() {
    return Arena.ofAuto().allocate(bytes.byteSize()).copyFrom(bytes);
  }

  final int checksum() {
    return bytes.get(INT, checksumAt);
  }

  final int rightChecksum() {
    return VhdFields.checksum(bytes, checksumAt);
  }

  final boolean hasRightChecksum() {
    return checksum() == rightChecksum();
  }

  /** Whether both have the same bytes. */
  final boolean equalTo(SealedBytes other) {
    return bytes.mismatch(other.bytes) < 0;
  }
}
