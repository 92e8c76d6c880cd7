package dev.varve.io.image;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Advice on what a user can do with a file that Varve does not read. The commands can be pasted
 * into a shell and overwrite no file; the tests run them. Any thread.
 */
@FunctionalInterface
interface Advice {

  /**
   * The advice, an imperative without a full stop. May block, since it looks for unused file names.
   */
  String of(Path file, FileEnds ends);

  // ---- images

  /** Conversion with QEMU, which reads most formats. */
  static Advice convert(String format) {
    return (file, _) -> qemu("-f %s %s".formatted(format, quoted(file)), file);
  }

  private static String qemu(String source, Path file) {
    return "convert it, for example with 'qemu-img convert -O vdi %s %s'"
        .formatted(source, quoted(unused(file, ".vdi")));
  }

  /** QEMU does not find the parents of an image of VirtualBox, and would copy zeroes for them. */
  private static String copyWhole(Path file) {
    return ("it is a differencing image, and the images below it hold the rest of the disk: copy the whole disk with"
            + " the program that made it, for one of VirtualBox with 'VBoxManage clonemedium disk %s %s --format VDI'")
        .formatted(quoted(file), quoted(unused(file, ".vdi")));
  }

  static String forVmdk(Path file, FileEnds ends) {
    String descriptor = ends.text();
    if (!descriptor.contains("createType=")) return EXTENT;
    boolean child =
        Pattern.compile("(?m)^\\s*parentCID\\s*=\\s*(?!(?i:ffffffff))[0-9a-fA-F]")
                .matcher(descriptor)
                .find()
            || Pattern.compile("(?m)^\\s*ddb\\.uuid\\.parent\\s*=\\s*\"(?![0-]+\")")
                .matcher(descriptor)
                .find();
    if (child) return copyWhole(file);
    // QEMU skips such extents, so that all later ones get wrong offsets.
    boolean zeroes =
        Pattern.compile("(?m)^(RW|RDONLY|NOACCESS)\\s+\\d+\\s+ZERO|^NOACCESS\\s")
            .matcher(descriptor)
            .find();
    if (zeroes)
      return "convert it with 'VBoxManage clonemedium disk %s %s --format VDI'"
          .formatted(quoted(file), quoted(unused(file, ".vdi")));
    return qemu("-f vmdk " + quoted(file), file);
  }

  String EXTENT =
      "it is a part of a disk: convert the disk by its descriptor, the small text file beside it";

  static String forVhd(Path file, FileEnds ends) {
    if (Signature.isDifferencingVhd(ends)) return copyWhole(file);
    // Without this QEMU takes the size from the geometry, which is smaller.
    String source =
        "--image-opts driver=vpc,force_size_calc=current_size,file.filename="
            + quoted(file).replace(",", ",,");
    return qemu(source, file);
  }

  static String forQcow1(Path file, FileEnds ends) {
    return forQcow("qcow", 36, file, ends);
  }

  static String forQcow2(Path file, FileEnds ends) {
    return forQcow("qcow2", 32, file, ends);
  }

  /**
   * @param encryption the offset at which the header says how the image is encrypted
   */
  private static String forQcow(String format, int encryption, Path file, FileEnds ends) {
    if (ends.bigEndian(encryption) != 0)
      return "it is encrypted: decrypt it with the program that made it";
    boolean parent = ends.bigEndian(8) != 0 || ends.bigEndian(12) != 0;
    return qemu("-f %s %s".formatted(format, quoted(file)), file)
        + (parent ? " (which reads the files that it names as its parents, too)" : "");
  }

  static String forDmg(Path file, FileEnds ends) {
    return Signature.isEncryptedDmg(ends)
        ? "it is encrypted: decrypt it with the program that made it"
        : qemu("-f dmg " + quoted(file), file);
  }

  static String forLuks(Path file, FileEnds ends) {
    return "if the guest decrypts it, use it as a raw disk; otherwise decrypt it first";
  }

  static String forIso(Path file, FileEnds ends) {
    return "use it as a DVD: 'varve medium open %s --device dvd'".formatted(quoted(file));
  }

  // ---- archives

  /**
   * @param program a program that unpacks to standard output with {@code -dc}
   */
  static Advice unpack(String program) {
    return (file, _) ->
        "unpack it first, for example with '%s -dc %s > %s'"
            .formatted(program, quoted(file), quoted(unused(file, "")));
  }

  static Advice extract(String command) {
    return (file, _) ->
        "take the disk out of it first, for example with '%s %s'".formatted(command, quoted(file));
  }

  static String forTar(Path file, FileEnds ends) {
    return "take the disks out of it first, for example with 'tar -xkf %s'".formatted(quoted(file));
  }

  // ---- names

  /**
   * An unused name in the folder of {@code file}.
   *
   * @param suffix replaces the file's suffix; empty to remove it
   */
  static Path unused(Path file, String suffix) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    for (int i = 1; ; i++) {
      Path path = file.resolveSibling(stem + (i == 1 ? "" : "-" + i) + suffix);
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) return path;
    }
  }

  /** The file's name, quoted for a shell. */
  static String quoted(Path file) {
    return Pattern.compile("[^\\w./:,+@%=-]", Pattern.UNICODE_CHARACTER_CLASS)
        .matcher(file.toString())
        .replaceAll(unsafe -> Matcher.quoteReplacement("\\" + unsafe.group()));
  }
}
