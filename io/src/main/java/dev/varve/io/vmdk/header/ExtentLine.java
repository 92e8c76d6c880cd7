package dev.varve.io.vmdk.header;

import dev.varve.io.layer.ImageFormatException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One extent line of a descriptor, such as {@code RW 4192256 SPARSE "disk-s001.vmdk"}: a piece of
 * the disk, and the file that holds it. Immutable.
 *
 * @param writable false for RDONLY
 * @param sectors how many sectors of 512 bytes, at least 1
 * @param file the name of the file as it is written; null for {@link Type#ZERO} only
 * @param firstSector where the extent begins in the file; 0 unless it is flat
 */
public record ExtentLine(
    boolean writable, long sectors, Type type, @Nullable String file, long firstSector) {

  /** How an extent stores its piece of the disk. */
  public enum Type {
    /** A file with a {@link SparseHeader} and grains. */
    SPARSE,
    /** The bytes of the disk, one after the other. */
    FLAT,
    /** The same, as ESX calls it. */
    VMFS,
    /** No file: the piece reads as zeroes. */
    ZERO,
    /** A sparse extent of ESX (COWD), which is only read. */
    VMFSSPARSE;

    /** Whether the file has the bytes of the disk, one after the other. */
    public boolean isFlat() {
      return this == FLAT || this == VMFS;
    }
  }

  private static final Pattern LINE =
      Pattern.compile(
          "(RW|RDONLY|NOACCESS)[ \\t]+([0-9]+)[ \\t]+([A-Za-z]+)"
              + "(?:[ \\t]+\"([^\"]*)\"(?:[ \\t]+([0-9]+))?)?[ \\t]*");

  private static final Pattern BEGINNING = Pattern.compile("(RW|RDONLY|NOACCESS)[ \\t]");

  /** Whether a line of a descriptor begins as an extent line does. */
  static boolean begins(String line) {
    // What follows is not looked at: each character is a byte, and may look like a line's end.
    return BEGINNING.matcher(line).lookingAt();
  }

  /** Parses a line for which {@link #begins} is true. */
  static ExtentLine parse(String image, String line) throws ImageFormatException {
    Matcher fields = LINE.matcher(line);
    if (!fields.matches())
      throw VmdkRules.broken(
          image, "an extent line", "'" + line + "'", "it is: access, sectors, type, \"file\"");
    if (fields.group(1).equals("NOACCESS"))
      throw VmdkRules.unsupported(
          image, "the access of an extent", "NOACCESS", "RW and RDONLY are read");
    long sectors = number(image, "the size of an extent in sectors", fields.group(2));
    if (sectors == 0)
      throw VmdkRules.broken(image, "the size of an extent", "0", "it has at least one sector");
    Type type = type(image, fields.group(3));
    String file = fields.group(4);
    if (type == Type.ZERO) {
      if (file != null)
        throw VmdkRules.broken(image, "the file of a ZERO extent", "'" + file + "'", "it has none");
    } else {
      if (file == null)
        throw VmdkRules.broken(image, "an extent line", "'" + line + "'", "it names a file");
    }
    long first =
        fields.group(5) == null
            ? 0
            : number(image, "the first sector of an extent", fields.group(5));
    if (first != 0 && !type.isFlat())
      throw VmdkRules.broken(
          image, "the first sector of a " + type + " extent", first, "only a flat extent has one");
    return new ExtentLine(
        fields.group(1).equals("RW"), sectors, type, file == null ? null : utf8(file), first);
  }

  private static Type type(String image, String word) throws ImageFormatException {
    for (Type type : Type.values()) if (type.name().equals(word)) return type;
    throw VmdkRules.unsupported(
        image,
        "the type of an extent",
        word,
        "SPARSE, FLAT, ZERO, VMFS and VMFSSPARSE are read; raw disks and seSparse are not");
  }

  private static long number(String image, String field, String digits)
      throws ImageFormatException {
    if (digits.length() > 18 || Long.parseLong(digits) > VmdkRules.MAX_SECTORS)
      throw VmdkRules.broken(image, field, digits, "it is at most " + VmdkRules.MAX_SECTORS);
    return Long.parseLong(digits);
  }

  /** Bytes that are no UTF-8 become U+FFFD: an embedded descriptor may name its file anyhow. */
  private static String utf8(String latin1) {
    return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /**
   * The name of the file, if it is a plain name that lies in the folder of the descriptor.
   *
   * @param image the descriptor, for messages
   * @throws ImageFormatException if it leads elsewhere, or back to the descriptor
   */
  public String plainName(String image) throws ImageFormatException {
    if (file == null) throw new IllegalStateException("a ZERO extent has no file");
    boolean plain =
        !file.isEmpty()
            && !file.equals(".")
            && !file.equals("..")
            && file.chars().noneMatch(ExtentLine::isForeign);
    if (!plain)
      throw VmdkRules.broken(
          image,
          "the file name of an extent",
          "'" + file + "'",
          "it is a plain name: an extent lies in the folder of its descriptor");
    return file;
  }

  private static boolean isForeign(int c) {
    return c == '/' || c == '\\' || c < ' ' || c == 127 || c == 0xFFFD;
  }

  /** The line as a descriptor has it. */
  String text() {
    String start = (writable ? "RW " : "RDONLY ") + sectors + " " + type.name();
    if (file == null) return start + " ";
    String named = start + " \"" + file + "\"";
    return type == Type.FLAT ? named + " " + firstSector : named;
  }

  /** The piece in bytes. */
  public long length() {
    return sectors * VmdkRules.SECTOR;
  }

  @Override
  public String toString() {
    return text().strip();
  }
}
