package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.OtherFormatException;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.vdi.Fixtures;
import dev.varve.io.vdi.HandmadeImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChainFinderTest {

  @TempDir Path folder;

  static Stream<Fixtures.Chain> chains() {
    return Fixtures.chains();
  }

  @ParameterizedTest
  @MethodSource("chains")
  void realChainIsFoundFromItsLeaf(Fixtures.Chain chain) throws IOException {
    List<Path> paths = chain.unpack(folder);

    FoundChain found = find(paths.getLast());

    assertEquals(names(paths), names(found.paths()));
    assertEquals(chain.capacity(), found.leaf().facts().capacity());
    assertEquals(found.warnings(), ChainFinder.listed(found.paths()).warnings());
  }

  @Test
  void changedModifyUuidOfAParentIsAWarning() throws IOException {
    FoundChain merged = find(Fixtures.chain("merged-forward").unpack(folder).getLast());
    assertEquals(1, merged.warnings().size());
    assertTrue(merged.warnings().getFirst().contains("06dad354-de76-4a17-90f2-370b879ee0e2"));
    assertTrue(merged.warnings().getFirst().contains("cee82556-5e54-4148-bf83-d5b8c7ae0544"));

    FoundChain mixed = find(Fixtures.chain("mixed-block-sizes").unpack(folder).getLast());
    assertEquals(2, mixed.warnings().size());

    FoundChain untouched = find(Fixtures.chain("depth5").unpack(folder).getLast());
    assertEquals(List.of(), untouched.warnings());
  }

  @Test
  void parentIsFoundInSearchFolders() throws IOException {
    Path images = Files.createDirectory(folder.resolve("images"));
    Path bases = Files.createDirectory(folder.resolve("bases"));
    image(1, 0).write(bases.resolve("base.vdi"));
    image(2, 1).write(bases.resolve("middle.vdi"));
    Path leaf = image(3, 2).write(images.resolve("leaf.vdi"));

    assertRefused("with --search", () -> find(leaf));
    FoundChain found = find(leaf, bases);

    assertEquals(List.of("base.vdi", "middle.vdi", "leaf.vdi"), names(found.paths()));
  }

  @Test
  void snapshotsOfVirtualBoxHaveTheirBaseInTheFolderAbove() throws IOException {
    Path snapshots = Files.createDirectory(folder.resolve("Snapshots"));
    image(1, 0).write(folder.resolve("disk.vdi"));
    image(2, 1).write(snapshots.resolve("{2}.vdi"));
    Path leaf = image(3, 2).write(snapshots.resolve("{3}.vdi"));

    assertEquals(List.of("disk.vdi", "{2}.vdi", "{3}.vdi"), names(find(leaf).paths()));
  }

  @Test
  void parentIsFoundBesideTheTargetOfALink() throws IOException {
    Path images = Files.createDirectory(folder.resolve("images"));
    image(1, 0).write(images.resolve("base.vdi"));
    image(2, 1).write(images.resolve("leaf.vdi"));
    Path link = Files.createSymbolicLink(folder.resolve("disk"), images.resolve("leaf.vdi"));

    assertEquals(List.of("base.vdi", "disk"), names(find(link).paths()));
  }

  @Test
  void missingParentIsNamedWithWhoNeedsItAndWhereItWasSought() throws IOException {
    Path leaf = image(2, 1).write(folder.resolve("leaf.vdi"));
    Files.writeString(folder.resolve("notes.txt"), "no image, and not mentioned");
    Files.writeString(folder.resolve("broken.vdi"), "an image once");

    String message = assertRefused("was not found", () -> find(leaf));

    assertTrue(message.contains(leaf.toString()), message);
    assertTrue(message.contains(id(1).toString()), message);
    assertTrue(message.contains(folder.toRealPath().toString()), message);
    assertTrue(message.contains("broken.vdi was skipped: "), message);
    assertTrue(message.contains("--search"), message);
    assertTrue(!message.contains("notes.txt"), message);
  }

  @Test
  void twoParentsOfOneUuidAreRefused() throws IOException {
    image(1, 0).write(folder.resolve("base.vdi"));
    image(1, 0).write(folder.resolve("copy of base.vdi"));
    Path leaf = image(2, 1).write(folder.resolve("leaf.vdi"));

    String message = assertRefused("more than once", () -> find(leaf));

    assertTrue(message.contains("copy of base.vdi"), message);
  }

  @Test
  void backupUnderAnotherEndingIsNoSecondParent() throws IOException {
    image(1, 0).write(folder.resolve("base.vdi"));
    image(1, 0).write(folder.resolve("base.vdi.bak"));
    Path leaf = image(2, 1).write(folder.resolve("leaf.vdi"));

    assertEquals(List.of("base.vdi", "leaf.vdi"), names(find(leaf).paths()));
  }

  @Test
  void parentMayHaveAnyNameIfItIsTheOnlyOne() throws IOException {
    image(1, 0).write(folder.resolve("base.img"));
    Path leaf = image(2, 1).write(folder.resolve("leaf"));

    assertEquals(List.of("base.img", "leaf"), names(find(leaf).paths()));
  }

  @Test
  void fileUnderTwoNamesIsOneParent() throws IOException {
    Path base = image(1, 0).write(folder.resolve("base.vdi"));
    Files.createLink(folder.resolve("hard.vdi"), base);
    Files.createSymbolicLink(folder.resolve("soft.vdi"), base);
    Path leaf = image(2, 1).write(folder.resolve("leaf.vdi"));

    assertEquals(2, find(leaf, folder, folder).images().size());
  }

  @Test
  void imagesThatAreEachOthersParentsAreRefused() throws IOException {
    image(1, 3).write(folder.resolve("a.vdi"));
    image(2, 1).write(folder.resolve("b.vdi"));
    Path leaf = image(3, 2).write(folder.resolve("c.vdi"));
    Path own = image(4, 4).write(folder.resolve("own.vdi"));

    assertRefused("each other's parents", () -> find(leaf));
    assertRefused("each other's parents", () -> find(own));
  }

  @Test
  void differencingImageWithoutAParentUuidIsRefused() throws IOException {
    HandmadeImage image = image(2, 1);
    image.parentUuid = new UUID(0, 0);
    Path leaf = image.write(folder.resolve("leaf.vdi"));

    assertRefused("without a parent uuid", () -> find(leaf));
  }

  @Test
  void leafThatIsNoImageIsRefused() throws IOException {
    Path damaged = Files.write(folder.resolve("leaf.vdi"), new byte[1000]);
    Path text = Files.writeString(folder.resolve("text.vdi"), "no image");

    assertThrows(ImageFormatException.class, () -> find(damaged));
    assertThrows(OtherFormatException.class, () -> find(text));
  }

  @Test
  void listedImagesMustFollowEachOther() throws IOException {
    Path base = image(1, 0).write(folder.resolve("base.vdi"));
    Path other = image(9, 0).write(folder.resolve("other.vdi"));
    HandmadeImage fixedImage = image(8, 0);
    fixedImage.type = 2;
    Path fixed = fixedImage.write(folder.resolve("fixed.vdi"));
    Path middle = image(2, 1).write(folder.resolve("middle.vdi"));
    Path leaf = image(3, 2).write(folder.resolve("leaf.vdi"));

    assertEquals(3, ChainFinder.listed(List.of(base, middle, leaf)).images().size());
    assertRefused("at least one", () -> ChainFinder.listed(List.of()));
    assertRefused("cannot be the base", () -> ChainFinder.listed(List.of(middle, leaf)));
    assertRefused("base first", () -> ChainFinder.listed(List.of(base, leaf)));
    assertRefused("base first", () -> ChainFinder.listed(List.of(base, leaf, middle)));
    assertRefused("is a fixed image", () -> ChainFinder.listed(List.of(base, fixed)));
    assertRefused("is a dynamic image", () -> ChainFinder.listed(List.of(base, other)));
    assertRefused("base first", () -> ChainFinder.listed(List.of(other, middle)));
  }

  @Test
  void parentShorterThanItsChildIsAWarning() throws IOException {
    image(1, 0).write(folder.resolve("base.vdi"));
    Path leaf = image(2, 1).map(-1, -1, -1, -1, -1).write(folder.resolve("leaf.vdi"));

    assertTrue(find(leaf).warnings().getFirst().contains("only 16384"));
  }

  private static UUID id(int number) {
    return new UUID(0x4000, number);
  }

  private static HandmadeImage image(int number, int parent) {
    var image = new HandmadeImage();
    image.uuid = id(number);
    if (parent != 0) {
      image.type = 4;
      image.parentUuid = id(parent);
      image.parentModifyUuid = image.modifyUuid;
    }
    return image;
  }

  private static FoundChain find(Path leaf, Path... searchFolders) throws IOException {
    return new ChainFinder(List.of(searchFolders)).find(leaf);
  }

  private static List<String> names(List<Path> paths) {
    return paths.stream().map(path -> path.getFileName().toString()).toList();
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static String assertRefused(String why, Attempt attempt) {
    String message = assertThrows(ChainException.class, attempt::run).getMessage();
    assertTrue(message.contains(why), message);
    return message;
  }
}
