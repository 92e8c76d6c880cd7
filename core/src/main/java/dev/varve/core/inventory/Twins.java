package dev.varve.core.inventory;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.SamePlace;
import dev.varve.core.settings.MovedMedia;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Media that two registries list. One medium may be in several, and then all must mean the same:
 * one file, one uuid, one place in a chain.
 */
final class Twins {

  private Twins() {}

  /**
   * Why a medium that a settings file lists cannot be beside those that are known; null if it can.
   * May look at files.
   *
   * @param settingsFiles of the machines that are known, for people
   * @param moved media of which the place may be a guess
   */
  static @Nullable String conflict(
      InventoryState state, Medium medium, Map<UUID, Path> settingsFiles, MovedMedia moved) {
    if (medium.isHostDrive()) return null;
    Medium known = state.media().get(medium.id());
    if (known != null) {
      // Where one of the two is, is not known: it can be where the other is.
      boolean lost = moved.isLost(medium) || moved.isLost(known);
      return difference(
          lost ? medium.withLocation(known.location()) : medium, known, settingsFiles);
    }
    // Images of discs and floppies hold no uuid, so that each host gives them another.
    if (medium.device() != DeviceType.HARD_DISK) return null;
    for (Medium other : state.media().values())
      if (other.device() == DeviceType.HARD_DISK && other.location().equals(medium.location()))
        return "'%s' is medium %s here, and medium %s in %s; one file is one medium: correct the uuid in one of the two"
            .formatted(medium.name(), medium.id(), other.id(), places(other, settingsFiles));
    return null;
  }

  private static @Nullable String difference(
      Medium here, Medium known, Map<UUID, Path> settingsFiles) {
    String place = places(known, settingsFiles);
    if (here.device() != known.device())
      return "medium %s ('%s') is a %s medium here, and a %s medium ('%s') in %s; correct one of the two"
          .formatted(
              here.id(),
              here.name(),
              here.device().text(),
              known.device().text(),
              known.name(),
              place);
    if (!areOneFile(here.location(), known.location()))
      return "medium %s is the file '%s' here, and the file '%s' in %s; two files cannot be one medium: %s"
          .formatted(
              here.id(),
              here.name(),
              known.name(),
              place,
              here.device() == DeviceType.HARD_DISK
                  ? "give the copy a uuid of its own, or unregister the other"
                  : "let both name the same file, or unregister the other");
    if (here.device() != DeviceType.HARD_DISK) return null;
    if (!Objects.equals(here.parent(), known.parent()))
      return "'%s' builds on %s here, and on %s in %s; correct one of the two"
          .formatted(here.name(), parent(here), parent(known), place);
    if (here.type() != known.type())
      return "'%s' is of type %s here, and of type %s in %s; correct one of the two"
          .formatted(here.name(), here.type().text(), known.type().text(), place);
    return null;
  }

  private static Object parent(Medium medium) {
    return medium.parent() == null ? "nothing" : medium.parent();
  }

  /**
   * Whether two locations mean one file: by another way through the folders, or, where letter case
   * makes no difference, in other letters. A location at which there is nothing, or no more, cannot
   * be another file than one that is known and there.
   */
  private static boolean areOneFile(Path here, Path known) {
    if (here.equals(known)) return true;
    return SamePlace.of(here, known) || Files.notExists(here) && Files.exists(known);
  }

  /** For people: the settings files that list a medium. */
  private static String places(Medium medium, Map<UUID, Path> settingsFiles) {
    if (medium.isGlobal()) return "the global registry";
    List<String> files = new ArrayList<>();
    for (UUID machine : medium.registries()) {
      Path file = settingsFiles.get(machine);
      files.add(file == null ? "machine " + machine : "'" + file + "'");
    }
    files.sort(null);
    return String.join(", ", files);
  }
}
