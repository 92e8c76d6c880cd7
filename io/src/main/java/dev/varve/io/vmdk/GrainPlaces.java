package dev.varve.io.vmdk;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Which sectors of a file hold grains, to find two that overlap. Takes one bit for a grain as long
 * as all lie at a multiple of their size from each other, as the usual programs make it. Not
 * thread-safe.
 */
final class GrainPlaces {

  private final int grainSectors;
  private final BitSet slots = new BitSet();

  /** How far behind the beginning of its slot a grain begins; 0 if it is not in the map. */
  private final Map<Integer, Integer> shifts = new HashMap<>();

  private long origin = -1;
  private int count;

  GrainPlaces(int grainSectors) {
    this.grainSectors = grainSectors;
  }

  /** Adds a grain; false if it overlaps one that was added before. */
  boolean add(long sector) {
    if (origin < 0) origin = sector % grainSectors - grainSectors;
    int slot = (int) ((sector - origin) / grainSectors);
    int shift = (int) ((sector - origin) % grainSectors);
    if (slots.get(slot)) return false;
    if (slots.get(slot + 1) && shift(slot + 1) < shift) return false;
    if (slot > 0 && slots.get(slot - 1) && shift(slot - 1) > shift) return false;
    slots.set(slot);
    if (shift != 0) shifts.put(slot, shift);
    count++;
    return true;
  }

  private int shift(int slot) {
    return shifts.isEmpty() ? 0 : shifts.getOrDefault(slot, 0);
  }

  /** How many there are. */
  int count() {
    return count;
  }
}
