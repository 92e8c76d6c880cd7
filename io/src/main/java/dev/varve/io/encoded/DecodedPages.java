package dev.varve.io.encoded;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Memory for decoded units that all images of the process share, with a fixed bound. It is cut into
 * slots of {@link #PAGE} bytes; a larger unit takes several. A page can be in few slots only, its
 * <i>set</i>, so a look-up compares a few numbers, and making room needs no list.
 *
 * <p>A slot that is read is pinned, so that it is not filled with something else meanwhile. Of the
 * unpinned slots of a set, one that was not read since the last look is filled next: pages that
 * were read once, as by a copy of the whole disk, go before pages that are read again and again.
 *
 * <p>Memory is taken when a slot is first filled, and given back when no image uses the pages any
 * more. Thread-safe; waits for no other thread, but while memory is taken or given back.
 */
public final class DecodedPages {

  /** The size of a slot in bytes: the unit of most images. */
  public static final int PAGE = 64 << 10;

  /** The pages of the process: 64 MiB. */
  public static final DecodedPages OF_PROCESS = new DecodedPages(64 << 20);

  private static final int WAYS = 8;
  private static final int FILLING = -1;
  private static final int NO_OWNER = 0;
  private static final VarHandle STATES = MethodHandles.arrayElementVarHandle(int[].class);

  private final int sets;

  /** How many read the slot, or {@link #FILLING}. Who has pinned it may read the other fields. */
  private final int[] states;

  private final int[] owners;
  private final long[] pages;
  private final @Nullable MemorySegment[] memory;

  /** Whether the slot was read since it was last considered for filling; a hint. */
  private final boolean[] read;

  /** Where the next look for a slot to fill begins, of each set; a hint. */
  private final byte[] hands;

  /** Guarded by this: */
  private @Nullable Arena arena;

  private int lastOwner;
  private int users;

  /**
   * @param bytes the bound, at least one set
   */
  public DecodedPages(long bytes) {
    sets = Integer.highestOneBit((int) Math.max(1, bytes / PAGE / WAYS));
    int slots = sets * WAYS;
    states = new int[slots];
    owners = new int[slots];
    pages = new long[slots];
    memory = new MemorySegment[slots];
    read = new boolean[slots];
    hands = new byte[sets];
  }

  /** A number for an image that will use the pages until {@link #close}. */
  synchronized int open() {
    users++;
    if (++lastOwner == NO_OWNER) lastOwner++;
    return lastOwner;
  }

  /** Drops what an image has, which uses nothing of it any more. */
  synchronized void close(int owner) {
    for (int slot = 0; slot < states.length; slot++) {
      if (owners[slot] != owner || !STATES.compareAndSet(states, slot, 0, FILLING)) continue;
      if (owners[slot] == owner) owners[slot] = NO_OWNER;
      STATES.setRelease(states, slot, 0);
    }
    if (--users == 0 && arena != null) {
      Arrays.fill(memory, null);
      arena.close();
      arena = null;
    }
  }

  /** The slot that has a page, now pinned; -1 if none has it. */
  int pin(int owner, long page) {
    int first = set(owner, page) * WAYS;
    for (int slot = first; slot < first + WAYS; slot++) {
      if (owners[slot] != owner || pages[slot] != page) continue;
      for (int readers = state(slot); readers != FILLING; readers = state(slot)) {
        if (!STATES.compareAndSet(states, slot, readers, readers + 1)) continue;
        if (owners[slot] == owner && pages[slot] == page) {
          if (!read[slot]) read[slot] = true;
          return slot;
        }
        unpin(slot);
        break;
      }
    }
    return -1;
  }

  void unpin(int slot) {
    int _ = (int) STATES.getAndAdd(states, slot, -1);
  }

  /** The bytes of a pinned slot. */
  MemorySegment bytes(int slot) {
    MemorySegment bytes = memory[slot];
    assert bytes != null : "a pinned slot has memory";
    return bytes;
  }

  /**
   * Keeps a copy of a page, in the place of another one. Does nothing if all slots of its set are
   * being read or filled.
   */
  void keep(int owner, long page, MemorySegment bytes) {
    int set = set(owner, page);
    for (int tries = 0; tries < 2 * WAYS; tries++) {
      int slot = set * WAYS + (hands[set]++ & WAYS - 1);
      if (state(slot) != 0) continue;
      if (read[slot] && owners[slot] != NO_OWNER) {
        read[slot] = false;
        continue;
      }
      if (!STATES.compareAndSet(states, slot, 0, FILLING)) continue;
      try {
        owners[slot] = NO_OWNER;
        MemorySegment target = memoryOf(slot);
        MemorySegment.copy(bytes, 0, target, 0, bytes.byteSize());
        pages[slot] = page;
        owners[slot] = owner;
        read[slot] = false;
      } finally {
        STATES.setRelease(states, slot, 0);
      }
      return;
    }
  }

  private MemorySegment memoryOf(int slot) {
    MemorySegment known = memory[slot];
    if (known != null) return known;
    synchronized (this) {
      if (arena == null) arena = Arena.ofShared();
      return memory[slot] = arena.allocate(PAGE, 64);
    }
  }

  private int state(int slot) {
    return (int) STATES.getAcquire(states, slot);
  }

  private int set(int owner, long page) {
    long mixed = (page * 31 + owner) * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 40) & sets - 1;
  }
}
