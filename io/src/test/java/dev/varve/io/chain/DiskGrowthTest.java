package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks of all formats that become larger, alone and on top of a chain. */
class DiskGrowthTest {

  private static final int CAPACITY = (3 << 20) + 512;
  private static final int LARGER = (9 << 20) + 1024;
  private static final long MOST = 16 << 20;
  private static final MediumId BASE = new MediumId(new UUID(1, 1));
  private static final MediumId CHILD = new MediumId(new UUID(1, 2));

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "VDI, STANDARD, a.vdi",
    "VDI, FIXED, a.vdi",
    "VMDK, STANDARD, a.vmdk",
    "VMDK, FIXED, a.vmdk",
    "VHD, STANDARD, a.vhd",
    "VHD, FIXED, a.vhd",
    "RAW, STANDARD, a.raw",
  })
  void aBaseGrowsAndIsWrittenToItsNewEnd(ImageFormat format, MediumVariant variant, String name)
      throws Exception {
    ImageChain disk = base(format, variant, name);
    byte[] expected = written(disk, CAPACITY);

    files().grow(disk, LARGER);

    assertShowsAndTakes(disk, Arrays.copyOf(expected, LARGER));
    assertClean(disk);
  }

  @ParameterizedTest
  @CsvSource({"VDI, VDI", "VMDK, VMDK", "VHD, VHD", "VMDK, VDI", "VDI, VHD", "VHD, VMDK"})
  void theTopOfAChainGrowsAndTheBaseStays(ImageFormat below, ImageFormat above) throws Exception {
    ImageChain base =
        base(below, MediumVariant.STANDARD, "base." + below.text().toLowerCase(Locale.ROOT));
    byte[] expected = written(base, CAPACITY);
    ImageChain disk = child(base, above);
    Map<Path, byte[]> before = contents(base.files());

    files().grow(disk, LARGER);

    assertEquals(before.keySet(), contents(base.files()).keySet());
    assertShowsAndTakes(disk, Arrays.copyOf(expected, LARGER));
    before.forEach((file, bytes) -> assertArrayEquals(bytes, read(file), file::toString));
    assertClean(disk);
  }

  /** A machine that is off has its snapshot deleted. */
  @ParameterizedTest
  @CsvSource({"VDI", "VMDK", "VHD"})
  void aTopThatHasGrownIsMergedIntoItsBase(ImageFormat format) throws Exception {
    ImageChain base =
        base(format, MediumVariant.STANDARD, "base." + format.text().toLowerCase(Locale.ROOT));
    written(base, CAPACITY);
    ImageChain disk = child(base, format);
    files().grow(disk, LARGER);
    byte[] expected = written(disk, LARGER);

    assertTrue(files().merge(disk, disk.files().getLast(), base.files().getLast(), (_, _) -> true));

    assertShowsAndTakes(base, expected);
    assertClean(base);
  }

  @ParameterizedTest
  @CsvSource({"VDI, a.vdi", "VMDK, a.vmdk", "VHD, a.vhd", "RAW, a.raw"})
  void whatCannotBeIsRefusedAndTheFileStays(ImageFormat format, String name) throws Exception {
    ImageChain disk = base(format, MediumVariant.STANDARD, name);
    written(disk, CAPACITY);

    assertRefused(disk, CAPACITY - 512, "a disk can only grow");
    assertRefused(disk, CAPACITY + 1, "choose " + (CAPACITY + 512));
    if (format != ImageFormat.RAW) assertRefused(disk, 1L << 62, "copy the disk into");
    Guest guest = open(disk);
    var used = assertThrows(ImageInUseException.class, () -> files().grow(disk, LARGER));
    assertTrue(used.getMessage().contains(name), used.getMessage());
    guest.close();
    files().grow(disk, CAPACITY); // which it has
  }

  @ParameterizedTest
  @CsvSource({"VDI, a.vdi, 255", "VMDK, a.vmdk, 2040", "VHD, a.vhd, 2040"})
  void aFixedImageWithoutSpaceStaysAsItIs(ImageFormat format, String name, long largestGib)
      throws Exception {
    ImageChain disk = base(format, MediumVariant.FIXED, name);
    Map<Path, byte[]> before = contents(all());
    long most = largestGib << 30;
    assumeTrue(HostRoom.of(folder).bytes() < most, "the file system has too much space");

    var refused = assertThrows(OutOfSpaceException.class, () -> files().grow(disk, most));

    assertTrue(refused.getMessage().contains("free some space first"), refused.getMessage());
    assertUnchanged(before);
  }

  @Test
  void anImageOnARawFileStaysAsLargeAsThatIs() throws Exception {
    ImageChain base = base(ImageFormat.RAW, MediumVariant.STANDARD, "base.raw");
    written(base, CAPACITY);

    assertRefused(child(base, ImageFormat.VDI), LARGER, "on a raw image cannot be resized");
  }

  static Stream<FormatFixtures.Chain> fixtures() {
    return FormatFixturesTest.readable().filter(fixture -> fixture.capacity() <= MOST);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("fixtures")
  void aChainOfAnotherProgramGrowsOrIsRefusedAndNotTouched(FormatFixtures.Chain fixture)
      throws Exception {
    ImageChain disk = fixture.unpack(folder);
    Map<Path, byte[]> before = contents(all());
    byte[] expected = contents(disk);
    int larger = (int) Math.ceilDiv(fixture.capacity(), 512) * 512 + (2 << 20) + 512;
    if (FormatFixturesTest.isReadOnly(fixture)) {
      assertThrows(IOException.class, () -> files().grow(disk, larger));
      assertUnchanged(before);
      return;
    }

    files().grow(disk, larger);

    assertShowsAndTakes(disk, Arrays.copyOf(expected, larger));
  }

  // ---- what there is

  private static ChainFiles files() {
    return new ChainFiles(threads);
  }

  private ImageChain base(ImageFormat format, MediumVariant variant, String name)
      throws IOException {
    Path file = folder.resolve(name);
    files().create(file, BASE, format, variant, CAPACITY, Announcement.UNHEARD);
    return new ImageChain(List.of(new Image(file, format, BASE)));
  }

  private ImageChain child(ImageChain base, ImageFormat format) throws IOException {
    Path file = folder.resolve("child." + format.text().toLowerCase(Locale.ROOT));
    files().createChild(file, CHILD, format, base.base());
    return new ImageChain(List.of(base.base(), new Image(file, format, CHILD)));
  }

  private static Guest open(ImageChain chain) throws IOException {
    return new Guest(LiveChain.open(chain, false, new SharedFiles(), threads));
  }

  /** What the disk holds after something was written here and there, also at its end. */
  private static byte[] written(ImageChain chain, int capacity) throws IOException {
    Guest guest = open(chain);
    guest.write(1000, Guest.filled(5000, 'a'));
    guest.write((2 << 20) - 512, Guest.filled(1024, 'b'));
    guest.write(capacity - 700, Guest.filled(700, 'c'));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  private static byte[] contents(ImageChain chain) throws IOException {
    var guest = new Guest(LiveChain.open(chain, true, new SharedFiles(), threads));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  // ---- what holds

  private static void assertShowsAndTakes(ImageChain disk, byte[] expected) throws IOException {
    Guest guest = open(disk);
    assertArrayEquals(expected, guest.readAll());
    byte[] data = Guest.filled(70_000, 'n');
    guest.write(expected.length - data.length, data);
    System.arraycopy(data, 0, expected, expected.length - data.length, data.length);
    guest.close();
    assertArrayEquals(expected, contents(disk));
  }

  private static void assertClean(ImageChain disk) throws IOException {
    for (Image image : disk.images())
      if (!image.isRaw())
        assertEquals(
            ImageReport.Status.CLEAN, files().check(image.file(), false).status(), image::toString);
  }

  private void assertRefused(ImageChain disk, long capacity, String why) throws IOException {
    Map<Path, byte[]> before = contents(all());

    var check = assertThrows(IOException.class, () -> files().checkGrowth(disk, capacity));
    var grow = assertThrows(IOException.class, () -> files().grow(disk, capacity));

    assertTrue(check.getMessage().contains(why), check.getMessage());
    assertEquals(check.getMessage(), grow.getMessage());
    assertUnchanged(before);
  }

  private List<Path> all() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private void assertUnchanged(Map<Path, byte[]> before) throws IOException {
    assertEquals(before.keySet(), contents(all()).keySet());
    before.forEach((file, bytes) -> assertArrayEquals(bytes, read(file), file::toString));
  }

  private static Map<Path, byte[]> contents(List<Path> files) {
    Map<Path, byte[]> contents = new TreeMap<>();
    for (Path file : files) contents.put(file, read(file));
    return contents;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
