package dev.varve.io.vmdk.header;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text that describes a VMDK image, in a file of its own or embedded in a sparse extent
 * (FORMATS.md section 2.1). Immutable.
 *
 * <p>A descriptor that exists names at least one extent, has a capacity below 2^48 bytes, and has
 * no damaged number or uuid. Changing a value makes a new text that differs in the value only, so
 * that what other tools keep in the text survives.
 */
public final class Descriptor {

  /** The longest text that VirtualBox reads from a file of its own. */
  public static final int MAX_FILE = 128 << 10;

  private static final int MAX_LINES = 1100;
  private static final UUID NIL = new UUID(0, 0);
  private static final String IMAGE = "ddb.uuid.image";
  private static final String MODIFICATION = "ddb.uuid.modification";
  private static final String PARENT = "ddb.uuid.parent";
  private static final String PARENT_MODIFICATION = "ddb.uuid.parentmodification";

  /** The first lines by which VirtualBox knows a descriptor. */
  private static final Set<String> FIRST_LINES =
      Set.of(
          "# Disk DescriptorFile",
          "#Disk DescriptorFile",
          "# Disk Descriptor File",
          "#Disk Descriptor File");

  private static final Set<String> RAW_DISKS =
      Set.of(
          "fullDevice",
          "partitionedDevice",
          "custom",
          "vmfsRaw",
          "vmfsRDM",
          "vmfsRawDeviceMap",
          "vmfsRDMP",
          "vmfsPassthroughRawDeviceMap");

  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");

  private final String name;

  /** Each character is one byte; ends before the first NUL. */
  private final String text;

  private final Map<String, Value> values = new HashMap<>();
  private final List<ExtentLine> extents = new ArrayList<>();

  /** Where each extent line begins in the text. */
  private final List<Integer> extentLinesAt = new ArrayList<>();

  /** A value and where it begins in the text. */
  private record Value(String text, int at) {}

  private Descriptor(String name, String text) throws ImageFormatException {
    this.name = name;
    this.text = text;
    parseLines();
    checkValues();
  }

  /** Whether a file with these first bytes begins as a descriptor. */
  public static boolean begins(byte[] head) {
    String start = latin1(head);
    int end = start.indexOf('\n');
    return FIRST_LINES.contains(withoutReturn(end < 0 ? start : start.substring(0, end)));
  }

  /**
   * Parses the bytes of a descriptor; a NUL ends the text.
   *
   * @param name the file, for messages
   */
  public static Descriptor parse(String name, byte[] bytes) throws ImageFormatException {
    String text = latin1(bytes);
    int end = text.indexOf('\0');
    return new Descriptor(name, end < 0 ? text : text.substring(0, end));
  }

  /** Reads a file that is a descriptor. Blocks. */
  public static Descriptor read(ImageFile file) throws IOException {
    long length = file.length();
    if (length > MAX_FILE)
      throw VmdkRules.broken(
          file.name(), "the length of the descriptor", length, "it is at most " + MAX_FILE);
    return parse(file.name(), bytes(file, 0, (int) length));
  }

  /** Reads the descriptor that is embedded in a sparse extent. Blocks. */
  public static Descriptor read(ImageFile file, SparseHeader header) throws IOException {
    if (!header.hasDescriptor())
      throw new ImageFormatException(
          file.name(),
          "the sector of the descriptor",
          0,
          "the file is one extent of an image in several files",
          "name the descriptor, a text file in the same folder, in its place");
    long length = header.descriptorSectors() * VmdkRules.SECTOR;
    Descriptor read =
        parse(file.name(), bytes(file, header.descriptorSector() * VmdkRules.SECTOR, (int) length));
    read.requireEmbedded(header);
    return read;
  }

  private void requireEmbedded(SparseHeader header) throws ImageFormatException {
    if (extents.size() != 1 || extents.getFirst().type() != ExtentLine.Type.SPARSE)
      throw VmdkRules.broken(
          name,
          "the number of extents in the embedded descriptor",
          extents.size(),
          "it is one, of type SPARSE");
    if (createType().equals("streamOptimized") != header.isCompressed())
      throw VmdkRules.broken(
          name,
          "createType",
          "'" + createType() + "'",
          "it is streamOptimized if the header says that grains are compressed, and only then");
    header.requireRoomFor(extents.getFirst().sectors(), name);
  }

