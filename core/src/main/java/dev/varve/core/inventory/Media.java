package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_FILE_ERROR;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_NOT_FOUND;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.Links;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.OtherFormatException;
import dev.varve.core.settings.KeyStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which media there are: making, finding, changing and forgetting them one by one. */
final class Media {

  private final Resources resources;

  Media(Resources resources) {
    this.resources = resources;
  }

  // ---- new ones

  /** A hard disk that is about to be made. */
  Medium newBase(
      InventoryState state,
      Path location,
      ImageFormat format,
      MediumVariant variant,
      long capacity,
      MediumType type) {
    if (capacity <= 0)
      throw ModelErrors.of(
          E_INVALIDARG, "a disk of %d bytes holds nothing; say how large it is", capacity);
    if (variant == MediumVariant.DIFFERENCING)
      throw ModelErrors.of(
          E_INVALIDARG, "a differencing image needs a parent; create it as one on its parent");
    checkName(resources.images(), location, format);
    Medium medium =
        new Medium(
            resources.newMediumId(),
            free(state, location),
            format,
            DeviceType.HARD_DISK,
            MediumType.NORMAL,
            variant,
            null,
            capacity,
            false,
            Set.of(),
            "",
            Map.of(),
            null);
    MediumTypes.check(state.with(medium), medium, type);
    return medium.withType(type);
  }

  /**
   * A differencing image that is about to be made.
   *
   * @param parent has been looked at
   * @param wanted null: the format that it would have in a snapshot
   */
  NewDiff newDiff(
      InventoryState state, MediumId parent, Path location, @Nullable ImageFormat wanted) {
    if (wanted != null && !wanted.canDiffer())
      throw ModelErrors.of(
          E_INVALIDARG, "format %s: a differencing image has the format VDI, VMDK or VHD", wanted);
    Medium medium = state.medium(parent);
    ImageFormat format = wanted == null ? NewDiff.usualFormat(medium) : wanted;
    NewDiff.checkParent(state, medium, null);
    MediumLocks.needReading(
        state, state.chain(parent), "build on '%s'".formatted(medium.name()), null);
    NewDiff diff =
        NewDiff.at(free(state, location), format, state, medium, resources.newMediumId());
    checkName(resources.images(), location, format);
    return diff;
  }

  /** Refuses a name that promises another format than the new image will have. */
  static void checkName(ImageFiles images, Path location, ImageFormat format) {
    String why = images.whyNotNamed(location, format);
    if (why != null) throw ModelErrors.of(E_INVALIDARG, "%s", why);
  }

