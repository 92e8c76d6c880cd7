package dev.varve.core.inventory;

import dev.varve.core.journal.FileStep;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.settings.MovedMedia;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Looks at the files behind media, and keeps what came of it with them. Any thread; blocks. */
final class Inspection {

  private final ImageFiles images;
  private final MovedMedia moved;

  Inspection(ImageFiles images, MovedMedia moved) {
    this.images = images;
    this.moved = moved;
  }

  /**
   * What is in the file of a medium; of a raw one, nothing that its guest wrote counts. To a DVD no
   * guest writes, and VirtualBox lists files as such that are not the bytes of a disc.
   */
  ImageInfo inspect(Medium medium) throws IOException {
    boolean raw = medium.isRaw() && medium.device() != DeviceType.DVD;
    return images.inspect(medium.location(), medium.device(), raw ? ImageFormat.RAW : null);
  }

  /** The medium as its file is now; accessible, or with the reason why it is not. */
  Medium look(Medium medium) {
    try {
      ImageInfo info = inspect(medium);
      if (isAnother(info, medium)) return medium.withAccessError(another(info, medium));
      if (info.format() != medium.format())
        return medium.withAccessError(
            "the file '%s' has the format %s, and is registered as %s"
                .formatted(medium.name(), info.format(), medium.format()));
      String parent = anotherParent(info, medium);
      if (parent != null) return medium.withAccessError(parent);
      return medium
          .withCapacity(info.capacity())
          .withVariant(medium.isRaw() ? medium.variant() : info.variant())
          .withAccessError(null);
    } catch (IOException e) {
      String note = Files.notExists(medium.location()) ? moved.note(medium) : null;
      String why = ModelErrors.why(medium.location(), e);
      return medium.withAccessError(note == null ? why : why + ": " + note);
    }
  }

  private static boolean isAnother(ImageInfo info, Medium medium) {
    return info.id() != null && !info.id().equals(medium.id());
  }

  private static String another(ImageInfo info, Medium medium) {
    return "the file '%s' is image %s, and %s is registered there"
        .formatted(medium.name(), info.id(), medium.id());
  }

  /**
   * What the file says of its parent if that is not what is registered; else null. A differencing
   * image that does not keep the id of its parent has the one that the settings file gives it.
   */
  private static @Nullable String anotherParent(ImageInfo info, Medium medium) {
    boolean unnamed =
        info.variant() == MediumVariant.DIFFERENCING
            && info.parent() == null
            && !info.format().keepsParentId();
    if (unnamed ? medium.isDifferencing() : Objects.equals(info.parent(), medium.parent()))
      return null;
    return "the file '%s' builds on %s, and is registered on %s"
        .formatted(
            medium.name(),
            unnamed ? "an image that it does not name" : text(info.parent()),
            text(medium.parent()));
  }

  private static String text(@Nullable Object idOrNull) {
    return idOrNull == null ? "nothing" : idOrNull.toString();
  }

  /**
   * Looks again at those of {@code media} that were inaccessible; one believed to be there is
   * believed, unless there is another in its place.
   *
   * @throws dev.varve.core.medium.ModelException E_FAIL if one still is, or is another
   */
  InventoryState needs(InventoryState state, List<Medium> media) {
    for (Medium medium : media) {
      if (medium.accessError() == null) {
        needsNoOther(medium);
      } else {
        Medium seen = look(medium);
        if (seen.accessError() != null) throw inaccessible(medium, seen.accessError());
        state = state.with(seen);
      }
    }
    return state;
  }

  /**
   * Refuses if another image lies in the place of a medium: it would be written or deleted. An
   * image that cannot be read is refused when it is opened.
   */
  void needsNoOther(Medium medium) {
    ImageInfo info;
    try {
      info = inspect(medium);
    } catch (IOException _) {
      return;
    }
    if (isAnother(info, medium)) throw inaccessible(medium, another(info, medium));
  }

  /**
   * Refuses what will be done with files after a decision, if it shows now that it cannot be done.
   *
   * @param doing what needs it: {@code delete snapshot 'S1'}
   */
  void checkSteps(List<FileStep> steps, String doing) {
    try {
      for (FileStep step : steps)
        if (step instanceof FileStep.Delete delete) checkDeletable(delete, doing);
        else images.checkChangeable(step.image());
    } catch (IOException e) {
      throw ModelErrors.of(ErrorCode.VBOX_E_FILE_ERROR, "cannot " + doing, e);
    }
  }

  private void checkDeletable(FileStep.Delete step, String doing) throws IOException {
    Path image = step.image();
    if (Files.exists(image) && !Files.isRegularFile(image))
      throw ModelErrors.of(
          ErrorCode.VBOX_E_NOT_SUPPORTED,
          "'%s' is a device of the host, and to %s it would have to be deleted; close the medium, or detach it",
          image,
          doing);
    for (Path file : images.files(image, step.format())) images.checkDeletable(file);
  }

  /** Why a medium cannot be used, and what to do. */
  static ModelException inaccessible(Medium medium, String why) {
    String way = "If the machine does not need it, detach it";
    if (Files.notExists(medium.location()))
      way =
          medium.isHostDrive()
              ? "Connect the drive, or detach the medium"
              : "Put the file there, or detach the medium";
    return ModelErrors.of(
        ErrorCode.E_FAIL, "'%s' cannot be opened: %s. %s", medium.name(), why, way);
  }
}
