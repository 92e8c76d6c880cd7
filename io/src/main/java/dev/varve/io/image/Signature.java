package dev.varve.io.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;

/** The signatures by which files of a format are recognised. Stateless; any thread. */
final class Signature {

  private static final byte[] VDI = bytes("\u007F\u0010\u00DA\u00BE");
  private static final byte[] VHD = bytes("conectix");
  private static final byte[] DMG = bytes("koly");
  private static final byte[] QCOW = bytes("QFI\u00FB");

  private Signature() {}

  private static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Matches files that have these characters, a byte each, at {@code offset}. */
  static Predicate<FileEnds> at(int offset, String characters) {
    byte[] bytes = bytes(characters);
    return file -> file.hasAt(offset, bytes);
  }

  /** Matches text files whose beginning contains all these words. */
  static Predicate<FileEnds> text(String... words) {
    return file -> file.isText() && List.of(words).stream().allMatch(file.text()::contains);
  }

  static boolean isText(FileEnds file) {
    return file.isText();
  }

  /** Programs begin a VDI image with a line such as "<<< Oracle VM ... Disk Image >>>". */
  static boolean isVdi(FileEnds file) {
    if (file.hasAt(64, VDI)) return true;
    String line = file.text().substring(0, Math.min(64, file.head().length));
    return line.startsWith("<<< ") && line.contains("Disk Image >>>");
  }

  static boolean isQcow1(FileEnds file) {
    return file.hasAt(0, QCOW) && file.bigEndian(4) == 1;
  }

  static boolean isParallels(FileEnds file) {
    return file.hasAt(0, bytes("WithoutFreeSpace")) || file.hasAt(0, bytes("WithouFreSpacExt"));
  }

  /** A fixed image has a footer; an image that grows also has a copy of it at the beginning. */
  static boolean isVhd(FileEnds file) {
    return file.hasBeforeEnd(512, VHD)
        || file.hasBeforeEnd(511, VHD) // as Virtual PC before 2004 wrote it
        || file.hasAt(0, VHD);
  }

  static boolean isDmg(FileEnds file) {
    return file.hasBeforeEnd(512, DMG) || isEncryptedDmg(file);
  }

  static boolean isEncryptedDmg(FileEnds file) {
    return file.hasAt(0, bytes("encrcdsa")) || file.hasBeforeEnd(8, bytes("cdsaencr"));
  }

  /**
   * Accepts the spellings that VirtualBox accepts, and the byte order mark that an editor may add.
   */
  static boolean isVmdkDescriptor(FileEnds file) {
    return file.text()
        .replaceFirst("^\u00EF\u00BB\u00BF", "")
        .lines()
        .limit(9)
        .filter(line -> !line.isBlank())
        .findFirst()
        .orElse("")
        .matches("(?i)# ?Disk ?Descriptor ?File\\s*");
  }
}
