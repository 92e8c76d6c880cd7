package dev.varve.io.vmdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A small VMDK image as it lies in its files, read by the rules of VirtualBox (FORMATS.md section
 * 2) without the code that it tests.
 */
public final class VirtualBoxVmdk {

  /** Gives the bytes of a file by its name. */
  public interface Bytes {
    byte[] bytes(String name) throws IOException;
  }

  private static final int SECTOR = 512;

  private final String name;
  private final Map<String, String> keys = new HashMap<>();
  private final List<String[]> lines = new ArrayList<>();
  private final List<byte[]> extents = new ArrayList<>();

  /** Whether the two copies of some table differ, so that VirtualBox refuses the image. */
  public boolean copiesDiffer;

  /** Whether a header says that a program is writing. */
  public boolean isUnclean;

  private VirtualBoxVmdk(String name, Bytes files) throws IOException {
    this.name = name;
    byte[] first = files.bytes(name);
    boolean embedded = ByteBuffer.wrap(first).getInt(0) == 0x4B444D56;
    byte[] text = first;
    if (embedded) {
      int from = (int) number(first, 28, 8) * SECTOR;
      text = Arrays.copyOfRange(first, from, from + (int) number(first, 36, 8) * SECTOR);
    }
    parse(text);
    for (String[] line : lines) extents.add(embedded ? first : files.bytes(line[3]));
    for (int i = 0; i < lines.size(); i++) if (lines.get(i)[2].equals("SPARSE")) checkSparse(i);
  }

  public static VirtualBoxVmdk of(String name, Bytes files) throws IOException {
    return new VirtualBoxVmdk(name, files);
  }

  public static VirtualBoxVmdk of(Path file) throws IOException {
    return of(file.getFileName().toString(), name -> Files.readAllBytes(file.resolveSibling(name)));
  }

  // ---- the descriptor

  private void parse(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf('\0');
    if (end >= 0) {
      assertTrue(
          text.substring(end).chars().allMatch(c -> c == 0), name + ": NULs follow the text");
      text = text.substring(0, end);
    }
    String[] all = text.split("\n");
    assertEquals("# Disk DescriptorFile", all[0], name);
    int part = 0; // keys, extents, the data base: in this order
    for (String line : all) {
      if (line.isEmpty() || line.startsWith("#")) continue;
      String[] fields = line.split(" ");
      int now = fields[0].equals("RW") ? 1 : line.startsWith("ddb.") ? 2 : 0;
      assertTrue(now >= part, name + ": order of '" + line + "'");
      part = now;
      if (now == 1) {
        fields[3] = fields[3].replace("\"", "");
        lines.add(fields);
      } else {
        int equals = line.indexOf('=');
        assertTrue(equals > 0, name + ": " + line);
        keys.putIfAbsent(
            line.substring(0, equals).strip(),
            line.substring(equals + 1).strip().replace("\"", ""));
      }
    }
    assertEquals("1", keys.get("version"), name);
    assertTrue(keys.get("CID").matches("[0-9a-f]{8}"), name);
  }

  public String key(String key) {
    return keys.getOrDefault(key, "");
  }

  // ---- a sparse extent

