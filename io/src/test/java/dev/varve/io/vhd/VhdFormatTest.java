package dev.varve.io.vhd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made of VHD images that no disk has open, and which of them are refused. */
class VhdFormatTest {

  private static final VhdFormat FORMAT = new VhdFormat();
  private static final UUID ID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
  private static final UUID PARENT = UUID.fromString("12345678-9abc-def0-1122-334455667788");
  private static final int CAPACITY = 5 << 20;

  @TempDir Path folder;

  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("a.vhd");
  }

  // ---- made

  @Test
  void dynamicImageIsEmptyAndSmall() throws IOException {
    FORMAT.createBase(file, new MediumId(ID), false, CAPACITY, Announcement.UNHEARD);

    LayerFacts facts = FORMAT.peek(file);
    assertEquals(ImageFormat.VHD, facts.format());
    assertEquals(MediumVariant.STANDARD, facts.variant());
    assertEquals(ID, facts.id());
    assertEquals(CAPACITY, facts.capacity());
    assertEquals(2 << 20, facts.blockSize());
    assertEquals(2560, Files.size(file));
    assertArrayEquals(new byte[CAPACITY], raw().assertClosed().over(new byte[0]));
  }

  @Test
  void fixedImageHasAllItsSpace() throws IOException {
    FORMAT.createBase(file, new MediumId(ID), true, CAPACITY, Announcement.UNHEARD);

    assertEquals(MediumVariant.FIXED, FORMAT.peek(file).variant());
    assertEquals(CAPACITY + 512, Files.size(file));
    assertArrayEquals(new byte[CAPACITY], raw().assertClosed().over(new byte[0]));
  }

  @Test
  void idIsStoredInTheOrderInWhichVirtualBoxHasItInMemory() throws IOException {
    FORMAT.createBase(file, new MediumId(ID), false, CAPACITY, Announcement.UNHEARD);

    byte[] stored = Arrays.copyOfRange(Files.readAllBytes(file), 68, 84);
    byte[] expected = {
      0x33,
      0x22,
      0x11,
      0x00,
      0x55,
      0x44,
      0x77,
      0x66,
      (byte) 0x88,
      (byte) 0x99,
      (byte) 0xaa,
      (byte) 0xbb,
      (byte) 0xcc,
      (byte) 0xdd,
      (byte) 0xee,
      (byte) 0xff
    };
    assertArrayEquals(expected, stored);
  }

  @Test
  void childNamesItsParentByIdAndPath() throws IOException {
    Path parent = folder.resolve("base.vdi");
    Files.createFile(parent);
    Path child = Files.createDirectory(folder.resolve("Snapshots")).resolve("c.vhd");

    FORMAT.createChild(child, new MediumId(ID), parent, facts(PARENT));

    LayerFacts facts = FORMAT.peek(child);
    assertEquals(PARENT, facts.parent());
    assertEquals(MediumVariant.DIFFERENCING, facts.variant());
    byte[] bytes = Files.readAllBytes(child);
    VirtualBoxVhd.of(bytes).assertClosed();
    assertEquals("base.vdi", text(bytes, 512 + 64, 16, true));
    assertEquals("W2ku", new String(bytes, 512 + 576, 4, StandardCharsets.US_ASCII));
    assertEquals("W2ru", new String(bytes, 512 + 600, 4, StandardCharsets.US_ASCII));
    assertEquals(parent.toString(), locator(bytes, 0));
    assertEquals("../base.vdi", locator(bytes, 1));
  }

  private static String locator(byte[] bytes, int index) {
    ByteBuffer fields = ByteBuffer.wrap(bytes, 512 + 576 + 24 * index, 24).slice();
    return text(bytes, (int) fields.getLong(16), fields.getInt(8), false);
  }

  private static String text(byte[] bytes, int at, int length, boolean big) {
    return new String(
        bytes, at, length, big ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_16LE);
  }

  @Test
  void childThatIsThereAlreadyIsMadeOnce() throws IOException {
    Path parent = Files.createFile(folder.resolve("base.vhd"));
    FORMAT.createChild(file, new MediumId(ID), parent, facts(PARENT));

    FORMAT.createChild(file, new MediumId(ID), parent, facts(PARENT));

    assertThrows(
        FileAlreadyExistsException.class,
        () -> FORMAT.createChild(file, new MediumId(ID), parent, facts(ID)));
  }

  private static LayerFacts facts(UUID id) {
    return new LayerFacts(
        ImageFormat.VDI, MediumVariant.STANDARD, id, null, null, null, CAPACITY, 1 << 20);
  }

  @Test
  void diskThatIsTooLargeForTheFormatIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> FORMAT.createBase(file, new MediumId(ID), false, 2041L << 30, Announcement.UNHEARD));
    assertFalse(Files.exists(file));
  }

  // ---- changed

  @Test
  void resetImageKeepsAllButItsBlocks() throws IOException {
    Path parent = Files.createFile(folder.resolve("base.vhd"));
    FORMAT.createChild(file, new MediumId(ID), parent, facts(PARENT));
    byte[] empty = Files.readAllBytes(file);
    TestVhd full = TestVhd.of(CAPACITY, 2 << 20).id(ID).over(PARENT).sector(7, 'a');
    Files.write(file, full.bytes());

    FORMAT.reset(file);

    assertEquals(PARENT, FORMAT.peek(file).parent());
    assertEquals(ID, FORMAT.peek(file).id());
    byte[] below = filled('p');
    assertArrayEquals(below, raw().assertClosed().over(below));

    Files.write(file, empty);
    FORMAT.reset(file);
    assertArrayEquals(empty, Files.readAllBytes(file), "locators stay");
  }

  @Test
  void imageGetsAnotherParent() throws IOException {
    Files.write(file, partial().over(PARENT).bytes());

    FORMAT.changeParent(file, facts(ID));

    assertEquals(ID, FORMAT.peek(file).parent());
    raw().assertClosed();
  }

  @Test
  void childThatBecomesABaseReadsTheSameInProgramsThatIgnoreBitmaps() throws IOException {
    TestVhd image = partial().over(PARENT);
    Files.write(file, image.bytes());

    FORMAT.changeParent(file, null);

    assertEquals(MediumVariant.STANDARD, FORMAT.peek(file).variant());
    assertArrayEquals(image.over(new byte[0]), raw().assertClosed().over(new byte[0]));
    byte[] bytes = Files.readAllBytes(file);
    for (byte each : bytes) assertFalse(each == (byte) 0xEE, "garbage under a clear bit");
  }

  private static TestVhd partial() {
    return TestVhd.of(CAPACITY, 256 << 10).sector(0, 'a').sector(5, 'b').sector(3000, 'c');
  }

  @Test
  void diskGrowsWithinItsTable() throws IOException {
    TestVhd image = TestVhd.of(CAPACITY + 512, 256 << 10).sector(0, 'a').sector(10240, 'z');
    Files.write(file, image.bytes());

    grow(file, 9 << 20);

    byte[] expected = Arrays.copyOf(image.over(new byte[0]), 9 << 20);
    assertArrayEquals(expected, raw().assertClosed().over(new byte[0]));
    assertEquals(9 << 20, FORMAT.peek(file).capacity());
  }

  @Test
  void diskGrowsBeyondItsTable() throws IOException {
    TestVhd image = TestVhd.of(CAPACITY, 256 << 10).sector(0, 'a').sector(5000, 'z');
    Files.write(file, image.bytes());

    grow(file, 100 << 20);

    byte[] expected = Arrays.copyOf(image.over(new byte[0]), 100 << 20);
    assertArrayEquals(expected, raw().assertClosed().over(new byte[0]));
  }

  @Test
  void fixedDiskGrows() throws IOException {
    byte[] expected = fixed(file, CAPACITY);

    grow(file, 9 << 20);

    assertArrayEquals(Arrays.copyOf(expected, 9 << 20), raw().assertClosed().over(new byte[0]));
    assertEquals((9 << 20) + 512, Files.size(file));
  }

  private static byte[] fixed(Path file, int capacity) throws IOException {
    FORMAT.createBase(file, new MediumId(ID), true, capacity, Announcement.UNHEARD);
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 0, capacity, (byte) 'f');
    Files.write(file, bytes);
    return Arrays.copyOf(bytes, capacity);
  }

  private static void grow(Path file, long capacity) throws IOException {
    FORMAT.checkGrowth(file, capacity);
    try (Layer layer = FORMAT.openReadWrite(file, true)) {
      layer.mend();
      layer.grow(capacity, false);
    }
  }

  @Test
  void imageIsFoundByItsId() throws IOException {
    Files.write(file, partial().id(ID).bytes());

    assertTrue(FORMAT.holds(file, ID));
    assertFalse(FORMAT.holds(file, PARENT));
    assertFalse(FORMAT.holds(folder.resolve("none"), ID));
  }

  // ---- refused

  @Test
  void imageWithoutFooterIsReadByTheCopyAndMendedWhenItIsWritten() throws IOException {
    TestVhd image = partial();
    byte[] whole = image.bytes();
    Files.write(file, Arrays.copyOf(whole, whole.length - 512));

    assertEquals(CAPACITY, FORMAT.peek(file).capacity());
    try (Layer layer = FORMAT.openReadWrite(file, false)) {
      assertArrayEquals(Arrays.copyOf(whole, whole.length - 512), Files.readAllBytes(file));
      layer.mend();
    }

    assertArrayEquals(whole, Files.readAllBytes(file));
  }

  @Test
  void parentWithoutFooterIsMendedToo() throws IOException {
    byte[] whole = partial().bytes();
    Files.write(file, Arrays.copyOf(whole, whole.length - 512));

    try (Layer layer = FORMAT.openReadOnly(file, false, new SharedFiles())) {
      layer.putRight();
    }

    assertArrayEquals(whole, Files.readAllBytes(file));
  }

  @Test
  void imagesThatOtherProgramsReadDifferentlyAreReadButNotWritten() throws IOException {
    assertNotWritten(
        "checksum of the footer", bytes -> bytes.put(bytes.capacity() - 448, (byte) 1));
    assertNotWritten("copy of the footer is different", bytes -> bytes.put(68, (byte) 77));
    assertNotWritten("copy of the footer is missing", bytes -> bytes.put(0, (byte) 0));
    assertNotWritten("checksum of the header", bytes -> bytes.put(512 + 60, (byte) 1));
    assertNotWritten(
        "another block has the same place", bytes -> bytes.putInt(1540, bytes.getInt(1536)));
    assertNotWritten("a part of that place", bytes -> bytes.putInt(1540, bytes.getInt(1536) - 1));
    assertNotWritten("a footer, the header or the block table", bytes -> bytes.putInt(1540, 0));
    assertNotWritten("the file of", bytes -> bytes.putInt(1540, 0x7FFFFFFF));
  }

  private void assertNotWritten(String why, Consumer<ByteBuffer> lie) throws IOException {
    byte[] bytes = partial().bytes();
    lie.accept(ByteBuffer.wrap(bytes));
    Files.write(file, bytes);

    FORMAT.openReadOnly(file, false, new SharedFiles()).close();
    String message =
        assertThrows(ImageFormatException.class, () -> FORMAT.openReadWrite(file, true))
            .getMessage();

    assertTrue(message.contains(why), message);
    assertArrayEquals(bytes, Files.readAllBytes(file), "a refused file is not touched");
  }

  @Test
  void headThatLiesIsRefused() throws IOException {
    assertRefused("image type", (footer, header) -> footer.putInt(60, 5));
    assertRefused("current size", (footer, header) -> footer.putLong(48, 0));
    assertRefused("current size", (footer, header) -> footer.putLong(48, 1000));
    assertRefused("entries", (footer, header) -> footer.putLong(48, Long.MAX_VALUE & -512));
    assertRefused("header offset", (footer, header) -> footer.putLong(16, -1));
    assertRefused("header offset", (footer, header) -> footer.putLong(16, 0));
    assertRefused("begins with cxsparse", (footer, header) -> footer.putLong(16, 1024));
    assertRefused("block size", (footer, header) -> header.putInt(32, 3 << 20));
    assertRefused("block size", (footer, header) -> header.putInt(32, 1 << 31));
    assertRefused("entries", (footer, header) -> header.putInt(28, -1));
    assertRefused(
        "number of blocks",
        (footer, header) -> {
          footer.putLong(48, 1L << 36);
          header.putInt(28, 1 << 24).putInt(32, 4096);
        });
    assertRefused("offset of the block table", (footer, header) -> header.putInt(28, 1 << 30));
    assertRefused("offset of the block table", (footer, header) -> header.putLong(16, -4096));
    assertRefused("offset of the block table", (footer, header) -> header.putLong(16, 1024));
  }

  /** Changes fields of the footer at the end, or of the header. */
  private interface Lie {
    void tell(ByteBuffer footer, ByteBuffer header);
  }

  private void assertRefused(String why, Lie lie) throws IOException {
    byte[] bytes = partial().bytes();
    lie.tell(
        ByteBuffer.wrap(bytes, bytes.length - 512, 512).slice(),
        ByteBuffer.wrap(bytes, 512, 1024).slice());
    Files.write(file, bytes);

    String message = assertThrows(ImageFormatException.class, () -> FORMAT.peek(file)).getMessage();
    assertTrue(message.contains(why), message);
    assertThrows(
        ImageFormatException.class, () -> FORMAT.openReadOnly(file, true, new SharedFiles()));
    assertThrows(ImageFormatException.class, () -> FORMAT.openReadWrite(file, true));
    assertArrayEquals(bytes, Files.readAllBytes(file));
  }

  @Test
  void fixedImageThatIsTooShortIsRefused() throws IOException {
    fixed(file, CAPACITY);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOfRange(bytes, 512, bytes.length));

    assertThrows(ImageFormatException.class, () -> FORMAT.peek(file));
  }

  @Test
  void footerOfAnOldVirtualPcIsRefusedByName() throws IOException {
    fixed(file, CAPACITY);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));

    assertTrue(FORMAT.recognizes(file));
    String message = assertThrows(ImageFormatException.class, () -> FORMAT.peek(file)).getMessage();
    assertTrue(message.contains("footer length is 511"), message);
  }

  private VirtualBoxVhd raw() throws IOException {
    return VirtualBoxVhd.of(Files.readAllBytes(file));
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[CAPACITY];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
