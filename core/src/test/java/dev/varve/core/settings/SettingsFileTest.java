package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsFileTest {

  @ParameterizedTest
  @MethodSource("dev.varve.core.settings.Samples#names")
  void whatIsReadIsWrittenAsItWas(String sample) throws IOException {
    byte[] file = Samples.bytes(sample);

    assertArrayEquals(file, SettingsFile.xml(Path.of(sample), file).toBytes());
  }

  @Test
  void sizeIsBounded(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("large.vbox");
    try (var channel =
        Files.newByteChannel(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
      channel.position(SettingsFile.MAX_BYTES);
      channel.write(ByteBuffer.wrap(new byte[1]));
    }

    var refused = assertThrows(SettingsException.class, () -> SettingsFile.xml(file));

    assertTrue(refused.getMessage().contains("larger than 64 MiB"), refused.getMessage());
  }

  @Test
  void whatIsNoFileIsRefused(@TempDir Path folder) {
    assertThrows(SettingsException.class, () -> SettingsFile.xml(folder));
    var missing =
        assertThrows(SettingsException.class, () -> SettingsFile.xml(folder.resolve("none.vbox")));
    assertTrue(missing.getMessage().contains("none.vbox"), missing.getMessage());
    assertFalse(Files.exists(folder.resolve("none.vbox")));
  }
}
