package dev.varve.io.ova;

import dev.varve.core.machine.Names;
import dev.varve.io.file.FileWindow;
import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the members of a tar archive without reading them. Every field is checked before anything
 * is done by it. Used once, by one thread.
 *
 * <p>The members of a package are plain files side by side. A Vagrant box may have folders with
 * files for Vagrant, which are passed over.
 */
final class TarIndex {

  private static final int MOST_MEMBERS = 10_000;

  /** What every Vagrant box has, and no OVA. */
  private static final String OF_BOX = "metadata.json";

  /** Of a long name, and of what replaces fields of the next header. */
  private static final int MOST_EXTRA = 64 << 10;

  private final ImageFile archive;
  private final String name;
  private final long end;
  private final Map<String, Member> members = new LinkedHashMap<>();
  private long at;
  private @Nullable String nextName;
  private long nextLength = -1;

  /** The first entry that lies in a folder: an OVA has none. */
  private @Nullable String inFolder;

  private TarIndex(ImageFile archive) throws IOException {
    this.archive = archive;
    this.name = archive.name();
    this.end = archive.length();
  }

  /**
   * The members of an archive, in its order, by their names.
   *
   * @param archive lent as long as members are used
   */
  static Map<String, Member> of(ImageFile archive) throws IOException {
    var index = new TarIndex(archive);
    index.read();
    return index.members;
  }

  private void read() throws IOException {
    int count = 0;
    for (TarHeader header = header(); header != null; header = header()) {
      if (++count > MOST_MEMBERS)
        throw refuse("has more than %d members, and no package has", MOST_MEMBERS);
      long length =
          nextLength >= 0 && !isAboutTheNext(header.type()) ? nextLength : header.length();
      if (length < 0) throw refuse("has a member at offset %d without a valid length", at);
      long begin = at + TarHeader.SIZE;
      String member = nextName == null ? header.name() : nextName;
      if (length > end - begin)
        throw new PackageException(
            "%s is not whole: the member '%s' has %d bytes at offset %d, and the file ends at %d; copy or download it again"
                .formatted(name, Names.shown(member), length, begin, end));
      entry(header, member, begin, length);
      at = begin + Math.ceilDiv(length, TarHeader.SIZE) * TarHeader.SIZE;
    }
    if (inFolder != null && !members.containsKey(OF_BOX))
      throw refuse(
          "has the member '%s', which is in a folder; the files of a package lie side by side",
          Names.shown(inFolder));
  }

  /** The next header; null behind the last one. */
  private @Nullable TarHeader header() throws IOException {
    if (at >= end) return null;
    if (end - at < TarHeader.SIZE)
      throw new PackageException(
          "%s is not whole: %d bytes are left at offset %d, and the header of a member has %d; copy or download it again"
              .formatted(name, end - at, at, TarHeader.SIZE));
    var header = new TarHeader(bytes(at, TarHeader.SIZE));
    if (header.isEmpty()) return null;
    if (!header.isWhole())
      throw refuse("has no valid header of a member at offset %d: its checksum is wrong", at);
    return header;
  }

  private void entry(TarHeader header, String member, long begin, long length) throws IOException {
    switch (header.type()) {
      case 'L' -> nextName = utf8(untilNul(text(begin, length)));
      case 'x' -> readFields(text(begin, length));
      case 'g' -> requireShort(length);
      case '0', '7' -> {
        add(member, begin, length);
        forget();
      }
      case '5' -> {
        checkHarmless(member);
        forget();
      }
      case '1', '2', 'K' -> throw refused(member, "is a link");
      case '3', '4', '6' -> throw refused(member, "is a device or a pipe");
      case 'S' -> throw refused(member, "is stored with holes (sparse)");
      default -> throw refused(member, "has the unknown type '%s'".formatted(shown(header)));
    }
  }

  /** Whether a header stands before that of a member, for which the fields of PAX are meant. */
  private static boolean isAboutTheNext(char type) {
    return type == 'L' || type == 'K' || type == 'x' || type == 'g';
  }

  private static String shown(TarHeader header) {
    return Names.shown(String.valueOf(header.type()));
  }

  private void forget() {
    nextName = null;
    nextLength = -1;
  }

  private PackageException refused(String member, String what) {
    return refuse(
        "has the member '%s', which %s; the members of a package are plain files",
        Names.shown(member), what);
  }

  private void add(String member, long begin, long length) throws IOException {
    checkHarmless(member);
    String plain = plain(member);
    if (plain.indexOf('/') >= 0) {
      if (inFolder == null) inFolder = member;
      return;
    }
    String fault = Names.fault(plain);
    if (fault != null)
      throw refuse("has a member whose name '%s' %s; rename it", Names.shown(plain), fault);
    String shown = "'%s' in %s".formatted(plain, name);
    Member found =
        new Member(plain, shown, null, length, () -> new FileWindow(archive, shown, begin, length));
    if (members.put(plain, found) != null)
      throw refuse("has two members named '%s'; remove one of them", plain);
  }

  private static String plain(String member) {
    return member.startsWith("./") ? member.substring(2) : member;
  }

  /**
   * Nothing is unpacked by its name; a name that leads out of the package is a lie all the same.
   */
  private void checkHarmless(String member) throws IOException {
    boolean leaves = member.startsWith("/") || member.indexOf('\\') >= 0 || member.isEmpty();
    for (String part : member.split("/")) leaves |= part.equals("..");
    if (leaves)
      throw refuse(
          "has the member '%s', whose name leads out of the package; rename it",
          Names.shown(member));
  }

  // ---- what stands before a header, about it

  /** {@code LENGTH KEY=VALUE\n}, each. */
  private void readFields(String fields) throws IOException {
    for (int at = 0; at < fields.length(); ) {
      int blank = fields.indexOf(' ', at);
      int length = blank < 0 ? 0 : number(fields.substring(at, blank));
      int equals = fields.indexOf('=', Math.max(blank, 0));
      if (length <= 0 || length > fields.length() - at || equals < 0 || equals >= at + length - 1)
        throw refuse("has fields of a member (PAX) at offset %d that cannot be read", this.at);
      readField(fields.substring(blank + 1, equals), fields.substring(equals + 1, at + length - 1));
      at += length;
    }
  }

  private void readField(String key, String value) throws IOException {
    if (key.startsWith("GNU.sparse"))
      throw refuse("has a member at offset %d that is stored with holes (sparse)", at);
    if (key.equals("path")) nextName = utf8(value);
    if (!key.equals("size")) return;
    if (!value.matches("\\d{1,18}"))
      throw refuse("has a member at offset %d with the length '%s'", at, Names.shown(value));
    nextLength = Long.parseLong(value);
  }

  private static String utf8(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private static String untilNul(String text) {
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  private static int number(String text) {
    return text.matches("\\d{1,6}") ? Integer.parseInt(text) : 0;
  }

  private void requireShort(long length) throws IOException {
    if (length > MOST_EXTRA)
      throw refuse(
          "has %d bytes about a member at offset %d, and at most %d are read",
          length, at, MOST_EXTRA);
  }

  /** One character for each byte, since lengths are those of bytes. */
  private String text(long begin, long length) throws IOException {
    requireShort(length);
    return new String(bytes(begin, (int) length), StandardCharsets.ISO_8859_1);
  }

  private byte[] bytes(long begin, int length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, length));
      if (length > 0) archive.read(begin, bytes.asSlice(0, length));
      return bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private PackageException refuse(String why, Object... values) {
    return new PackageException(
        "%s %s. Have the package made again, or unpack it and import the descriptor (.ovf) in it"
            .formatted(name, why.formatted(values)));
  }
}
