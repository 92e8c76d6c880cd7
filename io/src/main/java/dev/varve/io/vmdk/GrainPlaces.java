package dev.varve.io.vmdk;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Which sectors of a file hold grains, to find two that overlap. Takes one bit for the space of a
 * grain as long as all lie at a multiple of their size from each other, as the usual programs make
 * it, and at most 17 otherwise. Not thread-safe.
 */
final class GrainPlaces {

  private static final short[] NONE = {};
  private static final long NOWHERE = Long.MAX_VALUE;

  private final int grainSectors;
  private final BitSet slots = new BitSet();

  /** How many shifts are in one part. */
  private static final int PART = 4096;

  /** How far behind the beginning of its slot a grain begins; 0 where there is no part. */
  private short[][] shifts = {};

  /** The sector where slot 0 begins; {@link #NOWHERE} before the first grain. */
  private long origin = NOWHERE;

  private int count;

  GrainPlaces(int grainSectors) {
    this.grainSectors = grainSectors;
  }

  /** Adds a grain; false if it overlaps one that was added before. */
  boolean add(long sector) {
    if (origin == NOWHERE) origin = sector % grainSectors - grainSectors;
    int slot = (int) ((sector - origin) / grainSectors);
    int shift = (int) ((sector - origin) % grainSectors);
    if (slots.get(slot)) return false;
    if (slots.get(slot + 1) && shift(slot + 1) < shift) return false;
    if (slot > 0 && slots.get(slot - 1) && shift(slot - 1) > shift) return false;
    slots.set(slot);
    if (shift != 0) shift(slot, shift);
    count++;
    return true;
  }

  private int shift(int slot) {
    int part = slot / PART;
    return part < shifts.length && shifts[part].length > 0 ? shifts[part][slot % PART] : 0;
  }

  private void shift(int slot, int shift) {
    int part = slot / PART;
    if (part >= shifts.length) {
      int before = shifts.length;
      shifts = Arrays.copyOf(shifts, Math.max(part + 1, 2 * before));
      Arrays.fill(shifts, before, shifts.length, NONE);
    }
    if (shifts[part].length == 0) shifts[part] = new short[PART];
    shifts[part][slot % PART] = (short) shift; // less than the sectors of a grain, 2^15
  }

  /** How many there are. */
  int count() {
    return count;
  }
}
