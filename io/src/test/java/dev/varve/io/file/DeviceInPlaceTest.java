package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.host.LoopDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Block devices of the host, through the page cache and past it. */
@NeedsTools("losetup")
class DeviceInPlaceTest {

  @TempDir Path folder;

  private Path medium() throws IOException {
    return Files.write(folder.resolve("medium.img"), new byte[1 << 20]);
  }

  @Test
  void deviceIsInPlaceAlsoWhenItsNameLeadsElsewhere() throws Exception {
    try (var loop = LoopDevice.over(medium(), 512)) {
      Path name = Files.createSymbolicLink(folder.resolve("drive"), loop.path());
      try (MappedFile device = MappedFile.openDevice(name, false)) {
        Files.delete(name);
        assertTrue(device.isInPlace());
      }
      Files.createSymbolicLink(name, loop.path());
      try (MappedFile direct = MappedFile.openDirect(name)) {
        Files.delete(name);
        assertTrue(direct.isInPlace());
      }
    }
  }

  @Test
  void deviceThatCanOnlyBeReadIsNotOpenedForWritingLater() throws Exception {
    try (var loop = LoopDevice.over(medium(), 512, "--read-only")) {
      for (boolean pastTheCache : new boolean[] {false, true}) {
        try (MappedFile device =
            pastTheCache
                ? MappedFile.openDirect(loop.path())
                : MappedFile.openDevice(loop.path(), false)) {
          IOException failure = assertThrows(IOException.class, device::allowWriting);
          assertTrue(failure.getMessage().contains("can only be read"), failure.getMessage());
        }
      }
    }
  }
}
