package dev.varve.io.vmdk;

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
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is made of VMDK images that no disk has open, and which of them are refused. */
class VmdkFormatTest {

  private static final VmdkFormat FORMAT = new VmdkFormat();
  private static final MediumId ID = new MediumId(new UUID(1, 2));
  private static final MediumId CHILD = new MediumId(new UUID(3, 4));
  private static final UUID OTHER = new UUID(5, 6);
  private static final int CAPACITY = (5 << 20) + 512;

  @TempDir Path folder;

  private Path file;
  private Path child;

  @BeforeEach
  void name() {
    file = folder.resolve("a.vmdk");
    child = folder.resolve("child.vmdk");
  }

  private VirtualBoxVmdk raw(Path image) throws IOException {
    return VirtualBoxVmdk.of(image).assertClosed();
  }

  private void createBase(boolean fixed) throws IOException {
    FORMAT.createBase(file, ID, fixed, CAPACITY, Announcement.UNHEARD);
  }

  private void createChild() throws IOException {
    FORMAT.createChild(child, CHILD, file, FORMAT.peek(file));
  }

  // ---- made

  @Test
  void sparseImageIsEmptyAndSmall() throws IOException {
    createBase(false);

    LayerFacts facts = FORMAT.peek(file);
    assertEquals(ImageFormat.VMDK, facts.format());
    assertEquals(MediumVariant.STANDARD, facts.variant());
    assertEquals(ID.uuid(), facts.id());
    assertEquals(CAPACITY, facts.capacity());
    assertEquals(64 << 10, facts.blockSize());
    assertEquals(128 * 512, Files.size(file));
    assertEquals("monolithicSparse", raw(file).key("createType"));
    assertArrayEquals(new byte[CAPACITY], raw(file).over(new byte[0]));
    assertTrue(FORMAT.holds(file, ID.uuid()));
    assertEquals(List.of(file), FORMAT.files(file));
  }

  @Test
  void fixedImageHasAllItsSpaceInAFileBesideTheDescriptor() throws IOException {
    createBase(true);

    Path flat = folder.resolve("a-flat.vmdk");
    assertEquals(MediumVariant.FIXED, FORMAT.peek(file).variant());
    assertEquals(CAPACITY, Files.size(flat));
    assertEquals(List.of(file, flat), FORMAT.files(file));
    assertArrayEquals(new byte[CAPACITY], raw(file).over(new byte[0]));
  }

  /** A descriptor is read byte by byte, and some of these letters have a byte 0x85. */
  @ParameterizedTest
  @ValueSource(strings = {"Åbo", "архив", "…", "磅", "a b"})
  void nameOfAnImageHasAnyLetters(String name) throws IOException {
    for (boolean fixed : new boolean[] {false, true}) {
      Path named = folder.resolve(name + fixed + ".vmdk");
      FORMAT.createBase(named, ID, fixed, CAPACITY, Announcement.UNHEARD);

      assertEquals(CAPACITY, FORMAT.peek(named).capacity());
      for (Path of : FORMAT.files(named)) assertTrue(Files.exists(of), of.toString());
    }
  }

