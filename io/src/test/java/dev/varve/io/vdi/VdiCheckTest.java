package dev.varve.io.vdi;

import static dev.varve.io.vdi.BlockEntry.FREE;
import static dev.varve.io.vdi.BlockEntry.ZERO;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Cost;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.vdi.VdiCheck.ForVirtualBox;
import dev.varve.io.vdi.VdiCheck.Kind;
import dev.varve.io.vdi.VdiCheck.Report;
import dev.varve.io.vdi.VdiCheck.Severity;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@LeftImages.MayBeDamaged
@Isolated("looks at how long a check takes")
class VdiCheckTest {

  private static final UUID RENEWED = UUID.fromString("99999999-9999-4999-8999-999999999999");

  @TempDir Path folder;

  static Stream<Fixtures.Image> images() {
    return Fixtures.images();
  }

  @ParameterizedTest
  @MethodSource("images")
  void realImagesAreSoundAndRepairLeavesThemAlone(Fixtures.Image image) throws IOException {
    Path path = Fixtures.unpack(image.name(), folder);
    byte[] before = Files.readAllBytes(path);

    Report checked = VdiCheck.check(path);
    Report repaired = VdiCheck.repair(path, () -> RENEWED);

    assertEquals(Severity.NOTE, checked.severity(), checked::toString);
    assertTrue(
        checked.findings().stream().allMatch(finding -> finding.kind() == Kind.UNUSUAL),
        checked::toString);
    assertEquals(List.of(), repaired.repairs());
    assertArrayEquals(before, Files.readAllBytes(path));
  }

  @Test
  void brokenHeaderIsDamageAndIsNotTouched() throws IOException {
    var image = new HandmadeImage();
    image.blockSize = 5000;
    byte[] bytes = new HandmadeImage().bytes();
    System.arraycopy(image.head(), 0, bytes, 0, 472);
    Path path = Files.write(folder.resolve("a.vdi"), bytes);

    Report report = VdiCheck.repair(path, () -> RENEWED);

    assertEquals(Severity.DAMAGE, report.severity());
    assertEquals(Kind.HEADER, report.findings().getFirst().kind());
    assertTrue(report.findings().getFirst().message().contains("block size is 5000"));
    assertArrayEquals(bytes, Files.readAllBytes(path));
  }

  @Test
  void blocksOutsideTheFileAreFreed() throws IOException {
    var image = new HandmadeImage().map(0, 2, ZERO, 1);
    image.fileBlocks = Arrays.copyOf(image.fileBlocks, 2);
    Path path = image.write(folder.resolve("a.vdi"));

    assertFound(path, Severity.DAMAGE, Kind.OUTSIDE_FILE, Kind.UNUSED_PLACES);
    Report report = repair(path);

    assertEquals("lost, now zeroes: 1 block (1) outside the file", report.repairs().getFirst());
    assertEquals("a0zb", guestView(path));
    assertEquals(RENEWED, VdiHeader.peek(path).modifyUuid());
    assertEquals(2, VdiHeader.peek(path).allocatedBlocks());
  }

  @Test
  void anImageThatIsBeingWrittenIsCheckedForDamageOnly() throws IOException {
    var damaged = new HandmadeImage().map(0, 2, ZERO, 1);
    damaged.fileBlocks = Arrays.copyOf(damaged.fileBlocks, 2);
    Path broken = damaged.write(folder.resolve("a.vdi"));
    var holes = new HandmadeImage().map(4, FREE, 0, 2, ZERO);
    holes.allocated = 5;
    Path leaking = holes.write(folder.resolve("b.vdi"));
    try (var _ = MappedFile.openReadWrite(broken, 0);
        var _ = MappedFile.openReadWrite(leaking, 0)) {

      Report found = VdiCheck.checkServed(broken);
      Report nothing = VdiCheck.checkServed(leaking);

      assertEquals(
          List.of(Kind.OUTSIDE_FILE), found.findings().stream().map(f -> f.kind()).toList());
      assertEquals(List.of(), nothing.findings());
      assertThrows(ImageInUseException.class, () -> VdiCheck.check(broken), "it is still locked");
    }
  }

  @Test
  void blockAtTheLastPossiblePlaceNumberIsOutsideTheFile() throws IOException {
    Path path = new HandmadeImage().map(FREE).write(folder.resolve("a.vdi"));
    patchEntry(path, 0, 0xFFFF_FFFD);

    assertFound(path, Severity.DAMAGE, Kind.OUTSIDE_FILE);
    repair(path);

    assertEquals("0", guestView(path));
  }

