package dev.varve.io.file;

import static dev.varve.core.testing.FileOwner.needsRoot;
import static dev.varve.core.testing.FileOwner.own;
import static dev.varve.core.testing.FileOwner.ownerOf;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that root makes in a user's folder belong to the user. */
final class NewFileOwnerTest {

  @TempDir Path folder;
  private Path base;

  @BeforeEach
  void makeTheUsersImage() throws IOException {
    needsRoot(folder);
    own(folder, "rwx------");
    base = folder.resolve("base.vdi");
    VdiCreator.create(base, NewImage.dynamic(1 << 20, UUID::randomUUID));
  }

  private Path child() throws IOException {
    Path child = folder.resolve("child.vdi");
    VdiCreator.createChild(child, NewImage.childOf(VdiHeader.peek(base), UUID::randomUUID), base);
    return child;
  }

  @Test
  void aBaseBelongsToTheUserOfItsFolder() throws IOException {
    assertEquals("4711:4712 rw-------", ownerOf(base));
  }

  @Test
  void aDifferencingImageIsAsItsParent() throws IOException {
    own(base, "rw-rw----");

    assertEquals("4711:4712 rw-rw----", ownerOf(child()));
  }

  @Test
  void anImageThatIsEmptiedStaysItsUsers() throws IOException {
    Path child = child();
    own(child, "rw-r-----");

    VdiCreator.empty(child, UUID::randomUUID);

    assertEquals("4711:4712 rw-r-----", ownerOf(child));
  }
}
