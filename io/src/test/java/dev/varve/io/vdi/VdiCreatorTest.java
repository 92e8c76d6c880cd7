package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VdiCreatorTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  /** 1, 2, 3, ... as uuids. */
  private static Supplier<UUID> counted() {
    var next = new long[] {0};
    return () -> new UUID(0x4000, ++next[0]);
  }

  @Test
  void dynamicImageIsAnEmptyMapLaidOutAsVirtualBoxDoesIt() throws IOException {
    Path path = folder.resolve("base.vdi");

    VdiCreator.create(path, NewImage.dynamic(10 * MIB + 512, counted()).withComment("für alle"));

    VdiHeader header = read(path);
    assertEquals(ImageType.DYNAMIC, header.type());
    assertEquals(0x0001_0001, header.version());
    assertEquals(400, header.headerSize());
    assertEquals(10 * MIB + 512, header.capacity());
    assertEquals(11, header.blockCount());
    assertEquals(0, header.allocatedBlocks());
    assertEquals(MIB, header.mapOffset());
    assertEquals(2 * MIB, header.dataOffset());
    assertEquals("für alle", header.comment());
    assertEquals(new UUID(0x4000, 1), header.uuid());
    assertEquals(new UUID(0x4000, 2), header.modifyUuid());
    assertEquals(List.of(), header.notes());
    assertEquals(2 * MIB, Files.size(path));
    for (int entry : map(path, header)) assertEquals(BlockEntry.FREE, entry);
  }

  @Test
  void fixedImageHasEveryBlockInItsPlace() throws IOException {
    Path path = folder.resolve("fixed.vdi");

    VdiCreator.create(path, NewImage.fixed(3 * MIB, counted()).withBlockSize(128 << 10));

    VdiHeader header = read(path);
    assertEquals(ImageType.FIXED, header.type());
    assertEquals(24, header.allocatedBlocks());
    assertEquals(2 * MIB + 3 * MIB, Files.size(path));
    int[] map = map(path, header);
    for (int block = 0; block < map.length; block++) assertEquals(block, map[block]);
    assertEquals(1, Files.getAttribute(path, "unix:nlink"));
  }

  @Test
  void childNamesItsParent() throws IOException {
    VdiHeader parent =
        VdiCreator.create(folder.resolve("base.vdi"), NewImage.dynamic(MIB, counted()));

    VdiCreator.create(
        folder.resolve("child.vdi"), NewImage.childOf(parent, counted()).withBlockSize(256 << 10));

    VdiHeader child = read(folder.resolve("child.vdi"));
    assertEquals(ImageType.DIFFERENCING, child.type());
    assertEquals(parent.uuid(), child.parentUuid());
    assertEquals(parent.modifyUuid(), child.parentModifyUuid());
    assertEquals(4, child.blockCount());
    assertEquals(MIB, child.capacity());
  }

  @Test
  void existingFileIsNotOverwritten() throws IOException {
    Path path = Files.writeString(folder.resolve("precious"), "precious");

    assertThrows(
        FileAlreadyExistsException.class,
        () -> VdiCreator.create(path, NewImage.dynamic(MIB, counted())));

    assertEquals("precious", Files.readString(path));
    assertEquals(List.of(path), files());
  }

  @Test
  void nothingIsLeftWhereTheFolderIsMissing() {
    Path missing = folder.resolve("no/such/base.vdi");

    assertThrows(
        IOException.class, () -> VdiCreator.create(missing, NewImage.dynamic(MIB, counted())));

    assertEquals(List.of(), files());
  }

  @Test
  void impossibleImagesCannotBeDescribed() {
    NewImage image = NewImage.dynamic(MIB, counted());

    assertRefused("capacity 0:", () -> image.withCapacity(0));
    assertRefused("capacity 513:", () -> image.withCapacity(513));
    assertRefused("choose larger blocks", () -> image.withCapacity(1L << 50));
    assertRefused("block size 65536:", () -> image.withBlockSize(64 << 10));
    assertRefused("block size 16777216:", () -> image.withBlockSize(16 << 20));
    assertRefused("block size 196608:", () -> image.withBlockSize(192 << 10));
    assertRefused("the comment", () -> image.withComment("x".repeat(256)));
    assertRefused("the comment", () -> image.withComment("a\0b"));
    assertRefused("uuid", () -> image.withUuid(VdiHeader.NO_UUID));
  }

  private static void assertRefused(String why, Supplier<NewImage> image) {
    var refused = assertThrows(IllegalArgumentException.class, image::get);
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  @Test
  void largestImageOfABlockSizeHasItsDataBelowFourGibibytes() throws IOException {
    long blocks = ((1L << 32) - 2 * MIB) / 4;
    NewImage image = NewImage.dynamic(blocks << 20, counted());

    VdiHeader header = image.header();

    assertEquals((1L << 32) - MIB, header.dataOffset());
    assertRefused("choose larger blocks", () -> image.withCapacity((blocks << 20) + 512));
    assertEquals(
        (blocks << 20) + MIB,
        image.withBlockSize(2 << 20).withCapacity((blocks << 20) + MIB).capacity());
  }

  private List<Path> files() {
    try (var entries = Files.list(folder)) {
      return entries.toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static int[] map(Path path, VdiHeader header) throws IOException {
    try (ImageFile file = MappedFile.openReadOnly(path, 0);
        Arena arena = Arena.ofConfined()) {
      var map = arena.allocate(4L * header.blockCount());
      file.read(header.mapOffset(), map);
      return map.toArray(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }
  }

  private static VdiHeader read(Path path) throws IOException {
    try (var file = MappedFile.openReadOnly(path, 0)) {
      return VdiHeader.read(file);
    }
  }
}
