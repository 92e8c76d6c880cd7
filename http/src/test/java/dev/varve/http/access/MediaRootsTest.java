package dev.varve.http.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MediaRootsTest {

  @TempDir Path folder;
  private Path root;
  private Path other;
  private MediaRoots roots;

  @BeforeEach
  void make() throws IOException {
    root = Files.createDirectory(folder.resolve("root"));
    other = Files.createDirectory(folder.resolve("root2"));
    Files.createFile(root.resolve("image"));
    Files.createFile(other.resolve("image"));
    roots = MediaRoots.of(List.of(root));
  }

  private void allowed(Path path) {
    assertNull(roots.complaint(path));
  }

  private void refused(Path path) {
    assertNotNull(roots.complaint(path), path.toString());
  }

  @Test
  void whatIsBelowARootMayBeUsedAlsoIfItIsNotThereYet() throws IOException {
    allowed(root.resolve("image"));
    allowed(root.resolve("new.vdi"));
    allowed(root.resolve("a/b/new.vdi"));
    allowed(root.resolve("../root/image"));
    allowed(Files.createSymbolicLink(folder.resolve("in"), root).resolve("new.vdi"));
    allowed(root.resolve("a".repeat(200)));
  }

  @Test
  void whatLeadsElsewhereMayNot() throws IOException {
    refused(other.resolve("image"));
    refused(folder);
    refused(Path.of("/"));
    refused(Path.of("/etc/passwd"));
    refused(root.resolve("../root2/image"));
    refused(root.resolve("../root2/new"));
    refused(root.resolve("missing/../../root2/image"));
    refused(root.resolve("image/../../root2/image"));
    refused(Path.of(root + "//../root2/image"));
    refused(Path.of("/proc/self/root" + other.resolve("image")));
    refused(Path.of("/proc/self/cwd"));
    refused(Path.of("/dev/fd/0"));
    refused(Path.of("/dev/sda"));
    refused(Path.of("/proc/self/mem"));
    refused(Files.createSymbolicLink(root.resolve("link"), other.resolve("image")));
    refused(Files.createSymbolicLink(root.resolve("out"), other).resolve("new"));
    refused(Files.createSymbolicLink(root.resolve("dangling"), other.resolve("missing")));
    Path first = root.resolve("loop");
    refused(Files.createSymbolicLink(first, first));
  }

  @Test
  void withoutRootsEverythingMayBeUsed() {
    assertNull(MediaRoots.ANYWHERE.complaint(Path.of("/etc/passwd")));
  }

  @Test
  void aRootIsThereWhenTheServerStarts() {
    assertThrows(IOException.class, () -> MediaRoots.of(List.of(folder.resolve("missing"))));
  }

  @Test
  void aRootThatIsALinkIsTheFolderThatItLedToAtFirst() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("media"), root);
    MediaRoots named = MediaRoots.of(List.of(link));
    Files.delete(link);
    Files.createSymbolicLink(link, other);

    assertEquals(List.of(root.toRealPath()), named.roots());
    assertNotNull(named.complaint(link.resolve("image")));
  }
}
