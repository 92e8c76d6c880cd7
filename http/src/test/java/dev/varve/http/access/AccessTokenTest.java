package dev.varve.http.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AccessTokenTest {

  @TempDir Path folder;

  private Path file() {
    return folder.resolve(AccessToken.FILE);
  }

  @Test
  void isMadeOnceAndStaysTheSame() throws IOException {
    AccessToken.make(folder, new Random(1));
    String made = Files.readString(file());

    AccessToken again = Objects.requireNonNull(AccessToken.of(folder));

    assertEquals(made, Files.readString(file()));
    assertEquals(43, made.strip().length());
    assertTrue(again.is(made.strip()));
    assertFalse(again.is(made.strip() + "A"));
    assertFalse(again.is(""));
  }

  @Test
  void isReadByItsOwnerOnly() throws IOException {
    AccessToken.make(folder, new Random(1));

    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void aFileThatOthersCanReadIsRefused() throws IOException {
    AccessToken.make(folder, new Random(1));
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r-----"));

    var refused = assertThrows(IOException.class, () -> AccessToken.of(folder));

    assertTrue(refused.getMessage().contains("rw-r-----"), refused.getMessage());
  }

  @Test
  void aDamagedFileIsRefusedAndNotReplaced() throws IOException {
    AccessToken.make(folder, new Random(1));
    Files.writeString(file(), "");

    assertThrows(IOException.class, () -> AccessToken.of(folder));

    assertEquals("", Files.readString(file()));
  }

  @Test
  void whatAKilledProcessLeftIsReplaced() throws IOException {
    Files.writeString(folder.resolve("token.new"), "half");

    AccessToken.make(folder, new Random(1));

    assertEquals(43, Files.readString(file()).strip().length());
    assertFalse(Files.exists(folder.resolve("token.new")));
  }
}