  private static long number(byte[] bytes, int at, int size) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return size == 8 ? buffer.getLong(at) : Integer.toUnsignedLong(buffer.getInt(at));
  }

  private static int grainSectors(byte[] file) {
    return (int) number(file, 20, 8);
  }

  private void checkSparse(int index) {
    byte[] file = extents.get(index);
    assertEquals(0x4B444D56, ByteBuffer.wrap(file).getInt(0), name);
    long version = number(file, 4, 4);
    assertTrue(version == 1 || version == 3, name + ": version " + version);
    int grain = grainSectors(file);
    int entries = (int) number(file, 44, 4);
    assertTrue(Integer.bitCount(grain) == 1 && grain >= 8, name + ": grain " + grain);
    assertTrue(Integer.bitCount(entries) == 1 && entries >= 128, name + ": entries " + entries);
    assertEquals(0x0A200D0A, ByteBuffer.wrap(file).getInt(73), name);
    long capacity = number(file, 12, 8);
    long sectors = Long.parseLong(lines.get(index)[1]);
    assertTrue(Math.ceilDiv(capacity, (long) grain) * grain >= sectors, name + ": capacity");
    isUnclean |= file[72] != 0;
    var used = new BitSet();
    use(used, 0, 1);
    if (number(file, 28, 8) != 0) use(used, number(file, 28, 8), number(file, 36, 8));
    int tables = (int) Math.ceilDiv(Math.ceilDiv(capacity, (long) grain), (long) entries);
    checkTables(file, used, tables, entries);
    for (int g = 0; g < Math.ceilDiv(sectors, (long) grain); g++) {
      long at = entry(file, g);
      assertTrue(at != 1, name + ": entry 1");
      if (at == 0) continue;
      long visible = Math.min(grain, sectors - (long) g * grain);
      assertTrue(
          (at + visible) * SECTOR <= file.length, name + ": grain " + g + " outside the file");
      use(used, at, grain);
    }
  }

  private void checkTables(byte[] file, BitSet used, int tables, int entries) {
    boolean twice = (number(file, 8, 4) & 2) != 0;
    long directory = number(file, 56, 8);
    long redundant = number(file, 48, 8);
    use(used, directory, Math.ceilDiv(4L * tables, SECTOR));
    if (twice) use(used, redundant, Math.ceilDiv(4L * tables, SECTOR));
    for (int i = 0; i < tables; i++) {
      long table = number(file, (int) directory * SECTOR + 4 * i, 4);
      if (table != 0) use(used, table, 4L * entries / SECTOR);
      if (!twice) continue;
      long copy = number(file, (int) redundant * SECTOR + 4 * i, 4);
      if (copy != 0) use(used, copy, 4L * entries / SECTOR);
      if ((table == 0) != (copy == 0)) copiesDiffer = true;
      else if (table != 0
          && !Arrays.equals(bytes(file, table, entries), bytes(file, copy, entries)))
        copiesDiffer = true;
    }
  }

  private byte[] bytes(byte[] file, long table, int entries) {
    int from = (int) table * SECTOR;
    assertTrue(from + 4 * entries <= file.length, name + ": a table outside the file");
    return Arrays.copyOfRange(file, from, from + 4 * entries);
  }

  private void use(BitSet used, long first, long sectors) {
    for (long s = first; s < first + sectors; s++) {
      assertTrue(!used.get((int) s), name + ": sector " + s + " is used twice");
      used.set((int) s);
    }
  }

  private static long entry(byte[] file, int grain) {
    int entries = (int) number(file, 44, 4);
    long table = number(file, (int) number(file, 56, 8) * SECTOR + 4 * (grain / entries), 4);
    if (table == 0) return 0;
    return number(file, (int) table * SECTOR + 4 * (grain % entries), 4);
  }

  // ---- what VirtualBox shows

  /** Fails if VirtualBox refuses the image. */
  public VirtualBoxVmdk assertOpens() {
    assertTrue(!copiesDiffer, name + ": the two copies of the grain tables differ");
    return this;
  }

  /** The same, and the image looks as after a clean end. */
  public VirtualBoxVmdk assertClosed() {
    assertTrue(!isUnclean, name + ": marked as unclean");
    return assertOpens();
  }

  public int capacity() {
    return SECTOR * lines.stream().mapToInt(line -> Integer.parseInt(line[1])).sum();
  }

  /** The contents of the disk above a parent with these contents, by the primary tables. */
  public byte[] over(byte[] below) {
    byte[] contents = Arrays.copyOf(below, capacity());
    int start = 0;
    for (int i = 0; i < lines.size(); i++) {
      String[] line = lines.get(i);
      byte[] file = extents.get(i);
      int length = Integer.parseInt(line[1]) * SECTOR;
      if (line[2].equals("SPARSE")) sparse(file, contents, start, length);
      else {
        int first = line.length > 4 ? Integer.parseInt(line[4]) * SECTOR : 0;
        System.arraycopy(file, first, contents, start, length);
      }
      start += length;
    }
    return contents;
  }

  private static void sparse(byte[] file, byte[] contents, int start, int length) {
    int grain = grainSectors(file) * SECTOR;
    for (int at = 0; at < length; at += grain) {
      long sector = entry(file, at / grain);
      if (sector == 0) continue;
      System.arraycopy(
          file, (int) sector * SECTOR, contents, start + at, Math.min(grain, length - at));
    }
  }
}