  private static byte[] bytes(ImageFile file, long offset, int length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, length));
      if (length > 0) file.read(offset, bytes.asSlice(0, length));
      return bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static String withoutReturn(String line) {
    return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
  }

  // ---- parsed

  private void parseLines() throws ImageFormatException {
    int lines = 0;
    for (int at = 0, end; at < text.length(); at = end + 1) {
      end = text.indexOf('\n', at);
      if (end < 0) end = text.length();
      String line = withoutReturn(text.substring(at, end));
      if (lines++ == 0 && !FIRST_LINES.contains(line))
        throw VmdkRules.broken(
            name, "the first line", "'" + clip(line) + "'", "it is '# Disk DescriptorFile'");
      if (lines > MAX_LINES)
        throw VmdkRules.broken(name, "the number of lines", lines, "VirtualBox reads 1100");
      parseLine(line, at);
    }
    if (lines == 0)
      throw VmdkRules.broken(name, "the descriptor", "empty", "it begins '# Disk DescriptorFile'");
  }

  private static String clip(String line) {
    return line.length() <= 60 ? line : line.substring(0, 60) + "...";
  }

  private void parseLine(String line, int at) throws ImageFormatException {
    if (line.isBlank() || line.startsWith("#")) return;
    if (line.indexOf('\r') >= 0)
      throw VmdkRules.broken(name, "a line", "'" + clip(line) + "'", "lines end with LF or CR LF");
    if (ExtentLine.begins(line)) {
      extents.add(ExtentLine.parse(name, line));
      extentLinesAt.add(at);
      return;
    }
    int equals = line.indexOf('=');
    String key = equals < 0 ? "" : line.substring(0, equals).strip();
    String value = line.substring(equals + 1).strip();
    int valueAt = at + equals + 1 + line.substring(equals + 1).indexOf(value);
    boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
    if (key.isEmpty() || !key.chars().allMatch(Descriptor::isKey))
      throw VmdkRules.broken(
          name,
          "a line",
          "'" + clip(line) + "'",
          "it is a comment, a key with its value or an extent");
    if (quoted)
      values.putIfAbsent(key, new Value(value.substring(1, value.length() - 1), valueAt + 1));
    else values.putIfAbsent(key, new Value(value, valueAt));
  }

  private static boolean isKey(int c) {
    return c > ' ' && c < 127 && c != '"';
  }

  private void checkValues() throws ImageFormatException {
    if (!value("version").equals("1"))
      throw VmdkRules.unsupported(
          name, "version", "'" + value("version") + "'", "version 1 is read");
    if (createType().isEmpty())
      throw VmdkRules.broken(name, "createType", "missing", "every image has one");
    if (RAW_DISKS.contains(createType()))
      throw VmdkRules.unsupported(
          name,
          "createType",
          createType(),
          "images that stand for disks of the host are not opened");
    checkHex("CID");
    checkHex("parentCID");
    for (String key : List.of(IMAGE, MODIFICATION, PARENT, PARENT_MODIFICATION)) {
      Value uuid = values.get(key);
      if (uuid != null && !UUID_TEXT.matcher(uuid.text).matches())
        throw VmdkRules.broken(name, key, "'" + clip(uuid.text) + "'", "it is a uuid");
    }
    checkExtents();
  }

  private void checkHex(String key) throws ImageFormatException {
    Value value = values.get(key);
    if (value != null && !value.text.matches("[0-9A-Fa-f]{1,8}"))
      throw VmdkRules.broken(
          name, key, "'" + clip(value.text) + "'", "it is a number of 8 hex digits");
  }

  private void checkExtents() throws ImageFormatException {
    if (extents.isEmpty())
      throw VmdkRules.broken(name, "the number of extents", 0, "there is at least one");
    long sum = 0;
    Set<String> files = new HashSet<>();
    for (ExtentLine extent : extents) {
      sum += extent.sectors(); // of at most 1100 lines with numbers below 2^39
      if (sum > VmdkRules.MAX_SECTORS)
        throw VmdkRules.broken(
            name,
            "the sum of all extents in sectors",
            sum,
            "it is at most " + VmdkRules.MAX_SECTORS);
      if (extent.file() != null && !files.add(extent.file()))
        throw VmdkRules.broken(
            name, "the file of an extent", "'" + extent.file() + "'", "no extent has it twice");
    }
  }

  // ---- what it says

  /** The file it was read from, for messages. */
  public String name() {
    return name;
  }

  private String value(String key) {
    Value value = values.get(key);
    return value == null ? "" : value.text;
  }

  private @Nullable UUID uuid(String key) {
    Value value = values.get(key);
    if (value == null) return null;
    UUID uuid = UUID.fromString(value.text);
    return uuid.equals(NIL) ? null : uuid;
  }

  /** Such as monolithicSparse. */
  public String createType() {
    return value("createType");
  }

  /** The pieces of the disk, in order. */
  public List<ExtentLine> extents() {
    return List.copyOf(extents);
  }

  /** What the guest sees, in sectors. */
  public long capacitySectors() {
    return extents.stream().mapToLong(ExtentLine::sectors).sum();
  }

  /** The id of the image; null if the text has none, as in images of other programs. */
  public @Nullable UUID id() {
    return uuid(IMAGE);
  }

  public @Nullable UUID modifyId() {
    return uuid(MODIFICATION);
  }

  /** The id of the image below; null for a base, and where the text has none. */
  public @Nullable UUID parent() {
    return uuid(PARENT);
  }

  public @Nullable UUID parentModifyId() {
    return uuid(PARENT_MODIFICATION);
  }

  /** Whether an image lies below this one; QEMU's images do not say which id it has. */
  public boolean isDifferencing() {
    return parent() != null || !isBaseCid(value("parentCID"));
  }

  private static boolean isBaseCid(String parentCid) {
    return parentCid.isEmpty() || parentCid.equalsIgnoreCase("ffffffff");
  }

  /** Such as ide or lsilogic; empty if the text has none. */
  public String adapterType() {
    return value("ddb.adapterType");
  }

  /** The bytes of the text, without the NULs behind it. */
  public byte[] bytes() {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  // ---- changed

  /**
   * The same with another modify id, as long as before; without change if the text has no place for
   * one.
   */
  public Descriptor withModifyId(UUID id) {
    return values.containsKey(MODIFICATION) ? with(MODIFICATION, id.toString()) : this;
  }

  /**
   * The same above another image. The text keeps its length if it has the keys already.
   *
   * @param parent null makes it a base
   * @param parentModifyId null if it is not known
   */
  public Descriptor withParent(@Nullable UUID parent, @Nullable UUID parentModifyId) {
    return beforeParent(parent, parentModifyId).with(PARENT, text(parent));
  }

  /**
   * The same with all that {@link #withParent} changes but the id of the parent: a text that is
   * valid and has the old parent.
   */
  public Descriptor beforeParent(@Nullable UUID parent, @Nullable UUID parentModifyId) {
    boolean becomesBase = parent == null && !isBaseCid(value("parentCID"));
    Descriptor changed = becomesBase ? with("parentCID", "ffffffff") : this;
    return changed.with(PARENT_MODIFICATION, text(parentModifyId));
  }

  private static String text(@Nullable UUID id) {
    return (id == null ? NIL : id).toString();
  }

  /**
   * The same with an extent of another size. The comment above the line becomes longer or shorter,
   * so that the text keeps its length if possible.
   */
  public Descriptor withExtentSectors(int index, long sectors) {
    int at = extentLinesAt.get(index);
    String before = text.substring(0, at);
    String line = text.substring(at).replaceFirst("[0-9]+", Long.toString(sectors));
    int longer = before.length() + line.length() - text.length();
    Matcher comment = Pattern.compile("# ?[A-Za-z ]*(?=\r?\n\\z)").matcher(before);
    if (longer != 0 && comment.find() && comment.end() - comment.start() > Math.max(1, longer)) {
      String kept =
          longer > 0
              ? before.substring(0, comment.end() - longer)
              : before.substring(0, comment.end()) + " ".repeat(-longer);
      before = kept + before.substring(comment.end());
    }
    return reparsed(before + line);
  }

  private Descriptor with(String key, String value) {
    Value old = values.get(key);
    if (old == null) {
      String end = text.endsWith("\n") || text.isEmpty() ? "" : "\n";
      return reparsed(text + end + key + "=\"" + value + "\"\n");
    }
    return reparsed(text.substring(0, old.at) + value + text.substring(old.at + old.text.length()));
  }

  private Descriptor reparsed(String changed) {
    try {
      return new Descriptor(name, changed);
    } catch (ImageFormatException e) {
      throw new AssertionError("a changed descriptor stays valid", e);
    }
  }
}
