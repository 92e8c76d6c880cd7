package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that root makes in a user's folder belong to the user. */
final class NewFileOwnerTest {

  private static final int USER = 4711;
  private static final int GROUP = 4712;

  @TempDir Path folder;
  private Path base;

  @BeforeEach
  void makeTheUsersImage() throws IOException {
    assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "only root gives files away");
    own(folder, "rwx------");
    base = folder.resolve("base.vdi");
    VdiCreator.create(base, NewImage.dynamic(1 << 20, UUID::randomUUID));
  }

  private static void own(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    Files.setAttribute(path, "unix:uid", USER);
    Files.setAttribute(path, "unix:gid", GROUP);
  }

  private static String ownerOf(Path path) throws IOException {
    return "%s:%s %s"
        .formatted(
            Files.getAttribute(path, "unix:uid"),
            Files.getAttribute(path, "unix:gid"),
            PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
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
