package dev.varve.core.inventory;

import dev.varve.core.machine.Machine;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.medium.Ownership;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A differencing image that is about to be made. Immutable.
 *
 * @param medium as it will be registered
 * @param parent what it builds on
 */
record NewDiff(Medium medium, Image parent) {

  private static final System.Logger LOG = OperationLog.of(NewDiff.class);

  /** One that the model makes by itself, in a machine's snapshot folder and registry. */
  static NewDiff in(Machine machine, InventoryState state, Medium parent, MediumId id) {
    ImageFormat format = usualFormat(parent);
    String extension = format.text().toLowerCase(Locale.ROOT);
    Path location = snapshotFolder(machine).resolve("{%s}.%s".formatted(id.uuid(), extension));
    NewDiff diff = at(location, format, state, parent, id);
    return of(diff.medium().withRegistries(Set.of(machine.id().uuid())), parent);
  }

  /**
   * Where its images go: the folder that the settings file names, unless that is of a place which
   * is not here. A machine that was moved keeps the name of its old folder.
   */
  private static Path snapshotFolder(Machine machine) {
    Path settingsFile = machine.settingsFile();
    Path named = machine.snapshotPath();
    Path above = named.getParent();
    boolean elsewhere =
        above != null
            && !named.startsWith(settingsFile.getParent())
            && Files.notExists(named)
            && Files.notExists(above);
    if (!elsewhere) return named;
    Path usual = settingsFile.resolveSibling(Machine.USUAL_SNAPSHOT_FOLDER);
    LOG.log(
        Level.WARNING,
        "the snapshot folder {0} of machine ''{1}'' is not there; its new images go to {2}",
        named,
        machine.name(),
        usual);
    return usual;
  }

  /**
   * @param format {@link ImageFormat#canDiffer}
   */
  static NewDiff at(
      Path location, ImageFormat format, InventoryState state, Medium parent, MediumId id) {
    Medium medium =
        new Medium(
            id,
            location,
            format,
            DeviceType.HARD_DISK,
            MediumType.NORMAL,
            MediumVariant.DIFFERENCING,
            parent.id(),
            parent.capacity(),
            state.resetsAutomatically(parent.id()),
            parent.registries(),
            "",
            Map.of(),
            null);
    return of(medium, parent);
  }

  static NewDiff of(Medium medium, Medium parent) {
    return new NewDiff(medium, Image.of(parent));
  }

  /**
   * The format that VirtualBox gives the child of an image; VDI on one of which Varve writes none.
   *
   * @param parent has been looked at
   */
  static ImageFormat usualFormat(Medium parent) {
    boolean alike = parent.format().canDiffer() && parent.isWritable();
    return alike ? parent.format() : ImageFormat.VDI;
  }

  /** Makes the file, and the folder that it goes into. */
  void create(ImageFiles images) throws IOException {
    Path folder = Objects.requireNonNull(medium.location().toAbsolutePath().getParent());
    if (Files.isSymbolicLink(folder) && !Files.exists(folder))
      throw new NoSuchFileException(folder.toString());
    Ownership.createFolders(folder);
    images.createChild(medium.location(), medium.id(), medium.format(), parent);
  }

  /** The files that are made, with the ids that they hold. */
  static Map<Path, MediumId> files(List<NewDiff> diffs) {
    Map<Path, MediumId> files = new LinkedHashMap<>();
    for (NewDiff diff : diffs) files.put(diff.medium().location(), diff.medium().id());
    return files;
  }

  /** Why a medium cannot be used. */
  static ModelException halfMerged(Medium medium) {
    return ModelErrors.of(
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        "'%s' is half merged: its contents are neither the old disk nor the new one. Repeat the snapshot deletion (or the merge) and let it finish",
        medium.name());
  }

  /**
   * Whether a medium may get a child now.
   *
   * @param exempt a machine whose current state is about to give the parent up; null for none
   */
  static void checkParent(InventoryState state, Medium parent, @Nullable MachineEntry exempt) {
    if (parent.device() != DeviceType.HARD_DISK)
      throw ModelErrors.of(
          ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
          "'%s' is a %s image; only hard disks have differencing images",
          parent.name(),
          parent.device().text());
    if (state.halfMerged().contains(parent.id())) throw halfMerged(parent);
    EncryptedMedia.refuse(state, parent.id());
    switch (parent.type()) {
      case WRITETHROUGH, SHAREABLE, READONLY ->
          throw ModelErrors.of(
              ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
              "'%s' is of type %s, and such a medium has no differencing images; change its type to Normal first",
              parent.name(),
              parent.type().text());
      case NORMAL, IMMUTABLE, MULTI_ATTACH -> {}
    }
    List<MachineEntry> users =
        state.currentUsers(parent.id()).stream()
            .filter(user -> exempt == null || !user.id().equals(exempt.id()))
            .toList();
    if (!users.isEmpty())
      throw Blockers.refusal(
          ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
          users.stream().flatMap(user -> Blockers.attachments(user, parent.id()).stream()).toList(),
          "'%s' is attached to the current state of machine %s, which writes to it; detach it there and save before something builds on it",
          parent.name(),
          InventoryState.names(users));
  }
}
