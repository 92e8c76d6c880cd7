package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Cost;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@LeftImages.MayBeDamaged
class VdiHeaderTest {

  private static final UUID OTHER = UUID.fromString("01234567-89ab-4def-8123-456789abcdef");

  @TempDir Path folder;

  static Stream<Fixtures.Image> images() {
    return Fixtures.images();
  }

  @ParameterizedTest
  @MethodSource("images")
  void realImageShowsItsFields(Fixtures.Image image) throws IOException {
    Path path = Fixtures.unpack(image.name(), folder);

    VdiHeader header = read(path);

    var facts = image.facts();
    assertEquals(facts.getString("type"), typeName(header.type()));
    assertEquals(facts.getLong("header_size"), header.headerSize());
    assertEquals(facts.getInteger("block_size"), header.blockSize());
    assertEquals(facts.getInteger("blocks"), header.blockCount());
    assertEquals(facts.getInteger("allocated"), header.allocatedBlocks());
    assertEquals(facts.getLong("map_offset"), header.mapOffset());
    assertEquals(facts.getLong("data_offset"), header.dataOffset());
    assertEquals(facts.getString("comment"), header.comment());
    assertEquals(uuid(facts.getString("uuid")), header.uuid());
    assertEquals(uuid(facts.getString("modify_uuid")), header.modifyUuid());
    assertEquals(uuid(facts.getString("parent_uuid")), header.parentUuid());
    assertEquals(uuid(facts.getString("parent_modify_uuid")), header.parentModifyUuid());
  }

  @ParameterizedTest
  @MethodSource("images")
  void writingBackChangesNothing(Fixtures.Image image) throws IOException {
    byte[] before = Files.readAllBytes(Fixtures.unpack(image.name(), folder));

    byte[] written = parse(before).bytes().toArray(ValueLayout.JAVA_BYTE);

    assertArrayEquals(Arrays.copyOf(before, written.length), written);
    assertEquals(72 + image.facts().getInteger("header_size"), written.length);
  }

  @Test
  void changedFieldChangesItsOwnBytesOnly() throws IOException {
    VdiHeader header = parse(new HandmadeImage().map(0, 1, 2, 3));

    assertChanges(header, h -> h.withAllocatedBlocks(1), 388, 392);
    assertChanges(header, h -> h.withType(ImageType.FIXED), 76, 80);
    assertChanges(header, h -> h.withComment("grün"), 84, 340);
    assertChanges(header, h -> h.withUuid(OTHER), 392, 408);
    assertChanges(header, h -> h.withModifyUuid(OTHER), 408, 424);
    assertChanges(header, h -> h.withParent(OTHER, OTHER), 424, 456);
  }

  @Test
  void changedFieldsReadBack() throws IOException {
    for (int version : new int[] {2, 0x10001}) {
      HandmadeImage image = new HandmadeImage().map(0, 1, 2, 3);
      image.version = version;
      image.comment = "a comment that is longer than the next";

      VdiHeader changed =
          parse(image)
              .withAllocatedBlocks(2)
              .withType(ImageType.DIFFERENCING)
              .withComment("grün")
              .withUuid(HandmadeImage.MODIFY_A)
              .withModifyUuid(OTHER)
              .withParent(OTHER, HandmadeImage.UUID_A);

      assertEquals(2, changed.allocatedBlocks());
      assertEquals(ImageType.DIFFERENCING, changed.type());
      assertEquals("grün", changed.comment());
      assertEquals(HandmadeImage.MODIFY_A, changed.uuid());
      assertEquals(OTHER, changed.modifyUuid());
      assertEquals(OTHER, changed.parentUuid());
      assertEquals(
          version == 2 ? VdiHeader.NO_UUID : HandmadeImage.UUID_A, changed.parentModifyUuid());
    }
  }

