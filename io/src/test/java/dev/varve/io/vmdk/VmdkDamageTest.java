package dev.varve.io.vmdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.ImageReport.Status;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Images that lie, or that a crash left: what is found, refused and repaired. */
class VmdkDamageTest {

  private static final VmdkFormat FORMAT = new VmdkFormat();
  private static final int SECTOR = 512;
  private static final int GRAIN = 64 << 10;
  private static final int CAPACITY = 40 << 20;

  /** As {@link NewSparse} lays the image out: two tables, and their copies. */
  private static final int COPY = 22;

  private static final int TABLE = 22 + 8 + 1;
  private static final int FIRST_GRAIN = 128;

  @TempDir Path folder;

  private Path file;

  /** Three grains, which hold the letters a, b and c. */
  @BeforeEach
  void create() throws IOException {
    file = folder.resolve("a.vmdk");
    FORMAT.createBase(file, new MediumId(new UUID(1, 2)), false, CAPACITY, Announcement.UNHEARD);
    byte[] bytes = Arrays.copyOf(Files.readAllBytes(file), FIRST_GRAIN * SECTOR + 3 * GRAIN);
    for (int i = 0; i < 3; i++) {
      int at = FIRST_GRAIN * SECTOR + i * GRAIN;
      Arrays.fill(bytes, at, at + GRAIN, (byte) ('a' + i));
      set(bytes, i, FIRST_GRAIN + i * 128);
    }
    Files.write(file, bytes);
  }

  private static ByteBuffer fields(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void set(byte[] bytes, int grain, int sector) {
    fields(bytes).putInt(TABLE * SECTOR + 4 * grain, sector);
    fields(bytes).putInt(COPY * SECTOR + 4 * grain, sector);
  }

  private void change(Consumer<byte[]> change) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    change.accept(bytes);
    Files.write(file, bytes);
  }

