package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.MediumId;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a machine runs. Immutable.
 *
 * @param readOnly whether its disks can only be read
 * @param without slots whose devices are left out: neither served nor locked
 * @param unserved media that could not be served and are in drives, which are empty for the guest
 */
public record Run(boolean readOnly, Set<Slot> without, Set<MediumId> unserved) {

  public Run {
    without = Set.copyOf(without);
    unserved = Set.copyOf(unserved);
  }

  static Run of(StartOptions how) {
    return new Run(how.readOnly(), how.without(), Set.of());
  }

  /** Whether this run leaves a device out. */
  public boolean leavesOut(Attachment attachment) {
    return without.contains(attachment.slot());
  }

  /** What is served of a device's medium; null for an empty drive. */
  @Nullable MediumId served(Attachment attachment) {
    MediumId medium = attachment.medium();
    return medium == null || unserved.contains(medium) ? null : medium;
  }

  /** The same without a device that cannot be served: a drive stays, and is empty. */
  Run without(Attachment attachment) {
    MediumId medium = attachment.medium();
    if (attachment.type().isRemovable() && medium != null) {
      Set<MediumId> more = new HashSet<>(unserved);
      more.add(medium);
      return new Run(readOnly, without, more);
    }
    Set<Slot> more = new HashSet<>(without);
    more.add(attachment.slot());
    return new Run(readOnly, more, unserved);
  }

  /** The same after a change of the devices: what has got another medium is served again. */
  Run following(Hardware before, Hardware after) {
    Set<Slot> stillWithout = new HashSet<>();
    Set<MediumId> stillUnserved = new HashSet<>();
    for (Attachment attachment : after.attachments()) {
      Attachment old = before.attachment(attachment.slot());
      if (old == null || !Objects.equals(old.medium(), attachment.medium())) continue;
      if (leavesOut(attachment)) stillWithout.add(attachment.slot());
      if (attachment.medium() != null && unserved.contains(attachment.medium()))
        stillUnserved.add(attachment.medium());
    }
    return new Run(readOnly, stillWithout, stillUnserved);
  }
}
