package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawFormat;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.Fixtures;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiCheck;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Image files are made, looked at, merged and deleted as the model wants it. */
class ChainFilesTest {

  private static final int CAPACITY = 4 << 20;
  private static final MediumId BASE = new MediumId(new UUID(1, 1));
  private static final MediumId CHILD = new MediumId(new UUID(1, 2));
  private static final MediumId GRANDCHILD = new MediumId(new UUID(1, 3));

  private static StorageThreads threads;
  private static ChainFiles files;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    threads = new StorageThreads(4);
    files = new ChainFiles(threads);
  }

  @AfterAll
  static void stop() {
    threads.close();
  }

  private Path base() throws IOException {
    Path base = folder.resolve("base.vdi");
    files.create(
        base, BASE, ImageFormat.VDI, MediumVariant.STANDARD, CAPACITY, Announcement.UNHEARD);
    return base;
  }

  private static ImageChain images(Path... baseFirst) {
    return images(List.of(baseFirst));
  }

  private static ImageChain images(List<Path> baseFirst) {
    return ImageChain.of(ImageFormat.VDI, baseFirst);
  }

  private Path child(Path parent, MediumId id) throws IOException {
    Path child = folder.resolve(id + ".vdi");
    files.createChild(child, id, ImageFormat.VDI, vdi(parent));
    return child;
  }

  /** Discarding in pieces makes a hole of a block of the raw file before the last piece. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void discardsAreMergedIntoASparseRawFile(boolean whileItRuns) throws Exception {
    Path raw = folder.resolve("sparse.img");
    files.create(
        raw, BASE, ImageFormat.RAW, MediumVariant.STANDARD, CAPACITY, Announcement.UNHEARD);
    try (var file = FileChannel.open(raw, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(64 << 10).put(0, (byte) 'a'), 0);
    }
    Path top = folder.resolve("top.vdi");
    NewImage small =
        NewImage.childOf(new RawFormat().peek(raw).withId(BASE.uuid()), UUID::randomUUID)
            .withBlockSize(128 << 10);
    VdiCreator.create(top, small);
    ImageChain chain = ImageChain.of(ImageFormat.VDI, List.of(raw, top)).withBase(ImageFormat.RAW);
    var disk = LiveChain.open(chain, false, new SharedFiles(), threads);
    var guest = new Guest(disk);
    guest.discard(0, 1 << 20);

    if (whileItRuns) {
      LiveMerge merge = disk.merge(top, raw, Progress.NONE);
      disk.hold();
      merge.complete();
      disk.finish(merge);
      disk.resume();
      guest.close();
    } else {
      guest.close();
      assertTrue(files.merge(chain, top, raw, Progress.NONE));
    }

    assertEquals(-1, Arrays.mismatch(new byte[(int) CAPACITY], Files.readAllBytes(raw)));
  }

  private static Image vdi(Path file) {
    return new Image(file, ImageFormat.VDI, null);
  }

  /** What a guest does to the top of a chain. */
  private interface Use {
    void of(Guest guest) throws IOException;
  }

  private static void use(List<Path> chain, Use use) throws IOException {
    var guest = new Guest(DifferencingChain.open(chain, false, threads));
    use.of(guest);
    guest.close();
  }

  private static byte[] contents(Path... chain) throws IOException {
    var guest = new Guest(DifferencingChain.open(List.of(chain), true, threads));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  private static void assertClean(Path... images) throws IOException {
    for (Path image : images) {
      assertEquals(VdiCheck.Severity.NOTE, VdiCheck.check(image).severity(), image::toString);
    }
  }

  @Test
  void newImagesAreWhatTheyWereAskedToBe() throws Exception {
    Path base = base();
    Path child = child(base, CHILD);
    Path fixed = folder.resolve("fixed.vdi");
    files.create(
        fixed, GRANDCHILD, ImageFormat.VDI, MediumVariant.FIXED, CAPACITY, Announcement.UNHEARD);
    Path raw = folder.resolve("disk.img");
    files.create(
        raw, GRANDCHILD, ImageFormat.RAW, MediumVariant.STANDARD, CAPACITY, Announcement.UNHEARD);

    ImageInfo childInfo = files.inspect(child, DeviceType.HARD_DISK);
    assertEquals(CHILD, childInfo.id());
    assertEquals(BASE, childInfo.parent());
    assertEquals(MediumVariant.DIFFERENCING, childInfo.variant());
    assertEquals(CAPACITY, childInfo.capacity());
    assertEquals(Files.size(child), childInfo.fileLength());
    assertNull(files.inspect(base, DeviceType.HARD_DISK).parent());
    assertEquals(MediumVariant.FIXED, files.inspect(fixed, DeviceType.HARD_DISK).variant());
    ImageInfo rawInfo = files.inspect(raw, DeviceType.HARD_DISK);
    assertEquals(ImageFormat.RAW, rawInfo.format());
    assertNull(rawInfo.id());
    assertEquals(CAPACITY, rawInfo.capacity());
    assertThrows(
        FileAlreadyExistsException.class,
        () ->
            files.create(
                base,
                CHILD,
                ImageFormat.VDI,
                MediumVariant.STANDARD,
                CAPACITY,
                Announcement.UNHEARD));
  }

  @Test
  void fileOfAnotherKindIsRefusedWithAReason() throws Exception {
    Path base = base();
    Path iso = folder.resolve("dvd.iso");
    byte[] dvd = new byte[40 << 10];
    System.arraycopy("CD001".getBytes(StandardCharsets.US_ASCII), 0, dvd, 0x8001, 5);
    Files.write(iso, dvd);
    Path odd = Files.write(folder.resolve("odd.img"), new byte[1000]);
    Path noVdi = Files.write(folder.resolve("text.vdi"), new byte[1024]);

    assertEquals(dvd.length, files.inspect(iso, DeviceType.DVD).capacity());
    assertTrue(refusal(base, DeviceType.DVD).contains("cannot be a DVD"));
    assertTrue(refusal(base, DeviceType.FLOPPY).contains("cannot be a Floppy"));
    assertTrue(refusal(iso, DeviceType.HARD_DISK).contains("is a DVD image"));
    assertTrue(refusal(odd, DeviceType.HARD_DISK).contains("1000 bytes"));
    assertTrue(refusal(noVdi, DeviceType.HARD_DISK).contains("signature"));
    assertThrows(IOException.class, () -> files.inspect(folder.resolve("none"), DeviceType.DVD));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsRegisteredAsRawIsRawWhateverIsInIt(DeviceType device) throws Exception {
    Path vdi = base();
    Path noFile = Files.createDirectory(folder.resolve("folder.img"));

    ImageInfo info = files.inspect(vdi, device, ImageFormat.RAW);

    assertNull(info.id());
    assertEquals(ImageFormat.RAW, info.format());
    assertEquals(Files.size(vdi), info.capacity());
    assertThrows(IOException.class, () -> files.inspect(noFile, device, ImageFormat.RAW));
    assertThrows(
        IOException.class, () -> files.inspect(folder.resolve("none"), device, ImageFormat.RAW));
  }

  private String refusal(Path file, DeviceType device) {
    return String.valueOf(
        assertThrows(IOException.class, () -> files.inspect(file, device)).getMessage());
  }

  @Test
  void childThatWasMadeBeforeACrashIsNotMadeAgainAndAnotherFileIsKept() throws Exception {
    Path base = base();
    Path child = child(base, CHILD);

    files.createChild(child, CHILD, ImageFormat.VDI, vdi(base));

    assertThrows(
        FileAlreadyExistsException.class,
        () -> files.createChild(child, GRANDCHILD, ImageFormat.VDI, vdi(base)));
    assertEquals(CHILD, files.inspect(child, DeviceType.HARD_DISK).id());
  }

  @Test
  void resetImageShowsWhatItsParentShowsAndKeepsItsName() throws Exception {
    Path base = base();
    use(List.of(base), guest -> guest.write(0, Guest.filled(CAPACITY, 'b')));
    Path child = child(base, CHILD);
    use(List.of(base, child), guest -> guest.write(1 << 20, Guest.filled(2 << 20, 'c')));

    files.reset(child);

    assertArrayEquals(Guest.filled(CAPACITY, 'b'), contents(base, child));
    ImageInfo info = files.inspect(child, DeviceType.HARD_DISK);
    assertEquals(CHILD, info.id());
    assertEquals(BASE, info.parent());
    assertClean(base, child);
    assertThrows(IOException.class, () -> files.reset(base));
  }

  /** How a guest can make a range zero. */
  private enum Zeroing {
    WRITING,
    WRITING_ZEROES,
    KEEPING_SPACE,
    DISCARDING;

    void on(Guest guest, long offset, int length) throws IOException {
      switch (this) {
        case WRITING -> guest.write(offset, new byte[length]);
        case WRITING_ZEROES -> guest.writeZeroes(offset, length, false);
        case KEEPING_SPACE -> guest.writeZeroes(offset, length, true);
        case DISCARDING -> guest.discard(offset, length);
      }
    }
  }

  static Stream<Arguments> waysToZeroAndMerge() {
    return Arrays.stream(Zeroing.values())
        .flatMap(zeroing -> Stream.of(Arguments.of(zeroing, true), Arguments.of(zeroing, false)));
  }

  /** VirtualBox/virtualbox #850: such zeroes came back as the parent's data. */
  @ParameterizedTest
  @MethodSource("waysToZeroAndMerge")
  void zeroesWrittenOverTheParentsDataStayZeroesThroughAMerge(Zeroing zeroing, boolean forward)
      throws Exception {
    Path base = base();
    use(List.of(base), guest -> guest.write(0, Guest.filled(CAPACITY, 'd')));
    Path lower = child(base, CHILD);
    int odd = (2 << 20) + 1536; // two blocks, and a part of the third that ends within a page
    use(List.of(base, lower), guest -> zeroing.on(guest, 0, odd));
    Path upper = child(lower, GRANDCHILD);
    List<Path> chain = List.of(base, lower, upper);
    use(chain, guest -> zeroing.on(guest, 3 << 20, 1 << 20));
    byte[] expected = Guest.filled(CAPACITY, 'd');
    Arrays.fill(expected, 0, odd, (byte) 0);
    Arrays.fill(expected, 3 << 20, 4 << 20, (byte) 0);
    assertArrayEquals(expected, contents(base, lower, upper));

    Path survivor = forward ? upper : lower;
    Path source = forward ? lower : upper;
    assertTrue(files.merge(images(chain), source, survivor, Progress.NONE));
    if (forward) files.reparent(upper, vdi(base));
    files.delete(source);

    assertArrayEquals(expected, contents(base, survivor));
    assertClean(base, survivor);
    assertTrue(files.merge(images(base, survivor), survivor, base, Progress.NONE));
    assertArrayEquals(expected, contents(base));
    assertClean(base);
  }

  @Test
  void imageThatIsMergedForwardFromTheBaseBecomesTheBase() throws Exception {
    Path base = base();
    use(List.of(base), guest -> guest.write(0, Guest.filled(1 << 20, 'b')));
    Path child = child(base, CHILD);
    use(List.of(base, child), guest -> guest.write(1000, Guest.filled(3 << 20, 'c')));
    byte[] expected = contents(base, child);

    assertTrue(files.merge(images(base, child), base, child, Progress.NONE));
    files.makeBase(child);
    files.makeBase(child);
    files.delete(base);
    files.delete(base);

    assertArrayEquals(expected, contents(child));
    assertEquals(VdiHeader.NO_UUID, VdiHeader.peek(child).parentUuid());
    assertClean(child);
  }

  @Test
  void whatAKilledProcessHadWrittenOfAnImageGoesWithIt() throws Exception {
    Path image = folder.resolve("copy.vdi");
    Path left = Files.createFile(folder.resolve(".copy.vdi.1234.part"));
    Path ofAnother = Files.createFile(folder.resolve(".copy.vdi.vdi.1234.part"));
    Path ofTheUser = Files.createFile(folder.resolve(".copy.vdi.mine.part"));

    try (var beingMade = NewFile.create(image, NewFile.Existing.REFUSED)) {
      files.delete(image);

      assertFalse(Files.exists(left), "it is left over");
      assertTrue(Files.exists(ofAnother), "it is of copy.vdi.vdi");
      assertTrue(Files.exists(ofTheUser), "no file that is being made has such a name");
      beingMade.publish(); // fails if its file is gone
    }
  }

  @Test
  void onlyTheImageThatWasMadeIsDeleted() throws Exception {
    Path made = base();
    Path part = Files.createFile(folder.resolve(".base.vdi.1234.part"));
    Path raw = Files.write(folder.resolve("disk.img"), new byte[512]);
    Path damaged = Files.write(folder.resolve("damaged.vdi"), Arrays.copyOf(head(made), 100));
    Path link = Files.createSymbolicLink(folder.resolve("link.vdi"), made);

    files.deleteMade(made, CHILD);
    assertTrue(Files.exists(made), "it is another image");
    assertFalse(Files.exists(part), "it is left over");
    for (Path file : List.of(raw, damaged, link, folder)) {
      files.deleteMade(file, BASE);
      assertTrue(Files.exists(file, LinkOption.NOFOLLOW_LINKS), "it may be another program's");
    }

    for (int time = 0; time < 2; time++) files.deleteMade(made, BASE);
    assertFalse(Files.exists(made));
  }

  @Test
  void whatIsLeftOfAResetGoesAndTheImageStays() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path image = base();
    Path link = Files.createSymbolicLink(other.resolve("link.vdi"), image);
    for (Path named : List.of(image, link)) {
      Path part = Files.createFile(folder.resolve(".base.vdi.1234.part"));

      files.sweep(named);

      assertFalse(Files.exists(part));
      assertTrue(Files.exists(image));
    }
    Files.delete(image);
    files.sweep(link); // finds nothing
  }

  private static byte[] head(Path image) throws IOException {
    return Arrays.copyOf(Files.readAllBytes(image), 512);
  }

  @Test
  void smallerTargetGrowsBeforeItTakesALargerDisk() throws Exception {
    Path base = base();
    use(List.of(base), guest -> guest.write(0, Guest.filled(CAPACITY, 'b')));
    Path child =
        TestImage.of(CAPACITY + (3 << 20) + 512)
            .uuid(CHILD.uuid())
            .parent(BASE.uuid())
            .write(folder.resolve("larger.vdi"));
    use(List.of(base, child), guest -> guest.write(CAPACITY - 100, Guest.filled(5000, 'c')));
    byte[] expected = contents(base, child);

    assertTrue(files.merge(images(base, child), child, base, Progress.NONE));

    assertArrayEquals(expected, contents(base));
    assertArrayEquals(expected, contents(base, child));
    assertClean(base, child);
  }

  @Test
  void targetOnARawFileStaysAsLargeAsThatIs() throws Exception {
    Path raw = Files.write(folder.resolve("disk.img"), Guest.filled(CAPACITY, 'r'));
    Path target = folder.resolve("target.vdi");
    files.createChild(target, CHILD, ImageFormat.VDI, new Image(raw, ImageFormat.RAW, BASE));
    Path larger =
        TestImage.of(CAPACITY + (3 << 20))
            .uuid(GRANDCHILD.uuid())
            .parent(CHILD.uuid())
            .write(folder.resolve("larger.vdi"));
    byte[] before = Files.readAllBytes(target);

    var chain =
        ImageChain.of(ImageFormat.VDI, List.of(raw, target, larger)).withBase(ImageFormat.RAW);
    var refused =
        assertThrows(IOException.class, () -> files.merge(chain, larger, target, Progress.NONE));

    assertTrue(refused.getMessage().contains("cannot be resized"), refused.getMessage());
    assertArrayEquals(before, Files.readAllBytes(target));
    assertArrayEquals(Guest.filled(CAPACITY, 'r'), contents(raw, target));
  }

  @Test
  void aRawFileIsAnnouncedBeforeItHasItsName() throws Exception {
    Path base = base();
    Path made = folder.resolve("made.raw");
    Path copy = folder.resolve("copy.raw");
    List<FileIdentity> heard = new ArrayList<>();
    for (Path raw : List.of(made, copy)) {
      Announcement announcement =
          (name, file) -> {
            assertEquals(raw, name);
            assertFalse(Files.exists(raw));
            heard.add(file);
          };
      if (raw.equals(made))
        files.create(raw, CHILD, ImageFormat.RAW, MediumVariant.STANDARD, CAPACITY, announcement);
      else
        files.copy(
            images(List.of(base)),
            raw,
            CHILD,
            ImageFormat.RAW,
            MediumVariant.STANDARD,
            Progress.NONE,
            announcement);
      assertTrue(heard.getLast().isUnchanged(raw));
    }

    Files.write(copy, new byte[] {1}, StandardOpenOption.APPEND);
    assertFalse(heard.getLast().isUnchanged(copy));
    assertFalse(heard.getFirst().isUnchanged(copy));
  }

  @Test
  void aRawFileOfWhichNoNoteCanBeMadeDoesNotAppear() throws Exception {
    Path made = folder.resolve("made.raw");
    Announcement failing =
        (_, _) -> {
          throw new IOException("the journal is full");
        };

    assertThrows(
        IOException.class,
        () ->
            files.create(made, CHILD, ImageFormat.RAW, MediumVariant.STANDARD, CAPACITY, failing));

    assertFalse(Files.exists(made));
  }

  @Test
  void twoFilesExchangeTheirNames() throws Exception {
    Path one = Files.writeString(folder.resolve("one"), "1");
    Path other = Files.writeString(folder.resolve("other"), "2");

    assertTrue(files.exchange(one, other), "the file system of the tests cannot");

    assertEquals("2", Files.readString(one));
    assertEquals("1", Files.readString(other));
    Files.delete(other);
    assertThrows(IOException.class, () -> files.exchange(one, other));
    assertEquals("2", Files.readString(one));
  }

  @Test
  void copyIsABaseOfItsOwnAndACancelledOneIsNot() throws Exception {
    Path base = base();
    use(List.of(base), guest -> guest.write(0, Guest.filled(1 << 20, 'b')));
    Path child = child(base, CHILD);
    use(List.of(base, child), guest -> guest.write(1000, Guest.filled(2 << 20, 'c')));
    byte[] expected = contents(base, child);
    List<Path> chain = List.of(base, child);
    Path copy = folder.resolve("copy.vdi");
    Path raw = folder.resolve("copy.img");
    Path fixed = folder.resolve("fixed.vdi");

    assertFalse(
        files.copy(
            images(chain),
            copy,
            GRANDCHILD,
            ImageFormat.VDI,
            MediumVariant.STANDARD,
            (_, _) -> false,
            Announcement.UNHEARD));
    assertFalse(Files.exists(copy));
    for (int time = 0; time < 2; time++) {
      assertTrue(
          files.copy(
              images(chain),
              copy,
              GRANDCHILD,
              ImageFormat.VDI,
              MediumVariant.STANDARD,
              Progress.NONE,
              Announcement.UNHEARD));
    }
    assertTrue(
        files.copy(
            images(chain),
            fixed,
            CHILD,
            ImageFormat.VDI,
            MediumVariant.FIXED,
            Progress.NONE,
            Announcement.UNHEARD));
    assertTrue(
        files.copy(
            images(chain),
            raw,
            CHILD,
            ImageFormat.RAW,
            MediumVariant.STANDARD,
            Progress.NONE,
            Announcement.UNHEARD));

    assertArrayEquals(expected, contents(copy));
    assertArrayEquals(expected, contents(fixed));
    assertArrayEquals(expected, Files.readAllBytes(raw));
    assertEquals(GRANDCHILD, files.inspect(copy, DeviceType.HARD_DISK).id());
    assertClean(copy, fixed);
  }

  /** All images of a chain that VirtualBox made, into its base and into its top. */
  @ParameterizedTest
  @ValueSource(strings = {"depth2", "depth5"})
  void chainThatVirtualBoxMadeShowsTheSameInOneImage(String name) throws Exception {
    List<Path> chain = Fixtures.chain(name).unpack(folder);
    byte[] expected = contents(chain.toArray(Path[]::new));
    List<Path> twins = new ArrayList<>();
    for (Path image : chain) {
      twins.add(Files.copy(image, folder.resolve("twin-" + image.getFileName())));
    }

    assertTrue(files.merge(images(chain), chain.getLast(), chain.getFirst(), Progress.NONE));
    assertTrue(files.merge(images(twins), twins.getFirst(), twins.getLast(), Progress.NONE));
    files.makeBase(twins.getLast());

    assertArrayEquals(expected, contents(chain.getFirst()));
    assertArrayEquals(expected, contents(twins.getLast()));
    assertClean(chain.getFirst(), twins.getLast());
  }
}
