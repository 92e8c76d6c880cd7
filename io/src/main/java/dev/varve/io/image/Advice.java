package dev.varve.io.image;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a user can do with a file that Varve does not read. The commands can be pasted into a shell,
 * and replace no file; the tests run them.
 */
@FunctionalInterface
interface Advice {

  /** An order, without a full stop. May block: it looks for names that are free. */
  String of(Path file, FileEnds ends);

  // ---- images

  /** Conversion by QEMU, which reads most of the formats. */
  static Advice convert(String format) {
    return (file, _) -> qemu("-f %s %s".formatted(format, quoted(file)), file);
  }

  private static String qemu(String source, Path file) {
    return "convert it, for example with 'qemu-img convert -O vdi %s %s'"
        .formatted(source, quoted(unused(file, ".vdi")));
  }

  /** QEMU does not find the parents that VirtualBox means, and would copy zeroes for them. */
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
    // QEMU leaves such extents out, and with them the place of all that follow.
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
   * @param encryption where the header says how it is encrypted
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
    return "if its guest decrypts it, it is a raw disk; else decrypt it first";
  }

  static String forIso(Path file, FileEnds ends) {
    return "use it as a DVD: 'varve medium open %s --device dvd'".formatted(quoted(file));
  }

  // ---- archives

  /**
   * @param program reads with {@code -dc}
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
   * A name in the folder of {@code file} that is not taken.
   *
   * @param suffix replaces that of the file; empty: only takes it away
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

  /** As a shell needs it written. */
  static String quoted(Path file) {
    return Pattern.compile("[^\\w./:,+@%=-]", Pattern.UNICODE_CHARACTER_CLASS)
        .matcher(file.toString())
        .replaceAll(unsafe -> Matcher.quoteReplacement("\\" + unsafe.group()));
  }
}