  @Test
  void ofBlocksThatShareAPlaceTheFirstIsKept() throws IOException {
    var image = new HandmadeImage().map(1, 0, 1, 1);
    image.allocated = 2;
    Path path = image.write(folder.resolve("a.vdi"));

    assertFound(path, Severity.DAMAGE, Kind.SHARED_PLACE);
    Report report = repair(path);

    assertEquals(
        "given up, now zeroes: 2 blocks (2, 3) in the place of an earlier block",
        report.repairs().getFirst());
    assertEquals("ba00", guestView(path));
  }

  @Test
  void countThatIsTooLowIsRaised() throws IOException {
    var image = new HandmadeImage().map(0, 1, 2, FREE);
    image.allocated = 2;
    Path path = image.write(folder.resolve("a.vdi"));

    assertFound(path, Severity.DAMAGE, Kind.COUNT_TOO_LOW);
    Report report = repair(path);

    assertEquals(List.of("number of allocated blocks corrected from 2 to 3"), report.repairs());
    assertEquals("abc0", guestView(path));
    assertEquals(HandmadeImage.MODIFY_A, VdiHeader.peek(path).modifyUuid());
  }

  /** VirtualBox leaves this once it has given more blocks to an image whose count was too high. */
  @Test
  void countAboveTheNumberOfBlocksIsCorrectedAndNothingIsLost() throws IOException {
    for (int counted : new int[] {5, 1 << 30, -1}) {
      var image = new HandmadeImage().map(2, 0, ZERO, 1);
      image.allocated = counted;
      Path path = image.write(folder.resolve("a.vdi"));

      assertFound(path, Severity.DAMAGE, Kind.COUNT_TOO_HIGH);
      var refused = assertThrows(ImageFormatException.class, () -> VdiHeader.peek(path));
      assertTrue(refused.getMessage().contains("image check --repair"), refused.getMessage());
      Report report = repair(path);

      String before = Integer.toUnsignedString(counted);
      assertEquals(
          List.of("number of allocated blocks corrected from " + before + " to 3"),
          report.repairs());
      assertEquals("cazb", guestView(path));
      assertEquals(HandmadeImage.MODIFY_A, VdiHeader.peek(path).modifyUuid());
    }
  }

  @Test
  void anotherBrokenRuleBesideTheCountIsNotRepaired() throws IOException {
    var image = new HandmadeImage().map(0, FREE);
    image.allocated = 3;
    image.modifyUuid = new UUID(0, 0);
    Path path = image.write(folder.resolve("a.vdi"));
    byte[] before = Files.readAllBytes(path);

    assertEquals(Kind.HEADER, VdiCheck.repair(path, () -> RENEWED).findings().getFirst().kind());
    assertArrayEquals(before, Files.readAllBytes(path));
  }

  @Test
  void virtualBoxMayOpenAnImageThatCountsTheBlocksItHasAndOnlySuchAnOne() throws IOException {
    assertEquals(ForVirtualBox.MAY_OPEN, forVirtualBox(new HandmadeImage().map(1, 0, FREE)));
    assertEquals(ForVirtualBox.MAY_OPEN, forVirtualBox(new HandmadeImage().map(FREE, ZERO)));
    assertEquals(ForVirtualBox.REPAIR_FIRST, forVirtualBox(counted(3, 1, 0, FREE)));
    assertEquals(ForVirtualBox.REPAIR_FIRST, forVirtualBox(counted(1, 1, 0, FREE)));
    assertEquals(ForVirtualBox.REPAIR_FIRST, forVirtualBox(counted(2, 2, 0, FREE)));
    assertEquals(ForVirtualBox.REPAIR_FIRST, forVirtualBox(counted(2, 1, 1, FREE)));
    assertEquals(ForVirtualBox.REFUSES, forVirtualBox(counted(4, 1, 0, FREE)));
  }

  @Test
  void virtualBoxRefusesBlocksThatAreTooSmallForIt() throws IOException {
    Path path = new HandmadeImage().map(1, 0).write(folder.resolve("a.vdi"));

    assertEquals(ForVirtualBox.REFUSES, VdiCheck.check(path).virtualBox());
  }

  @Test
  void bytesBehindTheLastPlaceDoNotHinderVirtualBox() throws IOException {
    HandmadeImage image = large(1, 0);
    Path path = image.write(folder.resolve("a.vdi"));
    Files.write(path, new byte[100], StandardOpenOption.APPEND);

    Report report = VdiCheck.check(path);

    assertEquals(Severity.LEAK, report.severity());
    assertEquals(ForVirtualBox.MAY_OPEN, report.virtualBox());
  }

  @Test
  void virtualBoxMayOpenWhatWasRepaired() throws IOException {
    HandmadeImage image = large(1, 0, FREE);
    image.allocated = 3;
    Path path = image.write(folder.resolve("a.vdi"));

    assertEquals(ForVirtualBox.MAY_OPEN, VdiCheck.repair(path, () -> RENEWED).virtualBox());
  }

