package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * A machine's storage as the session that holds it sees it, and what it must remember of the last
 * save. Immutable.
 *
 * @param backup the attachments of the last save, in their order. An attachment that is still in
 *     its slot changes its flags here too, so that detaching and attaching it again keeps them
 * @param detached hard disks that were detached since the last save: they stay in use until then
 * @param modified whether something changed that a save would write; a new limit alone does not
 *     count
 */
record WorkingCopy(
    Hardware hardware, List<Attachment> backup, Set<MediumId> detached, boolean modified) {

  WorkingCopy {
    backup = List.copyOf(backup);
    detached = Set.copyOf(detached);
  }

  /** What a session begins with, and has again after a save or a discard. */
  static WorkingCopy of(Hardware hardware) {
    return new WorkingCopy(hardware, hardware.attachments(), Set.of(), false);
  }

  /** The hard disks and images that the current state uses, also those that left it unsaved. */
  Set<MediumId> media() {
    Set<MediumId> media = new TreeSet<>(detached);
    hardware.attachments().stream()
        .map(Attachment::medium)
        .filter(Objects::nonNull)
        .forEach(media::add);
    return media;
  }

  /** Whether a medium is attached; one whose detaching is not saved yet is not. */
  boolean attaches(MediumId medium) {
    return hardware.attachments().stream().anyMatch(a -> medium.equals(a.medium()));
  }

  /** The media that attaching made since the last save. */
  List<MediumId> implicitMedia() {
    return hardware.attachments().stream()
        .filter(Attachment::implicit)
        .map(Attachment::medium)
        .flatMap(medium -> Optional.ofNullable(medium).stream())
        .toList();
  }

  WorkingCopy plus(Attachment attachment) {
    List<Attachment> attachments = new ArrayList<>(hardware.attachments());
    attachments.add(attachment);
    return new WorkingCopy(hardware.withAttachments(attachments), backup, detached, true);
  }

  /** Without what is in a slot; a hard disk that attaching did not make stays in use. */
  WorkingCopy minus(Slot slot) {
    List<Attachment> attachments = new ArrayList<>(hardware.attachments());
    Set<MediumId> left = new TreeSet<>(detached);
    attachments.removeIf(
        a -> {
          if (!a.slot().equals(slot)) return false;
          if (a.type() == DeviceType.HARD_DISK && !a.implicit() && a.medium() != null)
            left.add(a.medium());
          return true;
        });
    return new WorkingCopy(hardware.withAttachments(attachments), backup, left, true);
  }

  /** With attachments changed, here and where they are remembered from the last save. */
  WorkingCopy with(UnaryOperator<Attachment> change) {
    List<Attachment> attachments = new ArrayList<>(hardware.attachments());
    List<Attachment> remembered = new ArrayList<>(backup);
    for (int i = 0; i < attachments.size(); i++) {
      Attachment before = attachments.get(i);
      Attachment after = change.apply(before);
      attachments.set(i, after);
      remembered.replaceAll(a -> a.equals(before) ? after : a);
    }
    return new WorkingCopy(hardware.withAttachments(attachments), remembered, detached, true);
  }

  WorkingCopy with(Hardware hardware) {
    return new WorkingCopy(hardware, backup, detached, true);
  }

  /** With a change that alone is no reason to save. */
  WorkingCopy withQuietly(Hardware hardware) {
    return new WorkingCopy(hardware, backup, detached, modified);
  }

  /** With one medium in the place of another, wherever it is named. */
  WorkingCopy replacing(MediumId old, MediumId now) {
    UnaryOperator<Attachment> swap = a -> old.equals(a.medium()) ? a.withMedium(now) : a;
    Set<MediumId> left = new TreeSet<>(detached);
    if (left.remove(old)) left.add(now);
    return new WorkingCopy(
        hardware.withAttachments(hardware.attachments().stream().map(swap).toList()),
        backup.stream().map(swap).toList(),
        left,
        modified);
  }

  /** With the diffs of {@code media} no longer thrown away by a discard. */
  WorkingCopy keeping(Set<MediumId> media) {
    return new WorkingCopy(
        hardware.withAttachments(
            hardware.attachments().stream()
                .map(
                    a ->
                        a.implicit() && a.medium() != null && media.contains(a.medium())
                            ? a.withImplicit(false)
                            : a)
                .toList()),
        backup,
        detached,
        modified);
  }

  /** The same attachments, all ordinary: what a save makes the new saved state of the session. */
  Hardware committed() {
    return hardware.withAttachments(
        hardware.attachments().stream().map(a -> a.withImplicit(false)).toList());
  }
}