  @Test
  void uuidIsStoredInMicrosoftOrder() throws IOException {
    MemorySegment bytes = parse(new HandmadeImage()).withUuid(OTHER).bytes();

    assertArrayEquals(
        new byte[] {
          0x67,
          0x45,
          0x23,
          0x01,
          (byte) 0xab,
          (byte) 0x89,
          (byte) 0xef,
          0x4d,
          (byte) 0x81,
          0x23,
          0x45,
          0x67,
          (byte) 0x89,
          (byte) 0xab,
          (byte) 0xcd,
          (byte) 0xef
        },
        bytes.asSlice(392, 16).toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void version02HasItsMapBehindTheHeaderAndItsDataBehindTheMap() throws IOException {
    var image = new HandmadeImage().map(1, 0, BlockEntry.FREE);
    image.version = 2;
    image.comment = "old";

    VdiHeader header = parse(image);

    assertEquals(420, header.mapOffset());
    assertEquals(432, header.dataOffset());
    assertEquals(432 + 4096, header.blockOffset(1));
    assertEquals("old", header.comment());
    assertEquals(3 * 4096, header.capacity());
    assertEquals(HandmadeImage.UUID_A, header.uuid());
    assertEquals(420, header.bytes().byteSize());
  }

  @ParameterizedTest
  @ValueSource(ints = {0x10000, 0x10002})
  void otherMinorVersionsReadLike11AndTheirSecondGeometryIsIgnored(int version) throws IOException {
    var image = new HandmadeImage().map(0, 1);
    image.version = version;
    image.sectorSize = 4711;

    VdiHeader header = parse(image);

    assertEquals(2, header.allocatedBlocks());
    assertEquals(456, header.bytes().byteSize());
    assertTrue(header.notes().toString().contains("QEMU opens only 1.1"));
  }

  @Test
  void headerOf384BytesDoesNotReachIntoTheMapRightBehindIt() throws IOException {
    var image = new HandmadeImage();
    image.headerSize = 384;
    image.mapOffset = 456;

    assertEquals(456, parse(image).bytes().byteSize());
  }

  @Test
  void blockExtraLiesInFrontOfEachBlock() throws IOException {
    var image = new HandmadeImage();
    image.blockExtra = 512;
    image.map(0, 1, 2);

    VdiHeader header = parse(image);

    assertEquals(4608, header.stride());
    assertEquals(4096 + 512, header.blockOffset(0));
    assertEquals(4096 + 2 * 4608 + 512, header.blockOffset(2));
    assertEquals(4096 + 0xFFFF_FFFDL * 4608 + 512, header.blockOffset(0xFFFF_FFFD));
  }

  @Test
  void oddDiskSizeIsRoundedDownAndNoted() throws IOException {
    var image = new HandmadeImage();
    image.capacity = 4 * 4096 - 100;

    VdiHeader header = parse(image);

    assertEquals(4 * 4096 - 512, header.capacity());
    assertTrue(header.notes().toString().contains("disk size 16284 is no multiple of 512"));
  }

  @ParameterizedTest
  @ValueSource(ints = {4 << 10, 64 << 10, 128 << 10, 1 << 20, 128 << 20, 256 << 20})
  void blockSizesOfAllToolsAreRead(int blockSize) throws IOException {
    var image = new HandmadeImage();
    image.blockSize = blockSize;
    image.capacity = 4L * blockSize;

    assertEquals(blockSize, parse(image).blockSize());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 0x100, 0x200, 0x301, 0x0100_0000, 0x8000_0001})
  void flagsThatVirtualBoxLetsPassAreRead(int flags) throws IOException {
    var image = new HandmadeImage();
    image.flags = flags;

    parse(image);
  }

  static Stream<Arguments> brokenRules() {
    return Stream.of(
        broken("signature is 0x7F10DABE", i -> i.signature = 0x7F10DABE),
        broken("version is 0.1", i -> i.version = 1),
        broken("version is 2.0", i -> i.version = 0x20000),
        broken("version is 256.256", i -> i.version = 0x0100_0100),
        broken("header size is 0", i -> i.headerSize = 0),
        broken("header size is 383", i -> i.headerSize = 383),
        broken("map offset is 455", i -> i.mapOffset = 455),
        broken("map offset is 460", i -> i.mapOffset = 460),
        broken("data offset is 527", i -> i.dataOffset = 527),
        broken("data offset is 0", i -> i.dataOffset = 0),
        broken("image type is 0", i -> i.type = 0),
        broken("image type is 5", i -> i.type = 5),
        broken("image type is 4294967295", i -> i.type = -1),
        broken("image flags is 0x00000002", i -> i.flags = 2),
        broken("image flags is 0x00000400", i -> i.flags = 0x400),
        broken("sector size of the geometry is 4096", i -> i.sectorSize = 4096),
        broken("disk size is 0", i -> i.capacity = 0),
        broken("disk size is 511", i -> i.capacity = 511),
        broken("disk size is 16385", i -> i.capacity = 16385),
        broken("disk size is 18446744073709551104", i -> i.capacity = -512),
        broken("block size is 0", i -> i.blockSize = 0),
        broken("block size is 2048", i -> i.blockSize = 2048),
        broken("block size is 12288", i -> i.blockSize = 12288),
        broken("block size is 536870912", i -> i.blockSize = 1 << 29),
        broken("block size is 2147483648", i -> i.blockSize = 1 << 31),
        broken("block extra is 1", i -> i.blockExtra = 1),
        broken("block extra is 3", i -> i.blockExtra = 3),
        broken("block extra is 2147483648", i -> i.blockExtra = 1 << 31),
        broken("block count is 0", i -> i.blockCount = 0),
        broken("block count is 4294967295", i -> i.blockCount = -1),
        broken("data offset is 4096", i -> i.blockCount = 897),
        broken("number of allocated blocks is 5", i -> i.allocated = 5),
        broken("number of allocated blocks is 4294967295", i -> i.allocated = -1),
        broken("uuid is 00000000-0000-0000-0000-000000000000", i -> i.uuid = VdiHeader.NO_UUID),
        broken(
            "modify uuid is 00000000-0000-0000-0000-000000000000",
            i -> i.modifyUuid = VdiHeader.NO_UUID));
  }

  private static Arguments broken(String message, Consumer<HandmadeImage> damage) {
    return Arguments.of(message, damage);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenRules")
  void brokenRuleIsRefusedWithFileFieldAndValue(String message, Consumer<HandmadeImage> damage) {
    byte[] bytes = damagedBytes(damage);

    var refused = assertThrows(ImageFormatException.class, () -> parse(bytes));

    String text = refused.getMessage();
    assertTrue(text.startsWith("test.vdi: " + message + ", but "), text);
    assertTrue(text.contains("; "), text);
  }

  /** A healthy image whose header says what {@code damage} makes it say. */
  private static byte[] damagedBytes(Consumer<HandmadeImage> damage) {
    byte[] bytes = new HandmadeImage().bytes();
    var damaged = new HandmadeImage();
    damage.accept(damaged);
    System.arraycopy(damaged.head(), 0, bytes, 0, 472);
    return bytes;
  }

  @Test
  void fileShorterThanHeaderOrMapIsRefused() {
    byte[] whole = new HandmadeImage().bytes();

    for (int length = 0; length < 512 + 16; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      var refused = assertThrows(ImageFormatException.class, () -> parse(cut));
      assertTrue(refused.getMessage().contains("file length is " + length), refused.getMessage());
    }
  }

  @Test
  void fileThatEndsWithItsMapIsRead() throws IOException {
    parse(Arrays.copyOf(new HandmadeImage().bytes(), 512 + 16));
  }

  @Test
  void emptyFileIsRefused() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.vdi"));

    var refused = assertThrows(ImageFormatException.class, () -> read(empty));

    assertTrue(refused.getMessage().contains("file length is 0"), refused.getMessage());
  }

  @Test
  void smallFileThatClaimsABillionBlocksCostsNothing() throws IOException {
    byte[] bytes = Arrays.copyOf(damagedBytes(VdiHeaderTest::claimManyBlocks), 2 << 20);
    Path path = Files.write(folder.resolve("liar.vdi"), bytes);

    Cost refusal = Cost.of(() -> assertThrows(ImageFormatException.class, () -> read(path)));

    assertTrue(refusal.read() < 1 << 20, refusal::toString);
    assertTrue(refusal.allocated() < 1 << 20, refusal::toString);
  }

  private static void claimManyBlocks(HandmadeImage image) {
    image.blockCount = (1 << 30) - 1024;
    image.dataOffset = -4096; // unsigned: just below 4 GiB
  }

  @Test
  void folderIsNoImage() {
    String message = assertThrows(IOException.class, () -> VdiHeader.peek(folder)).getMessage();

    assertTrue(message.contains("not a regular file"), message);
  }

  @Test
  void wrongChangesAreRefused() throws IOException {
    VdiHeader header = parse(new HandmadeImage());

    assertThrows(IllegalArgumentException.class, () -> header.withAllocatedBlocks(5));
    assertThrows(IllegalArgumentException.class, () -> header.withAllocatedBlocks(-1));
    assertThrows(IllegalArgumentException.class, () -> header.withUuid(VdiHeader.NO_UUID));
    assertThrows(IllegalArgumentException.class, () -> header.withModifyUuid(VdiHeader.NO_UUID));
    assertThrows(IllegalArgumentException.class, () -> header.withComment("ü".repeat(128)));
    assertEquals(255, header.withComment("x".repeat(255)).comment().length());
  }

  @Test
  void notesTellWhatOtherToolsMakeOfTheImage() throws IOException {
    assertEquals("[]", parse(megabyteBlocks()).notes().toString());
    assertNoted("QEMU ignores it", i -> i.blockExtra = 512);
    assertNoted("VirtualBox 7.2 opens 131072 to", i -> i.blockSize = 4096);
    assertNoted("treated as dynamic", i -> i.type = 3);
    assertNoted("it was trimmed", i -> i.type = 2);
    assertNoted("without a parent uuid", i -> i.type = 4);
    assertNoted("not differencing", i -> i.parentUuid = OTHER);
    assertNoted("image flags 0x00000100 ignored", i -> i.flags = 0x100);
    assertNoted("reaches past the map offset", i -> i.headerSize = 4096);
  }

  private static HandmadeImage megabyteBlocks() {
    var image = new HandmadeImage();
    image.blockSize = 1 << 20;
    return image;
  }

  private static void assertNoted(String note, Consumer<HandmadeImage> change) throws IOException {
    var image = megabyteBlocks();
    change.accept(image);
    assertTrue(parse(image).notes().toString().contains(note), parse(image).notes().toString());
  }

  @Test
  void randomlyDamagedHeaderIsReadOrRefusedAndTheFileIsNotTouched() throws IOException {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    byte[][] healthy = {
      new HandmadeImage().map(0, 1, 2, 3).bytes(), version02().bytes(), megabyteBlocks().bytes()
    };
    Path path = folder.resolve("damaged.vdi");

    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = damage(healthy[random.nextInt(healthy.length)].clone(), random);
      VdiHeader header = null;
      try {
        header = parse(bytes);
      } catch (ImageFormatException refused) {
        assertTrue(refused.getMessage().startsWith("test.vdi: "), () -> "seed " + seed);
      } catch (RuntimeException e) {
        throw new AssertionError("round " + round + " of seed " + seed, e);
      }
      if (header != null) assertCoherent(header, bytes.length, "round " + round + " seed " + seed);
      if (round % 100 == 0) assertUntouched(path, bytes, "round " + round + " of seed " + seed);
    }
  }

