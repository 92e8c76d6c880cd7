package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;

import dev.varve.core.machine.Attachment;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The media of a machine that runs or is about to, device by device: whether they can be served,
 * and the locks that this takes. Of each chain the top is locked for writing, unless its type or
 * the run says otherwise, and the rest for reading.
 */
final class MediaClaims {

  private final Inspection inspection;
  private final MachineEntry entry;
  private InventoryState state;

  /**
   * @param state in which the machine holds no locks
   */
  MediaClaims(Inspection inspection, InventoryState state, MachineEntry entry) {
    this.inspection = inspection;
    this.state = state;
    this.entry = entry;
  }

  /** The state with what was looked at, and with the locks. */
  InventoryState state() {
    return state;
  }

  /**
   * Looks at the media of a device that will be served, and locks them.
   *
   * @throws ModelException why they cannot be served; they are not locked
   */
  void claim(Attachment attachment, Run run) {
    MediumId medium = run.served(attachment);
    if (medium == null) return;
    EncryptedMedia.refuse(state, medium);
    List<Medium> chain = state.chain(medium);
    InventoryState seen =
        attachment.type() == DeviceType.HARD_DISK
            ? inspection.needs(state, chain)
            : withDisc(chain.getFirst());
    if (attachment.type() == DeviceType.HARD_DISK && !run.readOnly())
      checkWritable(seen.medium(medium));
    state = locked(seen, entry, attachment, run);
  }

  private static void checkWritable(Medium top) {
    if (top.isWritable() || !isWritten(top)) return;
    throw ModelErrors.of(
        ErrorCode.VBOX_E_NOT_SUPPORTED,
        "'%s' is a %s image that Varve only reads; take a snapshot of the machine first: the VDI image on top then takes the writes",
        top.name(),
        top.format());
  }

  /** The state after another look at what was inaccessible. */
  private InventoryState withDisc(Medium disc) {
    if (disc.accessError() == null) return state;
    Medium seen = inspection.look(disc);
    state = state.with(seen);
    if (seen.accessError() != null) throw Inspection.inaccessible(disc, seen.accessError());
    return state;
  }

  /** Locks the media of a device that is served already. */
  void keep(Attachment attachment, Run run) {
    state = locked(state, entry, attachment, run);
  }

  /** The state with the locks on the media of a device that is served already. */
  static InventoryState locked(
      InventoryState seen, MachineEntry entry, Attachment attachment, Run run) {
    MediumId medium = run.served(attachment);
    if (medium == null) return seen;
    String holder = "running machine '%s'".formatted(entry.name());
    List<MediumLock> wanted = new ArrayList<>();
    List<Medium> chain = seen.chain(medium);
    for (Medium link : chain.reversed()) {
      boolean top = link == chain.getFirst();
      boolean written = isWritten(link) || isPassedThrough(attachment, link);
      wanted.add(
          new MediumLock(
              MediumLock.ofRun(entry.id()),
              link.id(),
              top && written && !run.readOnly(),
              MediumLock.Kind.MACHINE,
              holder));
    }
    return MediumLocks.take(seen, wanted, "", null);
  }

  /**
   * What is wrong with a device that could not be opened: what a look at its media says, or what
   * opening said.
   */
  ModelException whyNot(Attachment attachment, IOException opening) {
    List<Medium> chain = attachment.medium() == null ? List.of() : state.chain(attachment.medium());
    for (Medium medium : chain) {
      Medium seen = inspection.look(medium);
      if (seen.accessError() == null) continue;
      state = state.with(seen);
      return Inspection.inaccessible(medium, seen.accessError());
    }
    ErrorCode code = ModelErrors.of(E_FAIL, "", opening).code();
    return new ModelException(code, ModelErrors.why(opening), opening);
  }

  static boolean isWritten(Medium medium) {
    return medium.type() != MediumType.READONLY && medium.type() != MediumType.SHAREABLE;
  }

  /** Then the guest has the drive for itself, and may write to its disc. */
  static boolean isPassedThrough(Attachment attachment, Medium medium) {
    return attachment.passthrough() && medium.isHostDrive();
  }
}
