package dev.varve.io.running;

import dev.varve.core.device.FailureWords;
import dev.varve.core.inventory.ServedDisks.DiskStatus;
import dev.varve.core.machine.Attachment;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.io.posix.BlockDeviceFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a flag of an attachment does something on the medium that is in it now, or would if it
 * were set. Immutable.
 *
 * @param whyNot null if it does
 */
public record FlagEffect(Flag flag, @Nullable String whyNot) {

  /** The flags that depend on the medium. */
  public enum Flag {
    PASSTHROUGH("passthrough"),
    NON_ROTATIONAL("nonRotational"),
    DISCARD("discard");

    private final String text;

    Flag(String text) {
      this.text = text;
    }

    /** The name in JSON and on the command line. */
    public String text() {
      return text;
    }
  }

  /** File systems of Linux on which files cannot get holes. Asking one itself would touch files. */
  private static final Set<String> WITHOUT_HOLES =
      Set.of(
          "ramfs",
          "vfat",
          "msdos",
          "exfat",
          "ntfs3",
          "hfs",
          "hfsplus",
          "nfs",
          "9p",
          "iso9660",
          "udf",
          "squashfs",
          "erofs",
          "ecryptfs");

  /**
   * The effects of all flags. May block.
   *
   * @param chain the medium and all below it, base first; empty for an empty drive
   * @param served what the disk is like while it is served; null while it is not
   */
  public static List<FlagEffect> of(
      Attachment attachment, List<Medium> chain, @Nullable DiskStatus served) {
    @Nullable Medium medium = chain.isEmpty() ? null : chain.getLast();
    return List.of(
        new FlagEffect(Flag.PASSTHROUGH, noPassthrough(attachment, medium)),
        new FlagEffect(Flag.NON_ROTATIONAL, onlyOfHardDisks(attachment, "says how it rotates")),
        new FlagEffect(Flag.DISCARD, noDiscard(attachment, medium, served)));
  }

  private static @Nullable String onlyOfHardDisks(Attachment attachment, String what) {
    return attachment.type() == DeviceType.HARD_DISK
        ? null
        : "a %s is at %s, and only a hard disk %s"
            .formatted(attachment.type().text(), attachment.slot(), what);
  }

  private static @Nullable String noPassthrough(Attachment attachment, @Nullable Medium medium) {
    if (attachment.type() != DeviceType.DVD)
      return "a %s is at %s, and only a DVD drive can be passed through"
          .formatted(attachment.type().text(), attachment.slot());
    if (medium == null)
      return "the drive at %s is empty; put a drive of the host into it"
          .formatted(attachment.slot());
    return medium.isHostDrive()
        ? null
        : "'%s' is an image; only a drive of the host can be passed through"
            .formatted(medium.name());
  }

  private static @Nullable String noDiscard(
      Attachment attachment, @Nullable Medium medium, @Nullable DiskStatus served) {
    if (medium == null || attachment.type() != DeviceType.HARD_DISK)
      return onlyOfHardDisks(attachment, "can discard");
    if (served != null && served.readOnly())
      return "'%s' is served read-only".formatted(medium.name());
    Path file = medium.location();
    try {
      if (BlockDeviceFacts.isBlockDevice(file))
        return BlockDeviceFacts.givesSpaceBack(file)
            ? null
            : "the device '%s' cannot discard so that zeroes are read afterwards".formatted(file);
      String fileSystem = Files.getFileStore(file).type();
      boolean gives =
          served != null ? served.givesSpaceBack() : !WITHOUT_HOLES.contains(fileSystem);
      return gives
          ? null
          : "the file system of '%s' (%s) cannot punch holes into files: no space would come back, so a guest is not offered TRIM"
              .formatted(file, fileSystem);
    } catch (IOException e) {
      return "'%s' cannot be inspected: %s".formatted(file, FailureWords.of(e));
    }
  }
}