  private ForVirtualBox forVirtualBox(HandmadeImage image) throws IOException {
    image.blockSize = 128 << 10;
    image.capacity = (long) image.blockCount * image.blockSize;
    return VdiCheck.check(image.write(folder.resolve("a.vdi"))).virtualBox();
  }

  private static HandmadeImage large(int... entries) {
    var image = new HandmadeImage();
    image.blockSize = 128 << 10;
    return image.map(entries);
  }

  private static HandmadeImage counted(int allocated, int... entries) {
    HandmadeImage image = new HandmadeImage().map(entries);
    image.allocated = allocated;
    return image;
  }

  @Test
  void unusedPlacesAreFilledAndTheFileBecomesShorter() throws IOException {
    Path path = new HandmadeImage().map(4, FREE, 0, 2, ZERO).write(folder.resolve("a.vdi"));
    VdiHeader header = VdiHeader.peek(path);
    try (var file = MappedFile.openReadWrite(path, 0)) {
      file.write(0, header.withAllocatedBlocks(5).bytes());
    }

    assertFound(path, Severity.LEAK, Kind.UNUSED_PLACES);
    Report report = repair(path);

    assertEquals("blocks moved into unused places: 1", report.repairs().getFirst());
    assertEquals("e0acz", guestView(path));
    assertEquals(4096 + 3 * 4096, Files.size(path));
    assertEquals(HandmadeImage.MODIFY_A, VdiHeader.peek(path).modifyUuid());
  }

  @Test
  void blockInAPlaceBeyondTheNumberOfBlocksIsMoved() throws IOException {
    var image = new HandmadeImage().map(FREE, 6, 0, FREE);
    image.allocated = 2;
    Path path = image.write(folder.resolve("a.vdi"));

    assertFound(path, Severity.DAMAGE, Kind.PLACE_TOO_HIGH, Kind.UNUSED_PLACES);
    repair(path);

    assertEquals("0ga0", guestView(path));
    assertEquals(4096 + 2 * 4096, Files.size(path));
  }

  @Test
  void blockExtraMovesWithItsBlock() throws IOException {
    var image = new HandmadeImage();
    image.blockExtra = 512;
    image.map(2, FREE, FREE);
    image.allocated = 3;
    byte[] bytes = image.bytes();
    Arrays.fill(bytes, 4096 + 2 * 4608, 4096 + 2 * 4608 + 512, (byte) '!');
    Path path = Files.write(folder.resolve("a.vdi"), bytes);

    repair(path);

    assertEquals("c00", guestView(path));
    byte[] after = Files.readAllBytes(path);
    assertEquals('!', after[4096]);
    assertEquals('!', after[4096 + 511]);
  }

  @Test
  void trailingBytesAreCut() throws IOException {
    byte[] bytes = new HandmadeImage().map(0, FREE).bytes();
    Path path = Files.write(folder.resolve("a.vdi"), Arrays.copyOf(bytes, bytes.length + 100));

    assertFound(path, Severity.LEAK, Kind.TRAILING_BYTES);
    repair(path);

    assertArrayEquals(bytes, Files.readAllBytes(path));
  }

  @Test
  void lastBlockThatIsOnlyInTheFileAsFarAsItIsSeenIsKept() throws IOException {
    var image = new HandmadeImage().map(1, 0, 2);
    image.capacity = 2 * 4096 + 1024;
    byte[] whole = image.bytes();
    Path path = Files.write(folder.resolve("a.vdi"), Arrays.copyOf(whole, 4096 * 3 + 1024));

    Report checked = VdiCheck.check(path);
    assertEquals(Severity.NOTE, checked.severity());
    assertEquals(Kind.SHORT_LAST_PLACE, checked.findings().getFirst().kind());
    repair(path);

    assertEquals("bac", guestView(path));
    assertEquals(4096 + 3 * 4096, Files.size(path));

    Files.write(path, Arrays.copyOf(whole, 4096 * 3 + 1023));
    assertEquals(Severity.DAMAGE, VdiCheck.check(path).severity());
  }

  @Test
  void version02IsRepairedLikeAnyOther() throws IOException {
    var image = new HandmadeImage();
    image.version = 2;
    image.map(2, FREE, 1);
    image.allocated = 1;
    Path path = image.write(folder.resolve("a.vdi"));

    repair(path);

    assertEquals("c0b", guestView(path));
  }

  @Test
  void imageThatAnotherProcessWritesToIsNotChecked() throws IOException {
    Path path = new HandmadeImage().map(0, 1).write(folder.resolve("a.vdi"));

    try (var _ = MappedFile.openReadWrite(path, 0)) {
      assertThrows(ImageInUseException.class, () -> VdiCheck.check(path));
      assertThrows(ImageInUseException.class, () -> VdiCheck.repair(path, () -> RENEWED));
    }
  }