  private static String letters(byte[] contents) {
    var letters = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      byte letter = contents[i * GRAIN];
      letters.append(letter == 0 ? '0' : (char) letter);
    }
    return letters.toString();
  }

  private String guestView() throws IOException {
    return letters(VirtualBoxVmdk.of(file).assertClosed().over(new byte[0]));
  }

  private List<String> kinds() throws IOException {
    return FORMAT.check(file, false).findings().stream().map(ImageReport.Finding::kind).toList();
  }

  /** A damage, what a check calls it, and what the guest sees after the repair. */
  enum Damage {
    LOST_ENTRY("unequalTables", "abc0", b -> fields(b).putInt(TABLE * SECTOR + 4, 0), true),
    LOST_COPY("unequalTables", "abc0", b -> fields(b).putInt(COPY * SECTOR + 4, 0), true),
    LOST_TABLE("unequalTables", "abc0", b -> fields(b).putInt((TABLE - 1) * SECTOR, 0), true),
    LOST_COPY_OF_TABLE("unequalTables", "abc0", b -> fields(b).putInt(21 * SECTOR, 0), true),
    CONTRADICTION(
        "contradictingCopies", "abc0", b -> fields(b).putInt(COPY * SECTOR, 77777), false),
    OUTSIDE("outsideFile", "0bc0", b -> set(b, 0, 1 << 20), false),
    FAR_OUTSIDE("outsideFile", "0bc0", b -> set(b, 0, -1), false),
    SHARED("sharedPlace", "abc0", b -> set(b, 3, FIRST_GRAIN), false),
    OVERLAPPING("sharedPlace", "abc0", b -> set(b, 3, FIRST_GRAIN + 5), false),
    OVER_HEADER("overMetadata", "0bc0", b -> set(b, 0, 2), false),
    OVER_TABLE("overMetadata", "0bc0", b -> set(b, 0, TABLE), false),
    ZEROED("zeroed", "0bc0", b -> set(b, 0, 1), false);

    final String kind;
    final String repaired;
    final Consumer<byte[]> change;

    /** Whether an opening for writing mends it. */
    final boolean isMended;

    Damage(String kind, String repaired, Consumer<byte[]> change, boolean isMended) {
      this.kind = kind;
      this.repaired = repaired;
      this.change = change;
      this.isMended = isMended;
    }
  }

  @ParameterizedTest
  @EnumSource
  void damageIsFoundAndRepaired(Damage damage) throws IOException {
    change(damage.change);

    assertTrue(kinds().contains(damage.kind), kinds().toString());
    assertEquals(Status.DAMAGED, FORMAT.check(file, false).status());
    assertFalse(FORMAT.repair(file).isEmpty());

    assertEquals(damage.repaired, guestView());
    assertEquals(Status.CLEAN, FORMAT.check(file, false).status());
    assertEquals(List.of(), FORMAT.repair(file));
  }

  @ParameterizedTest
  @EnumSource
  void imageIsWrittenOnlyIfNothingCanBeDamaged(Damage damage) throws IOException {
    change(damage.change);
    byte[] before = Files.readAllBytes(file);

    if (damage.isMended) {
      try (Layer image = FORMAT.openReadWrite(file, false)) {
        assertArrayEquals(before, Files.readAllBytes(file));
        image.mend();
      }
      assertEquals("abc0", guestView());
    } else {
      assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));
      assertArrayEquals(before, Files.readAllBytes(file));
    }
  }

  @Test
  void entryWithoutAPlaceIsLostWhenItIsRead() throws IOException {
    for (int sector : new int[] {1, 2, 1 << 20, -1}) {
      change(b -> set(b, 0, sector));
      try (Layer image = FORMAT.openReadOnly(file, false, new SharedFiles())) {
        assertEquals(Place.LOST, image.find(0, 512), "sector " + sector);
        assertTrue(Place.isStored(image.find(GRAIN, 512)));
      }
    }
  }

  @Test
  void garbageAtTheEndAndTheMarkOfACrashAreToldAndRemoved() throws IOException {
    change(b -> b[72] = 1);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length + 12345));

    assertEquals(Status.LEAKS, FORMAT.check(file, false).status());
    assertEquals(List.of("trailingBytes", "unusual"), kinds());
    assertEquals(2, FORMAT.repair(file).size());

    assertEquals(bytes.length, Files.size(file));
    assertEquals("abc0", guestView());
  }

  @Test
  void spaceThatACrashLeftIsCutBeforeTheImageIsWritten() throws IOException {
    long length = Files.size(file);
    change(b -> b[72] = 1);
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) length + 12345));

    try (Layer image = FORMAT.openReadWrite(file, false)) {
      image.mend();
      image.putRight();
    }
    assertEquals(length, Files.size(file));

    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) length + 12345));
    try (Layer image = FORMAT.openReadOnly(file, false, new SharedFiles())) {
      image.putRight();
    }
    assertEquals(length, Files.size(file));
  }

  @Test
  void tablesThatLieNowhereCannotBeRepaired() throws IOException {
    change(b -> fields(b).putInt((TABLE - 1) * SECTOR, 1 << 20));
    byte[] before = Files.readAllBytes(file);

    assertTrue(kinds().contains("tableOutside"));
    assertThrows(IOException.class, () -> FORMAT.repair(file));
    assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void tableThatIsNamedTwiceIsRefusedForReadingToo() throws IOException {
    change(b -> fields(b).putInt((TABLE - 1) * SECTOR + 4, TABLE + 1)); // over the first one
    byte[] before = Files.readAllBytes(file);

    IOException refusal =
        assertThrows(
            ImageFormatException.class,
            () -> FORMAT.openReadOnly(file, false, new SharedFiles()).close());

    assertTrue(refusal.getMessage().contains("grain table 1"), refusal.getMessage());
    assertEquals(List.of("header"), kinds());
    assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));
    assertThrows(IOException.class, () -> FORMAT.repair(file));
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  /** Holes of files cost nothing, and the directories of such extents would fill the memory. */
  @Test
  void smallFilesThatClaimLargeDirectoriesAreRefused() throws IOException {
    var text = new StringBuilder("# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n");
    text.append("createType=\"twoGbMaxExtentSparse\"\n");
    for (int i = 0; i < 2; i++) {
      Path extent = folder.resolve("s" + i);
      byte[] header = SparseHeader.plain(1L << 37, 128, 0, 512, 16400, 1, 32800).bytes();
      Files.write(extent, header);
      try (var opened = FileChannel.open(extent, StandardOpenOption.WRITE)) {
        opened.write(ByteBuffer.allocate(1), 64 << 20);
      }
      text.append("RW 2048 SPARSE \"s" + i + "\"\n");
    }
    Files.writeString(file, text);

    IOException refusal =
        assertThrows(
            ImageFormatException.class,
            () -> FORMAT.openReadOnly(file, false, new SharedFiles()).close());

    assertTrue(refusal.getMessage().contains("too much memory"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("s1"), refusal.getMessage());
  }

  @Test
  void copyOfATableThatIsNamedTwiceIsFoundByTheCheck() throws IOException {
    change(b -> fields(b).putInt(21 * SECTOR + 4, COPY));

    FORMAT.openReadOnly(file, false, new SharedFiles()).close();
    assertEquals(List.of("overlappingTables"), kinds());
    assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));
  }

  @Test
  void anythingIsReadOrRefusedAndARefusedFileIsNotTouched() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    var random = new Random(12);
    for (int i = 0; i < 600; i++) {
      byte[] bytes = whole.clone();
      for (int n = random.nextInt(4); n >= 0; n--) damage(bytes, random);
      if (random.nextInt(5) == 0) bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
      Files.write(file, bytes);
      try {
        if (FORMAT.recognizes(file)) use(bytes, i);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("number " + i, e);
      }
    }
  }

  private static void damage(byte[] bytes, Random random) {
    int[] regions = {0, 80, 512, 600, 21 * SECTOR, 4 * SECTOR, TABLE * SECTOR - SECTOR, 5 * SECTOR};
    int region = 2 * random.nextInt(4);
    int at = regions[region] + random.nextInt(regions[region + 1]);
    switch (random.nextInt(3)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt(256);
      default -> fields(bytes).putInt(at & ~3, random.nextBoolean() ? -1 : random.nextInt(2000));
    }
  }

  private void use(byte[] bytes, int i) throws IOException {
    try (Layer image = FORMAT.openReadOnly(file, false, new SharedFiles())) {
      for (long at = 0; at < Math.min(image.capacity(), 50 << 20); at += image.blockSize())
        image.find(at, 1);
    } catch (IOException _) {
      assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false), "number " + i);
    }
    FORMAT.check(file, false);
    try (Layer image = FORMAT.openReadWrite(file, false)) {
      image.mend();
    } catch (IOException _) {
      assertArrayEquals(bytes, Files.readAllBytes(file), "number " + i);
    }
    try {
      FORMAT.repair(file);
      try (Layer image = FORMAT.openReadWrite(file, false)) {
        image.mend();
      }
    } catch (IOException _) {
      // cannot be repaired
    }
  }
}
