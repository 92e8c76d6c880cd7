package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderClaimTest {

  @TempDir Path folder;

  @Test
  void aSecondServerHearsWhichProcessHasTheFolderUntilThatEnds() throws IOException {
    FolderClaim first = FolderClaim.of(folder);

    var refused = assertThrows(IOException.class, () -> FolderClaim.of(folder));
    first.close();

    assertEquals(
        "the state folder %s is in use by process %d; stop that one, or name another folder"
            .formatted(folder, ProcessHandle.current().pid()),
        refused.getMessage());
    assertDoesNotThrow(() -> FolderClaim.of(folder).close());
    first.close();
  }

  @Test
  void aFolderThatIsNotThereYetIsNotClaimed() {
    assertDoesNotThrow(() -> FolderClaim.of(folder.resolve("new")).close());
  }
}
