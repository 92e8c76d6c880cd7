package dev.varve.io.image;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.OtherFormatException;
import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The formats of files that are not raw disks: the name of each, how it is recognised, and what a
 * user can do with it.
 *
 * <p>The format of a file is the first one whose signature it has. A file without a signature has
 * the format that its name suggests. Immutable; any thread.
 */
public enum KnownFormat {
  /** Also an image with a damaged header, if its name or its text still shows the format. */
  VDI("a VDI image", Signature::isVdi, Advice.IMAGE, ".vdi"),
  VMDK("a VMDK image", Signature.at(0, "KDMV"), Advice.IMAGE, ".vmdk"),
  VMDK_EXTENT("an extent of a VMDK disk of ESX", Signature.at(0, "COWD"), Advice.EXTENT),
  QCOW("a QCOW image", Signature::isQcow1, Advice.IMAGE, ".qcow"),
  QCOW2("a QCOW2 image", Signature.at(0, "QFI\u00FB"), Advice.IMAGE, ".qcow2"),
  QED("a QED image", Signature.at(0, "QED\0"), Advice.convert("qed"), ".qed"),
  VHDX("a VHDX image", Signature.at(0, "vhdxfile"), Advice.convert("vhdx"), ".vhdx", ".avhdx"),
  PARALLELS("a Parallels image", Signature::isParallels, Advice.convert("parallels"), ".hdd"),
  LUKS("a volume that LUKS has encrypted", Signature.at(0, "LUKS\u00BA\u00BE"), Advice::forLuks),
  XZ("a file that xz has packed", Signature.at(0, "\u00FD7zXZ\0"), Advice.unpack("xz"), ".xz"),
  GZIP(
      "a file that gzip has packed",
      Signature.at(0, "\u001F\u008B\b"),
      Advice.unpack("gzip"),
      ".gz"),
  BZIP2("a file that bzip2 has packed", Signature.at(0, "BZh"), Advice.unpack("bzip2"), ".bz2"),
  ZSTD(
      "a file that zstd has packed",
      Signature.at(0, "\u0028\u00B5\u002F\u00FD"),
      Advice.unpack("zstd"),
      ".zst"),
  ZIP("a zip archive", Signature.at(0, "PK\u0003\u0004"), Advice.extract("unzip"), ".zip"),
  SEVEN_ZIP(
      "a 7z archive", Signature.at(0, "7z\u00BC\u00AF\u0027\u001C"), Advice.extract("7z x"), ".7z"),
  RAR("a rar archive", Signature.at(0, "Rar!\u001A\u0007"), Advice.extract("unrar x"), ".rar"),
  OVA("an OVA or another tar archive", Signature.at(257, "ustar"), Advice::forTar, ".ova", ".tar"),
  DMG("a DMG image", Signature::isDmg, Advice::forDmg, ".dmg"),
  VHD("a VHD image", Signature::isVhd, Advice.IMAGE, ".vhd", ".avhd"),
  VMDK_DESCRIPTOR("the descriptor of a VMDK disk", Signature::isVmdkDescriptor, Advice.IMAGE),
  VISO(
      "a description of a DVD image (VISO)",
      Signature.text("--iprt-iso-maker-file-marker"),
      (_, _) -> "make an ISO image of the same files, for example with xorriso or genisoimage",
      ".viso"),
  SETTINGS(
      "the settings file of a VirtualBox machine",
      Signature.text("<VirtualBox", "<Machine "),
      (file, _) ->
          "open the machine with 'varve machine open %s', or name one of its disks"
              .formatted(Advice.quoted(file)),
      ".vbox",
      ".vbox-prev"),
  OVF("the description of an appliance (OVF)", Signature.text("<Envelope"), Advice::forOvf, ".ovf"),
  ISO("a DVD image (ISO 9660)", Signature.at(32769, "CD001"), Advice::forIso, ".iso", ".cdr"),
  TEXT("a text file", Signature::isText, (_, _) -> "name a disk image");

  private final String what;
  private final Predicate<FileEnds> signature;
  private final Advice advice;
  private final List<String> suffixes;

