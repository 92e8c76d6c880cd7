package dev.varve.core.medium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinksTest {

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void realFolder() throws IOException {
    folder = temporary.toRealPath();
  }

  @Test
  void aLinkLeadsToItsFileAlsoAfterThatIsGone() throws IOException {
    Path file = Files.createFile(folder.resolve("real.vdi"));
    Path link = Files.createSymbolicLink(folder.resolve("link.vdi"), Path.of("real.vdi"));
    Path second = Files.createSymbolicLink(folder.resolve("second.vdi"), link);

    assertEquals(file, Links.target(link));
    assertEquals(file, Links.target(second));
    Files.delete(file);
    assertEquals(file, Links.target(link));
    assertEquals(file, Links.target(second));
    assertEquals(file, Links.target(file));
  }

  @Test
  void foldersThatAreLinksAreFollowedAsFarAsTheyAreThere() throws IOException {
    Path disks = Files.createDirectory(folder.resolve("disks"));
    Path way = Files.createSymbolicLink(folder.resolve("way"), disks);

    assertEquals(disks.resolve("new/a.vdi"), Links.target(way.resolve("new/a.vdi")));
  }

  @Test
  void linksInACircleEnd() throws IOException {
    Path a = folder.resolve("a");
    Path b = Files.createSymbolicLink(folder.resolve("b"), a);
    Files.createSymbolicLink(a, b);

    assertTrue(Links.target(a).startsWith(folder));
  }

  @Test
  void aHardLinkIsAnotherFile() throws IOException {
    Path one = Files.createFile(Files.createDirectory(folder.resolve("one")).resolve("a.vdi"));
    Path two = Files.createDirectory(folder.resolve("two")).resolve("a.vdi");
    Files.createLink(two, one);
    Path way = Files.createSymbolicLink(folder.resolve("way"), one.getParent());

    assertFalse(Links.isSame(one, Links.target(two)));
    assertTrue(Links.isSame(way.resolve("a.vdi"), Links.target(one)));
  }
}
