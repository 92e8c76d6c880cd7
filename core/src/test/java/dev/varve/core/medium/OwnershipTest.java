package dev.varve.core.medium;

import static dev.varve.core.testing.FileOwner.needsRoot;
import static dev.varve.core.testing.FileOwner.own;
import static dev.varve.core.testing.FileOwner.ownerOf;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server that runs as root makes in a user's folder belongs to the user. */
final class OwnershipTest {

  @TempDir Path folder;

  @BeforeEach
  void giveTheFolderToAUser() throws IOException {
    needsRoot(folder);
    own(folder, "rwxr-x---");
  }

  private Path made(String name) throws IOException {
    return Files.createTempFile(folder, name, "");
  }

  @Test
  void aFileThatReplacesAnotherHasItsOwnerGroupAndPermissions() throws IOException {
    Path old = made("old");
    own(old, "rw-rw-r--");
    Path replacement = made("new");

    Ownership.keep(old, replacement);

    assertEquals("4711:4712 rw-rw-r--", ownerOf(replacement));
  }

  @Test
  void aNewFileBelongsToTheUserOfItsFolder() throws IOException {
    Path file = made("disk.vdi");

    Ownership.inherit(folder, file);

    assertEquals("4711:4712 rw-r-----", ownerOf(file));
  }

  @Test
  void aChildOfAnImageThatIsOnlyReadCanBeWrittenByItsUser() throws IOException {
    Path parent = made("parent.vdi");
    own(parent, "r--r-----");
    Path child = made("child.vdi");

    Ownership.inherit(parent, child);

    assertEquals("4711:4712 rw-r-----", ownerOf(child));
  }

  @Test
  void newFoldersBelongToTheUserOfTheOneAbove() throws IOException {
    Path inner = folder.resolve("machines").resolve("Snapshots");

    Ownership.createFolders(inner);

    assertEquals("4711:4712 rwxr-x---", ownerOf(inner));
    assertEquals("4711:4712 rwxr-x---", ownerOf(inner.getParent()));
  }

  @Test
  void inAFolderOfRootAFileStaysPrivate() throws IOException {
    Path ofRoot = Files.createDirectory(folder.resolve("root"));
    Files.setPosixFilePermissions(ofRoot, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path file = Files.createTempFile(ofRoot, "disk", ".vdi");

    Ownership.inherit(ofRoot, file);

    assertEquals("0:0 rw-------", ownerOf(file));
  }
}
