package dev.varve.io.vmdk;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.vmdk.header.ExtentLine;
import dev.varve.io.vmdk.header.ExtentLine.Type;
import dev.varve.io.vmdk.header.NewDescriptor;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Small VMDK images on a simulated disk, in every shape that can be written. */
public final class TestVmdk {

  private static final int SECTOR = 512;

  /** One file with a descriptor and grains, several with grains, or several with plain bytes. */
  public enum Kind {
    SPARSE,
    SPLIT,
    FLAT,
    MIXED
  }

  private final Kind kind;
  private final int grainSectors;
  private final int[] extentSectors;
  private final Random random;

  /** Makes the descriptor longer. */
  private String adapterType = "ide";

  private TestVmdk(Kind kind, int grainSectors, int[] extentSectors, Random random) {
    this.kind = kind;
    this.grainSectors = grainSectors;
    this.extentSectors = extentSectors;
    this.random = random;
  }

  /** An image of a random shape; a child always has grains. */
  public static TestVmdk any(Random random, boolean child) {
    Kind[] kinds = child ? new Kind[] {Kind.SPARSE, Kind.SPLIT} : Kind.values();
    Kind kind = kinds[random.nextInt(kinds.length)];
    int grain = 8 << random.nextInt(4);
    int extents = kind == Kind.SPARSE ? 1 : 1 + random.nextInt(3);
    int[] sectors = new int[extents];
    for (int i = 0; i < extents; i++) sectors[i] = (5 + random.nextInt(30)) * grain;
    sectors[extents - 1] += random.nextInt(grain);
    return new TestVmdk(kind, grain, sectors, random);
  }

  /** An image in one file, with more text in its descriptor. */
  public static TestVmdk sparse(Random random, String text) {
    var image = new TestVmdk(Kind.SPARSE, 128, new int[] {1000}, random);
    image.adapterType += text.replace(' ', '-');
    return image;
  }

  public int blockSize() {
    return grainSectors * SECTOR;
  }

  public int capacity() {
    int sum = 0;
    for (int sectors : extentSectors) sum += sectors;
    return sum * SECTOR;
  }

  /** Puts the files of the image on the disk. */
  public void create(CrashingDisk disk, String name, UUID id, @Nullable UUID parent)
      throws IOException {
    List<ExtentLine> lines = new ArrayList<>();
    for (int i = 0; i < extentSectors.length; i++) {
      boolean sparse = kind != Kind.FLAT && (kind != Kind.MIXED || i % 2 == 0);
      long first = sparse || random.nextBoolean() ? 0 : random.nextInt(9);
      String file = kind == Kind.SPARSE ? name : name + "-" + i;
      lines.add(
          new ExtentLine(true, extentSectors[i], sparse ? Type.SPARSE : Type.FLAT, file, first));
    }
    byte[] text =
        new NewDescriptor("custom" + kind, 7, lines, adapterType, id, new UUID(8, 8), parent, null)
            .bytes();
    if (kind == Kind.SPARSE) {
      createSparse(disk, lines.getFirst(), text);
      return;
    }
    for (ExtentLine line : lines) {
      if (line.type() == Type.SPARSE) createSparse(disk, line, new byte[0]);
      else createFlat(disk, line);
    }
    try (ImageFile file = disk.create(name, 0)) {
      write(file, 0, text);
      file.sync();
    }
  }

  private static void createFlat(CrashingDisk disk, ExtentLine line) throws IOException {
    try (ImageFile file = disk.create(line.file(), 0)) {
      file.setLength((line.firstSector() + line.sectors()) * SECTOR);
      file.sync();
    }
  }

  private void createSparse(CrashingDisk disk, ExtentLine line, byte[] text) throws IOException {
    long capacity = Math.ceilDiv(line.sectors(), (long) grainSectors) * grainSectors;
    var layout = new NewSparse(capacity, grainSectors, 128, text.length == 0 ? 0 : 20);
    try (ImageFile file = disk.create(line.file(), 0)) {
      layout.write(file, text);
      if (random.nextInt(3) == 0) forgetTables(file, layout);
      if (random.nextInt(4) == 0) forgetCopies(file);
      if (random.nextInt(3) == 0) { // as a crash leaves it
        byte[] garbage = new byte[1 + random.nextInt(3 * blockSize())];
        Arrays.fill(garbage, (byte) 0xEE);
        write(file, file.length(), garbage);
      }
      file.sync();
    }
  }

  /** Some tables do not exist yet. */
  private void forgetTables(ImageFile file, NewSparse layout) throws IOException {
    for (int i = 0; i < layout.header().directoryEntries(); i++) {
      if (random.nextBoolean()) continue;
      write(file, layout.header().directorySector() * SECTOR + 4L * i, new byte[4]);
      write(file, layout.header().redundantSector() * SECTOR + 4L * i, new byte[4]);
    }
  }

  /** The file has no redundant directory. */
  private static void forgetCopies(ImageFile file) throws IOException {
    write(file, 8, new byte[] {1, 0, 0, 0});
  }

  private static void write(ImageFile file, long offset, byte[] bytes) throws IOException {
    if (bytes.length == 0) return;
    try (Arena arena = Arena.ofConfined()) {
      file.write(offset, arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes)));
    }
  }

  /** The bytes of a file on the disk. */
  public static byte[] bytes(CrashingDisk disk, String name) throws IOException {
    try (ImageFile file = disk.openReadOnly(name, 0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, file.length()));
      file.read(0, bytes.asSlice(0, file.length()));
      return bytes.asSlice(0, file.length()).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Flips an entry of the first table, so that it and its copy differ; false if it has no copy. */
  public static boolean tear(CrashingDisk disk, String name, boolean primary) throws IOException {
    byte[] bytes = bytes(disk, name);
    var header = SparseHeader.parse(name, bytes, bytes.length);
    if (!header.hasRedundant()) return false;
    long directory = primary ? header.directorySector() : header.redundantSector();
    var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int table = buffer.getInt((int) directory * SECTOR) * SECTOR;
    for (int at = table; at < table + 512 && table != 0; at += 4) {
      if (buffer.getInt(at) == 0) continue;
      try (ImageFile file = disk.openReadWrite(name, 0)) {
        write(file, at, new byte[4]);
        file.sync();
      }
      return true;
    }
    return false;
  }
}
