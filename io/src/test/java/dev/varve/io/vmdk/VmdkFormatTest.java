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
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
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
