package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RemovalTest {

  @TempDir Path folder;

  private String refusal(Path file) {
    var refused = assertThrows(FileSystemException.class, () -> Removal.check(file));
    assertEquals(file.toString(), refused.getFile());
    return refused.getReason();
  }

  @Test
  void aFileInAFolderThatCanBeWrittenCanBeRemoved() throws IOException {
    Path file = Files.createFile(folder.resolve("a.vdi"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));

    assertDoesNotThrow(() -> Removal.check(file));
    assertDoesNotThrow(() -> Removal.check(folder.resolve("gone.vdi")));
    assertTrue(Files.exists(file));
  }

  @Test
  void aLinkIsNoImageAlsoIfItLeadsNowhere() throws IOException {
    Path file = Files.createFile(folder.resolve("a.vdi"));
    Path link = Files.createSymbolicLink(folder.resolve("link.vdi"), file);
    Path dangling = Files.createSymbolicLink(folder.resolve("d.vdi"), folder.resolve("gone.vdi"));

    assertTrue(refusal(link).contains("symbolic link to '" + file));
    assertTrue(refusal(dangling).contains("symbolic link to"));
    assertTrue(refusal(folder).contains("not a regular file"));
  }

  @Test
  void theFolderMayBeReachedThroughALink() throws IOException {
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.createFile(real.resolve("a.vdi"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);

    assertDoesNotThrow(() -> Removal.check(link.resolve("a.vdi")));
  }

  @Test
  void aFolderThatCannotBeWrittenIsInTheWay() throws IOException {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Path file = Files.createFile(closed.resolve("a.vdi"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assumeTrue(!Files.isWritable(closed), "root writes everywhere");
      assertTrue(refusal(file).contains("this user may not write"));
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  @ParameterizedTest
  @CsvSource({"i, false, it is marked", "a, false, it is marked", "a, true, its folder is marked"})
  @NeedsTools("chattr")
  void whatIsMarkedAsUnchangeableIsInTheWay(String mark, boolean ofFolder, String words)
      throws Exception {
    Path inside = Files.createDirectory(folder.resolve("in"));
    Path file = Files.createFile(inside.resolve("a.vdi"));
    Path marked = ofFolder ? inside : file;
    assumeTrue(isMarked("+" + mark, marked), "only root marks files, and not everywhere");
    try {
      assertTrue(refusal(file).contains(words));
    } finally {
      isMarked("-" + mark, marked);
    }
  }

  private static boolean isMarked(String change, Path file) throws Exception {
    return new ProcessBuilder("chattr", change, file.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }
}