  @Test
  void anyDamageToTheMapIsRepairedAndSoundBlocksKeepTheirContents() throws IOException {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    Path path = folder.resolve("a.vdi");
    for (int round = 0; round < 300; round++) {
      var image = randomImage(random);
      String expected = expectedView(image);
      image.write(path);

      Report report = VdiCheck.repair(path, () -> RENEWED);

      String message = "round " + round + " of seed " + seed + ": " + report;
      assertEquals(Severity.NOTE, report.severity(), message);
      assertEquals(expected, guestView(path), message);
      assertTrue(
          VdiCheck.check(path).findings().stream().allMatch(f -> f.kind() == Kind.UNUSUAL),
          message);
    }
  }

  @Test
  void imageWithAnyHeaderIsCheckedAtLittleCostAndNotTouchedIfItIsRefused() throws IOException {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    Path path = folder.resolve("a.vdi");
    for (int round = 0; round < 500; round++) {
      String message = "round " + round + " of seed " + seed;
      byte[] bytes = randomImage(random).bytes();
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        bytes[random.nextInt(64, 472)] = (byte) random.nextInt();
      }
      Files.write(path, bytes);

      Report checked = VdiCheck.check(path);
      assertArrayEquals(bytes, Files.readAllBytes(path), message);
      Cost checking = Cost.of(() -> VdiCheck.check(path));
      assertTrue(checking.read() < 16 << 20, () -> message + ": " + checking);
      assertTrue(checking.allocated() < 16 << 20, () -> message + ": " + checking);
      Report repaired = VdiCheck.repair(path, () -> RENEWED);

      if (checked.findings().stream().anyMatch(finding -> finding.kind() == Kind.HEADER)) {
        assertEquals(Severity.DAMAGE, repaired.severity(), message);
        assertArrayEquals(bytes, Files.readAllBytes(path), message);
      } else {
        assertEquals(Severity.NOTE, repaired.severity(), message + ": " + repaired);
      }
    }
  }

  private static HandmadeImage randomImage(Random random) {
    var image = new HandmadeImage();
    int blocks = random.nextInt(1, 10);
    var entries = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      entries[i] =
          switch (random.nextInt(8)) {
            case 0 -> FREE;
            case 1 -> ZERO;
            case 2 -> random.nextInt();
            default -> random.nextInt(blocks + 2);
          };
    }
    image.map = entries;
    image.blockCount = blocks;
    image.capacity = blocks * 4096L;
    image.allocated = random.nextInt(blocks + 1);
    image.fileBlocks = new byte[random.nextInt(blocks + 4)];
    for (int i = 0; i < image.fileBlocks.length; i++) image.fileBlocks[i] = (byte) ('a' + i);
    return image;
  }

  /** The first block of a place keeps it, if the file has the place. */
  private static String expectedView(HandmadeImage image) {
    var view = new StringBuilder();
    for (int i = 0; i < image.map.length; i++) {
      int entry = image.map[i];
      boolean first = Arrays.stream(image.map, 0, i).noneMatch(earlier -> earlier == entry);
      if (entry == ZERO) {
        view.append('z');
      } else if (entry >= 0 && entry < image.fileBlocks.length && first) {
        view.append((char) image.fileBlocks[entry]);
      } else {
        view.append('0');
      }
    }
    return view.toString();
  }

  private static void assertFound(Path path, Severity severity, Kind... kinds) throws IOException {
    byte[] before = Files.readAllBytes(path);
    Report report = VdiCheck.check(path);
    assertEquals(severity, report.severity(), report::toString);
    assertEquals(
        List.of(kinds),
        report.findings().stream()
            .map(VdiCheck.Finding::kind)
            .filter(kind -> kind != Kind.UNUSUAL)
            .toList(),
        report::toString);
    assertArrayEquals(before, Files.readAllBytes(path));
  }

  private static Report repair(Path path) throws IOException {
    Report report = VdiCheck.repair(path, () -> RENEWED);
    assertEquals(Severity.NOTE, report.severity(), report::toString);
    return report;
  }

  /** A letter for each block: what it is filled with, 0 if free, z if zero. */
  private static String guestView(Path path) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    VdiHeader header =
        VdiHeader.parse(MemorySegment.ofBuffer(bytes), bytes.capacity(), path.toString());
    var view = new StringBuilder();
    for (int block = 0; block < header.blockCount(); block++) {
      int entry = bytes.getInt((int) header.mapOffset() + 4 * block);
      switch (entry) {
        case FREE -> view.append('0');
        case ZERO -> view.append('z');
        default -> view.append((char) bytes.get((int) header.blockOffset(entry)));
      }
    }
    return view.toString();
  }

  private static void patchEntry(Path path, int block, int entry) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(512 + 4 * block, entry);
    Files.write(path, bytes);
  }
}
