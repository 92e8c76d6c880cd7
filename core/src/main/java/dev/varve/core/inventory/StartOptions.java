package dev.varve.core.inventory;

import dev.varve.core.machine.Slot;
import java.util.Set;

/**
 * How a machine is started. Immutable.
 *
 * @param readOnly whether its disks can only be read: nothing is reset or locked for writing, and a
 *     machine whose memory is saved starts too
 * @param without slots whose devices are not served in this run
 * @param force also while other programs write to its images, or VirtualBox runs for its owner:
 *     what either of them writes may be lost
 */
public record StartOptions(boolean readOnly, Set<Slot> without, boolean force) {

  /** All devices, as their media allow. */
  public static final StartOptions USUAL = new StartOptions(false, Set.of(), false);

  /** Not by force. */
  public StartOptions(boolean readOnly, Set<Slot> without) {
    this(readOnly, without, false);
  }

  public StartOptions {
    without = Set.copyOf(without);
  }
}