  private static HandmadeImage version02() {
    var image = new HandmadeImage().map(0, BlockEntry.ZERO, 1);
    image.version = 2;
    return image;
  }

  /**
   * One to four wrong words, bytes or bits, mostly values at the edge; sometimes a shorter file.
   */
  private static byte[] damage(byte[] bytes, Random random) {
    int[] edges = {0, 1, 2, 4, 384, 400, 455, 456, 512, 1 << 20, 1 << 30, 1 << 31, -1, -2};
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      int at = random.nextInt(64, 472);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        default -> {
          int word = edges[random.nextInt(edges.length)];
          for (int b = 0; b < 4; b++) bytes[(at & ~3) + b] = (byte) (word >>> 8 * b);
        }
      }
    }
    return random.nextInt(10) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private static void assertCoherent(VdiHeader header, long fileLength, String round) {
    assertTrue(header.capacity() > 0, round);
    assertTrue(header.capacity() <= (long) header.blockCount() * header.blockSize(), round);
    assertTrue(header.mapOffset() + 4L * header.blockCount() <= header.dataOffset(), round);
    assertTrue(header.mapOffset() + 4L * header.blockCount() <= fileLength, round);
    assertTrue(header.bytes().byteSize() <= header.mapOffset(), round);
    assertTrue(header.allocatedBlocks() <= header.blockCount(), round);
    assertTrue(header.blockOffset(0xFFFF_FFFD) > 0, round);
    assertTrue(header.comment().length() <= 255, round);
    assertTrue(header.notes().size() < 12, round);
  }

  private static void assertUntouched(Path path, byte[] bytes, String round) throws IOException {
    Files.write(path, bytes);
    try {
      read(path);
    } catch (ImageFormatException _) {
      // refused
    }
    assertArrayEquals(bytes, Files.readAllBytes(path), round);
  }

  private static void assertChanges(
      VdiHeader header, UnaryOperator<VdiHeader> change, int from, int to) {
    byte[] before = header.bytes().toArray(ValueLayout.JAVA_BYTE);
    byte[] after = change.apply(header).bytes().toArray(ValueLayout.JAVA_BYTE);
    assertEquals(before.length, after.length);
    assertTrue(Arrays.mismatch(before, after) >= from);
    assertTrue(Arrays.mismatch(before, after) < to);
    assertEquals(-1, Arrays.mismatch(before, to, before.length, after, to, after.length));
  }

  private static String typeName(ImageType type) {
    return switch (type) {
      case DYNAMIC -> "dynamic";
      case FIXED -> "fixed";
      case UNDO -> "undo";
      case DIFFERENCING -> "diff";
    };
  }

  private static UUID uuid(@Nullable String text) {
    return text == null ? VdiHeader.NO_UUID : UUID.fromString(text);
  }

  private static VdiHeader read(Path path) throws IOException {
    try (var file = MappedFile.openReadOnly(path, 0)) {
      return VdiHeader.read(file);
    }
  }

  private static VdiHeader parse(HandmadeImage image) throws IOException {
    return parse(image.bytes());
  }

  private static VdiHeader parse(byte[] bytes) throws IOException {
    return VdiHeader.parse(MemorySegment.ofArray(bytes), bytes.length, "test.vdi");
  }
}
