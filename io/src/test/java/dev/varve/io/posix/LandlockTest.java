package dev.varve.io.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.posix.Landlock.Right;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Each test confines a thread of its own: it is for ever. */
final class LandlockTest {

  @TempDir Path folder;
  private Path root;
  private Path other;

  @BeforeEach
  void make() throws IOException {
    root = Files.createDirectory(folder.resolve("root"));
    other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(root.resolve("image"), "inside");
    Files.writeString(other.resolve("image"), "outside");
  }

  /** What a thread may reach. */
  private interface Allowance {
    void to(Landlock landlock) throws IOException;
  }

  private void confined(Executable task) throws Exception {
    confined(landlock -> landlock.allow(root, Right.EVERYTHING), task);
  }

  private static void confined(Allowance allowed, Executable task) throws Exception {
    var failure = new AtomicReference<Throwable>();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (var landlock = new Landlock()) {
                    allowed.to(landlock);
                    landlock.enforce();
                    task.execute();
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    thread.join();
    if (failure.get() != null) throw new AssertionError(failure.get());
  }

  private static void refused(Executable access) {
    assertThrows(IOException.class, access);
  }

  @Test
  void belowTheRootEverythingIsPossible() throws Exception {
    confined(
        () -> {
          Path made = Files.writeString(root.resolve("made"), "x");
          Path below = Files.createDirectory(root.resolve("below"));
          Files.move(made, below.resolve("moved"), StandardCopyOption.ATOMIC_MOVE);
          Files.createLink(root.resolve("hard"), below.resolve("moved"));
          Files.createSymbolicLink(root.resolve("soft"), Path.of("image"));
          assertEquals("inside", Files.readString(root.resolve("soft")));
          Files.delete(below.resolve("moved"));
          Files.delete(below);
          int nameless = Posix.open(root, Posix.O_TMPFILE | Posix.O_RDWR | Posix.O_CLOEXEC, 0600);
          Posix.link(nameless, root.resolve("named"));
          Posix.close(nameless);
          assertTrue(Files.exists(root.resolve("named")));
        });
  }

  @Test
  void aFileElsewhereIsOutOfReachUnderEveryName() throws Exception {
    Path link = Files.createSymbolicLink(root.resolve("link"), other.resolve("image"));
    Path linked = Files.createSymbolicLink(root.resolve("folder"), other);
    Path image = other.resolve("image");
    confined(
        () -> {
          for (Path name :
              new Path[] {
                image,
                link,
                linked.resolve("image"),
                root.resolve("../other/image"),
                Path.of("/proc/self/root" + image),
                Path.of("//" + image)
              }) {
            refused(() -> Files.readString(name));
            refused(() -> Files.writeString(name, "changed"));
            refused(() -> Posix.open(name, Posix.O_RDWR | Posix.O_CLOEXEC, 0));
          }
          refused(() -> Files.delete(image));
          refused(() -> Files.delete(linked.resolve("image")));
          refused(() -> Files.createFile(linked.resolve("made")));
          refused(() -> Files.createDirectory(linked.resolve("made")));
          refused(() -> Files.move(image, root.resolve("taken")));
          refused(() -> Files.createLink(root.resolve("taken"), image));
          refused(
              () ->
                  Files.move(
                      root.resolve("image"),
                      linked.resolve("image"),
                      StandardCopyOption.ATOMIC_MOVE,
                      StandardCopyOption.REPLACE_EXISTING));
          refused(() -> Files.newDirectoryStream(linked).close());
          refused(() -> Posix.open(linked, Posix.O_TMPFILE | Posix.O_RDWR, 0600));
        });
    assertEquals("outside", Files.readString(image));
    assertEquals("inside", Files.readString(root.resolve("image")));
  }

  /** What a check of the path cannot see: it was right when it was made. */
  @Test
  void aFolderThatBecomesALinkBetweenCheckAndUseLeadsNowhere() throws Exception {
    Path disks = Files.createDirectory(root.resolve("disks"));
    Path image = Files.writeString(disks.resolve("image"), "inside");
    confined(
        () -> {
          assertTrue(image.toRealPath().startsWith(root.toRealPath()));
          Files.move(disks, root.resolve("aside"), StandardCopyOption.ATOMIC_MOVE);
          Files.createSymbolicLink(disks, other);

          refused(() -> Files.readString(image));
          refused(() -> Files.delete(image));
          refused(() -> Files.createFile(disks.resolve("made")));
        });
    assertEquals("outside", Files.readString(other.resolve("image")));
    assertFalse(Files.exists(other.resolve("made")));
  }

  @Test
  void threadsThatAConfinedOneStartsAreConfinedAndOthersAreNot() throws Exception {
    confined(
        () -> {
          var failure = new AtomicReference<Throwable>();
          Thread child =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          Files.readString(other.resolve("image"));
                        } catch (IOException e) {
                          failure.set(e);
                        }
                      });
          child.join();
          assertTrue(failure.get() instanceof FileSystemException, "the child is free");
        });

    assertEquals("outside", Files.readString(other.resolve("image")));
  }

  /** A Java program reads files of the system; they must not become disks. */
  @Test
  void whatMayOnlyBeReadIsNoDisk() throws Exception {
    confined(
        landlock -> landlock.allow(root, Right.EVERYTHING).allow(other, Right.READ),
        () -> {
          assertEquals("outside", Files.readString(other.resolve("image")));
          refused(() -> Posix.open(other.resolve("image"), Posix.O_RDONLY, 0));
          Posix.close(Posix.open(root.resolve("image"), Posix.O_RDONLY, 0));
        });
  }

  @Test
  void aFileCanBeARoot() throws Exception {
    confined(
        landlock -> landlock.allow(other.resolve("image"), Right.READ),
        () -> {
          assertEquals("outside", Files.readString(other.resolve("image")));
          refused(() -> Files.writeString(other.resolve("image"), "x"));
          refused(() -> Files.readString(root.resolve("image")));
        });
  }
}
