package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What a file that another program has cut refuses, and how often the host is asked. */
class FileGuardTest {

  private long length = 1000;
  private long nanos;
  private int asked;

  private final FileGuard guard =
      new FileGuard(
          "a.vdi",
          1000,
          () -> {
            asked++;
            return length;
          },
          () -> nanos);

  @Test
  void aWriteAfterTheFileWasCutIsRefusedAndEachLaterOne() {
    length = 600;

    IOException refused = assertThrows(IOException.class, () -> guard.beforeWrite(900));
    assertThrows(IOException.class, () -> guard.beforeWrite(100));
    length = 1000; // it is as long as before, and not what it was
    nanos += 1_000_000_000;
    assertThrows(IOException.class, () -> guard.beforeWrite(100));
    assertThrows(IOException.class, guard::requireIntact);

    assertTrue(
        refused.getMessage().startsWith("a.vdi is 600 bytes long and was 1000 before"),
        refused.getMessage());
    assertEquals(600, guard.known());
  }

  @Test
  void aWriteThatCameInBetweenIsNoticedSinceItLeavesTheFileShorter() throws IOException {
    guard.beforeWrite(500);
    length = 600;
    nanos += 50_000;
    guard.beforeWrite(900);
    length = 900;

    nanos += 50_000;
    assertThrows(IOException.class, () -> guard.beforeWrite(500));
  }

  @Test
  void aWriteThatReachesTheEndIsAlwaysPrecededByALook() throws IOException {
    guard.beforeWrite(500);
    length = 600;

    assertThrows(IOException.class, () -> guard.beforeWrite(1000));
  }

  @Test
  void manyWritesCostOneLook() throws IOException {
    for (int i = 0; i < 1000; i++) guard.beforeWrite(500);

    assertEquals(1, asked);
  }

  @Test
  void whatItsOwnerDoesIsNoCut() throws IOException {
    guard.cutHere(300, cut -> length = cut);
    assertDoesNotThrow(guard::requireIntact);

    length = 800;
    guard.grown(800);
    guard.grown(700);
    assertDoesNotThrow(guard::requireIntact);
    assertEquals(800, guard.known());
    length = 799;
    assertThrows(IOException.class, guard::requireIntact);
  }

  @Test
  void theFirstReasonStays() {
    guard.refuse(new IOException("first"));
    guard.refuse(new IOException("second"));

    assertEquals("first", assertThrows(IOException.class, () -> guard.beforeWrite(1)).getMessage());
  }
}