  /** The location, if neither a medium nor a file is there. */
  static Path free(InventoryState state, Path location) {
    Path absolute = absolute(location);
    Medium known = at(state, absolute);
    if (known != null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_IN_USE,
          "'%s' is registered as medium %s; choose another name, or use that medium",
          absolute,
          known.id());
    if (Files.exists(absolute, LinkOption.NOFOLLOW_LINKS))
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR,
          "there is a file '%s' already; choose another name, or open it",
          absolute);
    return absolute;
  }

  private static Path absolute(Path location) {
    return location.toAbsolutePath().normalize();
  }

  private static @Nullable Medium at(InventoryState state, Path location) {
    return state.media().values().stream()
        .filter(m -> m.location().equals(location))
        .findFirst()
        .orElse(null);
  }

  /** The medium of a file, also if it is registered by a path whose folders are links. */
  private static @Nullable Medium known(InventoryState state, Path file) {
    Medium known = at(state, file);
    if (known != null) return known;
    return state.media().values().stream()
        .filter(medium -> Links.isSame(medium.location(), file))
        .findFirst()
        .orElse(null);
  }

  // ---- images that are there

  /** Which medium is at a location, and the state in which it is registered. */
  record Opened(InventoryState state, MediumId medium) {}

  /**
   * Registers an image, or finds it. A symbolic link is followed: what is registered is the image.
   *
   * @param format null: as the file's contents tell
   */
  Opened open(
      InventoryState state, Path location, DeviceType device, @Nullable ImageFormat format) {
    Path given = absolute(location);
    Path absolute = at(state, given) == null ? Links.followed(given) : given;
    Medium known = known(state, absolute);
    if (known != null) {
      checkIs(known, device, format);
      return new Opened(state, known.id());
    }
    if (device == DeviceType.HARD_DISK && format != ImageFormat.RAW && isDisc(absolute))
      throw ModelErrors.of(
          E_FAIL,
          "'%s' is a DVD image by its name and cannot be opened as a hard disk; open it as a DVD, or with the format RAW if it holds a hard disk",
          absolute);
    ImageInfo info = inspect(absolute, device, format);
    Medium linked = info.id() == null ? null : state.media().get(info.id());
    if (linked != null && Links.target(linked.location()).equals(Links.target(absolute)))
      return new Opened(state, linked.id()); // a settings file names it by a link
    Medium medium = read(state, absolute, device, info);
    return new Opened(state.with(medium), medium.id());
  }

  /** Whether a registered medium is what is asked for. */
  private static void checkIs(Medium known, DeviceType device, @Nullable ImageFormat format) {
    if (format != null && format != known.format())
      throw ModelErrors.of(
          VBOX_E_OBJECT_IN_USE,
          "'%s' is registered with the format %s; close that medium before you open it as %s",
          known.name(),
          known.format(),
          format);
    if (known.device() != device)
      throw ModelErrors.of(
          E_FAIL,
          "'%s' is registered as a %s medium and cannot be opened as %s",
          known.name(),
          known.device().text(),
          device.text());
  }

  private ImageInfo inspect(Path file, DeviceType device, @Nullable ImageFormat format) {
    boolean raw = format == ImageFormat.RAW;
    try {
      ImageInfo info = resources.images().inspect(file, device, raw ? format : null);
      if (format != null && format != info.format())
        throw new IOException("it is no image of the format " + format);
      return info;
    } catch (OtherFormatException e) {
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR,
          "'%s' cannot be opened: %s; if its bytes are those of a disk all the same, open it with the format RAW",
          file,
          ModelErrors.why(file, e));
    } catch (IOException e) {
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR, "'%s' cannot be opened: %s", file, ModelErrors.why(file, e));
    }
  }

  /** Images of discs have no header that would tell; only their names do. */
  private static boolean isDisc(Path location) {
    String name = location.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".iso") || name.endsWith(".cdr");
  }

  private Medium read(InventoryState state, Path location, DeviceType device, ImageInfo info) {
    boolean drive = info.format() == ImageFormat.HOST_DRIVE;
    if (device.isRemovable() && !drive && info.format() != ImageFormat.RAW)
      throw ModelErrors.of(
          E_FAIL,
          "'%s' is a hard disk image (%s) and cannot be opened as %s",
          location,
          info.format(),
          device.text());
    MediumId id = info.id();
    if (id == null) id = drive ? Medium.hostDriveId(location) : resources.newMediumId();
    Medium twin = state.media().get(id);
    if (twin != null)
      throw ModelErrors.of(
          E_INVALIDARG,
          "'%s' has uuid %s, which '%s' has already; give the copy its own uuid, or close the other",
          location,
          id,
          twin.name());
    if (info.variant() == MediumVariant.DIFFERENCING && info.parent() == null)
      throw ModelErrors.of(
          VBOX_E_NOT_SUPPORTED,
          "'%s' is a differencing image and does not keep the id of its parent; open the machine that it belongs to, or make one image of its chain with 'varve image convert --chain'",
          location);
    Medium parent = info.parent() == null ? null : state.media().get(info.parent());
    if (info.parent() != null && parent == null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_NOT_FOUND,
          "'%s' builds on image %s, which is not registered; open that first",
          location,
          info.parent());
    KeyStores.Key key =
        device == DeviceType.HARD_DISK
            ? KeyStores.of(location, info.id() == null ? null : info.id().uuid())
            : null;
    return new Medium(
        id,
        location,
        info.format(),
        device,
        typeOf(device),
        info.variant(),
        info.parent(),
        info.capacity(),
        parent != null && state.resetsAutomatically(parent.id()),
        Set.of(),
        "",
        key == null ? Map.of() : key.properties(),
        null);
  }

  private static MediumType typeOf(DeviceType device) {
    return switch (device) {
      case HARD_DISK -> MediumType.NORMAL;
      case DVD -> MediumType.READONLY;
      case FLOPPY -> MediumType.WRITETHROUGH;
    };
  }

  /** The state after a look at the file; of a locked medium the state stays. */
  InventoryState refresh(InventoryState state, MediumId id) {
    Medium medium = state.medium(id);
    MediumState now = state.state(medium);
    boolean held = now == MediumState.LOCKED_READ || now == MediumState.LOCKED_WRITE;
    return held ? state : state.with(resources.inspection().look(medium));
  }

  // ---- forgetting

  /** A medium that is not locked, not in use, and not the parent of another. */
  static Medium unneeded(InventoryState state, MediumId id, String doing) {
    Medium medium = state.medium(id);
    MediumLocks.needFree(state, medium, "%s '%s'".formatted(doing, medium.name()));
    Map<MachineId, View.Use> uses = state.uses(id);
    if (!uses.isEmpty())
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          Blockers.uses(state, id),
          "cannot %s '%s': it is used by %s; detach it and save, and delete the snapshots",
          doing,
          medium.name(),
          state.users(uses));
    checkNoChildren(state, medium, doing);
    return medium;
  }

  private static void checkNoChildren(InventoryState state, Medium medium, String doing) {
    if (!state.children(medium.id()).isEmpty())
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          Blockers.children(state, medium),
          "cannot %s '%s': %s. First delete what builds on it with 'varve medium delete FILE', or merge it with 'varve medium merge'",
          doing,
          medium.name(),
          state.whatBuildsOn(medium));
  }

  // ---- differencing images

  static InventoryState setAutoReset(InventoryState state, MediumId id, boolean value) {
    return state.with(differencing(state, id).withAutoReset(value));
  }

  /** Empties a differencing image that nothing builds on. */
  void reset(InventoryState state, MediumId id) {
    Medium medium = differencing(state, id);
    checkNoChildren(state, medium, "reset");
    String doing = "reset '%s'".formatted(medium.name());
    MediumLocks.needFree(state, medium, doing);
    MediumLocks.needReading(state, state.chain(id), doing, null);
    resources.inspection().needs(state, state.chain(id));
    try {
      resources.store().reset(medium);
    } catch (IOException e) {
      throw ModelErrors.of(E_FAIL, "'%s' cannot be reset".formatted(medium.name()), e);
    }
  }

  private static Medium differencing(InventoryState state, MediumId id) {
    Medium medium = state.medium(id);
    if (!medium.isDifferencing())
      throw ModelErrors.of(
          VBOX_E_NOT_SUPPORTED,
          "'%s' is a base and holds the data itself; only a differencing image can be reset",
          medium.name());
    return medium;
  }

  // ---- merging by hand

  static PendingMerge merge(InventoryState state, MediumId sourceId, MediumId targetId) {
    Medium source = state.medium(sourceId);
    Medium target = state.medium(targetId);
    if (sourceId.equals(targetId))
      throw ModelErrors.of(
          E_INVALIDARG, "'%s' cannot be merged into itself; name two media", source.name());
    boolean forward = state.chain(targetId).contains(source);
    if (!forward && !state.chain(sourceId).contains(target))
      throw ModelErrors.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "'%s' and '%s' are not in one chain and cannot be merged",
          source.name(),
          target.name());
    if (forward) checkOneChild(state, source, VBOX_E_INVALID_OBJECT_STATE);
    else checkOneChild(state, target, VBOX_E_OBJECT_IN_USE);
    for (Medium changed : List.of(forward ? source : target))
      if (changed.type() == MediumType.IMMUTABLE || changed.type() == MediumType.MULTI_ATTACH)
        throw ModelErrors.of(
            VBOX_E_INVALID_OBJECT_STATE,
            "'%s' is of type %s and keeps its contents; make it Normal first",
            changed.name(),
            changed.type().text());
    List<Medium> chain = state.chain(forward ? targetId : sourceId);
    int from = 1;
    int to = chain.indexOf(forward ? source : target);
    for (Medium between : chain.subList(from, to)) {
      checkOneChild(state, between, VBOX_E_INVALID_OBJECT_STATE);
      checkUnused(state, between);
    }
    checkUnused(state, source);
    // Going down, the target shows something else afterwards; going up, the same.
    if (!forward) checkUnused(state, target);
    return new PendingMerge(sourceId, targetId, forward);
  }

  private static void checkOneChild(InventoryState state, Medium medium, ErrorCode code) {
    List<Medium> children = state.children(medium.id());
    if (children.size() > 1)
      throw Blockers.refusal(
          code,
          Blockers.children(state, medium),
          "%d images build on '%s', and the merge would change what all but one of them show",
          children.size(),
          medium.name());
  }

  private static void checkUnused(InventoryState state, Medium medium) {
    Map<MachineId, View.Use> uses = state.uses(medium.id());
    if (!uses.isEmpty())
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          Blockers.uses(state, medium.id()),
          "'%s' is used by %s and cannot be merged; detach it and save, or delete the snapshot",
          medium.name(),
          state.users(uses));
  }
}