  @Test
  void neitherFileAppearsIfOneIsThere() throws IOException {
    Files.createFile(folder.resolve("a-flat.vmdk"));
    assertThrows(FileAlreadyExistsException.class, () -> createBase(true));
    assertFalse(Files.exists(file));

    Files.delete(folder.resolve("a-flat.vmdk"));
    Files.createFile(file);
    assertThrows(FileAlreadyExistsException.class, () -> createBase(true));
    assertFalse(Files.exists(folder.resolve("a-flat.vmdk")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void childIsEmptyAndNamesItsParent(boolean fixed) throws IOException {
    createBase(fixed);
    createChild();

    LayerFacts facts = FORMAT.peek(child);
    assertEquals(MediumVariant.DIFFERENCING, facts.variant());
    assertEquals(ID.uuid(), facts.parent());
    assertEquals(FORMAT.peek(file).modifyId(), facts.parentModifyId());
    assertEquals(CAPACITY, facts.capacity());
    assertEquals("ffffffff", raw(child).key("parentCID"));
    byte[] below = new byte[CAPACITY];
    below[77] = 7;
    assertArrayEquals(below, raw(child).over(below));
  }

  @Test
  void childIsMadeOnce() throws IOException {
    createBase(false);
    createChild();
    byte[] made = Files.readAllBytes(child);

    createChild();
    assertArrayEquals(made, Files.readAllBytes(child));

    MediumId other = new MediumId(OTHER);
    assertThrows(
        FileAlreadyExistsException.class,
        () -> FORMAT.createChild(child, other, file, FORMAT.peek(file)));
  }

  @Test
  void childOfAnOddSizedDiskIsMadeOnce() throws IOException {
    createBase(false);
    LayerFacts whole = FORMAT.peek(file);
    var odd =
        new LayerFacts(
            ImageFormat.RAW, MediumVariant.FIXED, whole.id(), null, null, null, 5000, 4096);
    FORMAT.createChild(child, CHILD, file, odd);
    byte[] made = Files.readAllBytes(child);

    FORMAT.createChild(child, CHILD, file, odd);

    assertArrayEquals(made, Files.readAllBytes(child));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 100, -512, 1L << 60})
  void impossibleCapacityIsRefused(long capacity) {
    for (boolean fixed : new boolean[] {true, false})
      assertThrows(
          IllegalArgumentException.class,
          () -> FORMAT.createBase(file, ID, fixed, capacity, Announcement.UNHEARD));
    assertFalse(Files.exists(file));
  }

  @Test
  void largeDiskNeedsNoMoreThanItsTables() throws IOException {
    FORMAT.createBase(file, ID, false, 300L << 30, Announcement.UNHEARD);

    assertEquals(300L << 30, FORMAT.peek(file).capacity());
    assertTrue(Files.size(file) < 50 << 20);
  }

  // ---- changed

  @Test
  void emptiedChildReadsAsItsParentAndHasANewModifyId() throws IOException {
    createBase(false);
    createChild();
    LayerFacts before = FORMAT.peek(child);

    FORMAT.reset(child);

    LayerFacts after = FORMAT.peek(child);
    assertEquals(before.id(), after.id());
    assertEquals(before.parent(), after.parent());
    assertFalse(before.modifyId().equals(after.modifyId()));
    assertThrows(IOException.class, () -> FORMAT.reset(file));
  }

  @Test
  void parentChangesInPlace() throws IOException {
    createBase(false);
    createChild();
    long length = Files.size(child);
    LayerFacts parent = FORMAT.peek(file).withId(OTHER);

    FORMAT.changeParent(child, parent);

    assertEquals(OTHER, FORMAT.peek(child).parent());
    assertEquals(length, Files.size(child));
    raw(child);

    FORMAT.changeParent(child, null);
    assertEquals(MediumVariant.STANDARD, FORMAT.peek(child).variant());
    assertThrows(IOException.class, () -> FORMAT.changeParent(file, parent));
  }

  /** The id of the parent lies in two sectors: the text moves, and one sector names its place. */
  @Test
  void descriptorMovesIfTheParentLiesInTwoSectors() throws IOException {
    createBase(false);
    child = folder.resolve("x".repeat(190) + ".vmdk");
    createChild();

    FORMAT.changeParent(child, FORMAT.peek(file).withId(OTHER));

    assertEquals(OTHER, FORMAT.peek(child).parent());
    raw(child);
  }

  /** As the disk of a merge looks for other programs while a commit renews the modify id. */
  @Test
  void ownChangesAreNotTakenForThoseOfAnotherProgram() throws Exception {
    createBase(false);
    try (var image = (VmdkImage) FORMAT.openReadWrite(file, false)) {
      image.mend();
      var ended = new AtomicBoolean();
      CompletableFuture<Void> looks =
          CompletableFuture.runAsync(
              () -> {
                try {
                  while (!ended.get()) image.requireOurs();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      for (int i = 0; i < 5000 && !looks.isDone(); i++)
        image.descriptor().renewModifyId(new UUID(i, i * 77L));
      ended.set(true);

      looks.get();
    }
  }

  @Test
  void flatFileThatIsTooShortGivesWhatItHas() throws IOException {
    createBase(true);
    int left = (4 << 20) + 1000;
    try (var flat = FileChannel.open(folder.resolve("a-flat.vmdk"), StandardOpenOption.WRITE)) {
      flat.truncate(left);
    }

    try (Layer image = FORMAT.openReadOnly(file, false, new SharedFiles())) {
      int unit = 1 << 20;
      assertEquals(Place.at(1, 3 << 20), image.find(3 << 20, unit));
      assertEquals(Place.MIXED, image.find(4 << 20, unit));
      assertEquals(1000, image.run(4 << 20, unit));
      assertEquals(Place.at(1, 4 << 20), image.find(4 << 20, 1000));
      assertEquals(Place.LOST, image.find(left, unit - 1000));
      assertEquals(unit - 1000, image.run(left, unit - 1000));
    }
  }

  // ---- refused

  @Test
  void extentThatIsALinkIsNotFollowed() throws IOException {
    createBase(true);
    Path flat = folder.resolve("a-flat.vmdk");
    Files.move(flat, folder.resolve("elsewhere"));
    Files.createSymbolicLink(flat, folder.resolve("elsewhere"));

    assertThrows(IOException.class, () -> FORMAT.openReadOnly(file, false, new SharedFiles()));
    assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));
  }

  @Test
  void extentThatIsMissingIsNamed() throws IOException {
    createBase(true);
    Files.delete(folder.resolve("a-flat.vmdk"));

    IOException e = assertThrows(IOException.class, () -> FORMAT.peek(file));
    assertTrue(e.getMessage().contains("a-flat.vmdk"), e.getMessage());
  }

  @Test
  void descriptorIsNoExtentOfItself() throws IOException {
    createBase(true);
    Files.delete(folder.resolve("a-flat.vmdk"));
    Files.createLink(folder.resolve("a-flat.vmdk"), file);
    assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));

    String text = Files.readString(file).replace("a-flat.vmdk", "a.vmdk");
    Files.writeString(file, text);
    assertThrows(IOException.class, () -> FORMAT.openReadWrite(file, false));
    assertEquals(text, Files.readString(file));
  }

  @Test
  void extentIsNotOpenedAlone() throws IOException {
    createBase(false);
    byte[] bytes = Files.readAllBytes(file);
    java.util.Arrays.fill(bytes, 28, 44, (byte) 0);
    Files.write(file, bytes);

    assertThrows(ImageFormatException.class, () -> FORMAT.peek(file));
  }

  // ---- grown

  @ParameterizedTest
  @ValueSource(longs = {CAPACITY + 512, (5 << 20) + (64 << 10), 100 << 20, 40L << 30, 10L << 40})
  void sparseImageGrows(long capacity) throws IOException {
    createBase(false);

    grow(capacity);

    assertEquals(capacity, FORMAT.peek(file).capacity());
    if (capacity < 1 << 30) raw(file);
  }

  @Test
  void fixedImageGrows() throws IOException {
    createBase(true);

    grow(20 << 20);

    assertEquals(20 << 20, FORMAT.peek(file).capacity());
    assertArrayEquals(new byte[20 << 20], raw(file).over(new byte[0]));
  }

  private void grow(long capacity) throws IOException {
    FORMAT.checkGrowth(file, capacity);
    try (Layer image = FORMAT.openReadWrite(file, false)) {
      image.mend();
      image.grow(capacity, false);
    }
  }
}
