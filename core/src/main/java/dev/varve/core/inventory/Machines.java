package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_FILE_ERROR;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_XML_ERROR;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Links;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.settings.MachineSettings;
import dev.varve.core.settings.PreviousVersion;
import dev.varve.core.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Which machines there are. */
final class Machines {

  private static final String CHIPSET = "PIIX3";

  private final Resources resources;

  Machines(Resources resources) {
    this.resources = resources;
  }

  /** A machine without controllers. */
  Machine create(InventoryState state, String name) {
    MachineNames.check(state, name);
    MachineId id = new MachineId(resources.newId());
    return new Machine(
        id,
        name,
        resources.store().folder().newMachineFile(id, name),
        Machine.USUAL_SNAPSHOT_FOLDER,
        null,
        CHIPSET,
        Hardware.EMPTY,
        List.of(),
        null,
        true,
        resources.now());
  }

  /** Which machine a settings file describes, and the state in which it is registered. */
  record Opened(InventoryState state, MachineId machine) {}

  Opened open(InventoryState state, Path settingsFile) {
    Path given = settingsFile.toAbsolutePath().normalize();
    // What the file names is relative to where it is, and not to where a link to it is.
    Path file = Links.followed(given);
    for (MachineEntry entry : state.machines().values())
      if (List.of(given, file).contains(entry.saved().settingsFile()))
        return new Opened(state, entry.id());
    if (Files.notExists(file))
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR,
          "%s; name a machine's settings file%s",
          ModelErrors.why(new NoSuchFileException(file.toString())),
          PreviousVersion.hint(file));
    MachineSettings settings;
    try {
      settings = resources.store().read(file);
    } catch (SettingsException e) {
      throw ModelErrors.of(
          VBOX_E_XML_ERROR, "'%s' cannot be used: %s", file, ModelErrors.why(file, e));
    } catch (IOException e) {
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR, "'%s' cannot be read: %s", file, ModelErrors.why(file, e));
    }
    List<View.BadMachine> bad =
        state.bad().stream().filter(b -> !b.settingsFile().equals(file)).toList();
    return new Opened(
        Loading.add(state, settings, resources.store().folder().moved()).withBad(bad),
        settings.machine().id());
  }

  // ---- forgetting one

  static InventoryState unregister(InventoryState state, MachineId machine, UnregisterMode mode) {
    MachineEntry entry = state.machine(machine);
    checkFree(entry);
    return Registries.released(state.without(machine), machine, mode);
  }

  private static void checkFree(MachineEntry entry) {
    MachineRuns.checkSettled(entry, "unregister it");
    boolean busy = entry.state() == MachineState.DELETING_SNAPSHOT || entry.state().isOnline();
    if (busy || !entry.sessions().isEmpty())
      throw Blockers.refusal(
          VBOX_E_INVALID_OBJECT_STATE,
          Blockers.of(entry),
          "machine '%s' %s and cannot be unregistered; %s",
          entry.name(),
          busy ? "is in state " + entry.state().text() : Sessions.isLocked(entry),
          busy ? "power it down" : "unlock it");
  }

  /** What the caller may want to delete or use elsewhere once the machine is gone. */
  static List<MediumId> returned(InventoryState state, MachineId machine, UnregisterMode mode) {
    MachineEntry entry = state.machine(machine);
    List<MediumId> media = new ArrayList<>();
    switch (mode) {
      case UNREGISTER_ONLY, DETACH_ALL_RETURN_NONE -> {}
      case DETACH_ALL_RETURN_HARD_DISKS_ONLY -> addUsed(state, entry, false, media);
      case FULL -> addUsed(state, entry, true, media);
    }
    return media;
  }

  /** A hard disk once, with the parents that only it needs; an image as often as it is used. */
  private static void addUsed(
      InventoryState state, MachineEntry entry, boolean images, List<MediumId> media) {
    List<Attachment> all = new ArrayList<>(entry.saved().hardware().attachments());
    for (Snapshot snapshot : entry.saved().snapshots())
      all.addAll(snapshot.hardware().attachments());
    for (Attachment attachment : all) {
      MediumId id = attachment.medium();
      if (id == null) continue;
      if (attachment.type() != DeviceType.HARD_DISK) {
        if (images) media.add(id);
        continue;
      }
      for (Medium medium : state.chain(id))
        if (!media.contains(medium.id()) && (medium.id().equals(id) || isOnlyLink(state, medium)))
          media.add(medium.id());
    }
  }

  private static boolean isOnlyLink(InventoryState state, Medium medium) {
    return medium.type() == MediumType.NORMAL
        && state.children(medium.id()).size() == 1
        && state.uses(medium.id()).isEmpty();
  }
}