  KnownFormat(String what, Predicate<FileEnds> signature, Advice advice, String... suffixes) {
    this.what = what;
    this.signature = signature;
    this.advice = advice;
    this.suffixes = List.of(suffixes);
  }

  /** The name of the format for people, with its article. */
  @Override
  public String toString() {
    return what;
  }

  /**
   * The format of a file by its signature, or else by its name; null for a file that can only be
   * raw, and for anything but a regular file. May block.
   */
  public static @Nullable KnownFormat of(Path file) throws IOException {
    FileEnds ends = ends(file);
    return ends == null ? null : of(file, ends);
  }

  /** The format whose signature an open file has; null for one that can only be raw. May block. */
  public static @Nullable KnownFormat of(ImageFile file) throws IOException {
    return signed(FileEnds.of(file));
  }

  private static @Nullable FileEnds ends(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) return null;
    try (var opened = FileChannel.open(file, StandardOpenOption.READ)) {
      return FileEnds.of(opened);
    }
  }

  private static @Nullable KnownFormat of(Path file, FileEnds ends) {
    KnownFormat signed = signed(ends);
    // A raw disk may begin with text; its name then tells it from a text file.
    if (signed != null && !(signed == TEXT && isNamedRaw(file))) return signed;
    return named(file);
  }

  private static @Nullable KnownFormat signed(FileEnds ends) {
    return Arrays.stream(values()).filter(f -> f.signature.test(ends)).findFirst().orElse(null);
  }

  /** The format that the end of a file's name suggests; null for raw or none. */
  public static @Nullable KnownFormat named(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(format -> format.suffixes.stream().anyMatch(name::endsWith))
        .findFirst()
        .orElse(null);
  }

  /** Whether the end of a file's name suggests a raw disk. */
  public static boolean isNamedRaw(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return RawNames.SUFFIXES.stream().anyMatch(name::endsWith);
  }

  /** In a class of its own, since an enum's constants are made before its static fields. */
  private static final class RawNames {
    static final List<String> SUFFIXES =
        List.of(".raw", ".img", ".ima", ".dd", ".bin", ".dsk", ".flp", ".vfd");
  }

  /**
   * Fails for a file that is probably not the raw contents of such a device. May block.
   *
   * @throws OtherFormatException if it has a format that Varve does not read there, or is a VDI
   *     image
   */
  public static void requireRaw(Path file, DeviceType device) throws IOException {
    FileEnds ends = ends(file);
    KnownFormat format = ends == null ? null : of(file, ends);
    if (ends != null && format != null && format.isForeignTo(device))
      throw format.refusal(file, ends);
  }

  /**
   * Fails for a file that is not a VDI image, not even a damaged one. May block.
   *
   * @throws OtherFormatException if it has another format, or no signature, so that it may be a raw
   *     disk
   */
  public static void requireVdi(Path file) throws IOException {
    FileEnds ends = ends(file);
    if (ends == null) return;
    KnownFormat format = of(file, ends);
    if (format == null)
      throw new OtherFormatException(
          "%s: this has no signature of a disk image; if it is a raw disk, make an image of it with 'varve image convert %s %s'"
              .formatted(file, Advice.quoted(file), Advice.quoted(Advice.unused(file, ".vdi"))));
    if (format != VDI) throw format.refusal(file, ends);
  }

  /**
   * Whether the format cannot be the contents of such a device. A DVD may hold anything but another
   * container, and tar also writes to floppies directly.
   */
  private boolean isForeignTo(DeviceType device) {
    return switch (this) {
      case ISO, LUKS -> device == DeviceType.HARD_DISK;
      case OVA -> device != DeviceType.FLOPPY;
      default -> true;
    };
  }

  private OtherFormatException refusal(Path file, FileEnds ends) {
    if (signature.test(ends))
      return new OtherFormatException(
          "%s: this is %s, and not what is expected here; %s"
              .formatted(file, what, advice.of(file, ends)));
    return new OtherFormatException(
        "%s: by its name this is %s, but it has no signature of one: it is damaged, or only a part of a disk; restore it from a backup, or name the whole disk"
            .formatted(file, what));
  }

  /** The usual suffix of this format, with its dot; empty if it has none. */
  String suffix() {
    return suffixes.isEmpty() ? "" : suffixes.getFirst();
  }
}
