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

  /** For an image of a format that Varve reads, where something else is expected. */
  Advice IMAGE = (_, _) -> "name it where a hard disk image is expected";

  Advice EXTENT =
      (_, _) ->
          "it is a part of a disk: name the descriptor of the disk, the small text file beside it";

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
    return "take the disks out of it first, for example with 'tar -xkf %s', or import the machine with 'varve machine import %s'"
        .formatted(quoted(file), quoted(file));
  }

  static String forOvf(Path file, FileEnds ends) {
    return "import the machine with 'varve machine import %s', or name one of the disks that are beside it"
        .formatted(quoted(file));
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
