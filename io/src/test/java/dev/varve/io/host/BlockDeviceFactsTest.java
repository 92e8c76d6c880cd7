package dev.varve.io.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel's answers about block devices. */
class BlockDeviceFactsTest {

  private static final int ENOTTY = 25;
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  @NeedsTools("losetup")
  void sizesAreThoseThatTheDeviceWasMadeWith() throws Exception {
    for (int sectorSize : new int[] {512, 4096}) {
      Path file = RawDiskContractTest.emptyFile(folder, 3 * MIB);
      try (var loop = LoopDevice.over(file, sectorSize)) {
        BlockDeviceFacts facts = facts(loop.path());

        assertEquals(3 * MIB, facts.capacity());
        assertEquals(sectorSize, facts.sectorSize());
        assertTrue(facts.physicalSectorSize() >= sectorSize, facts::toString);
        assertFalse(facts.readOnly());
        assertTrue(BlockDeviceFacts.isBlockDevice(loop.path()));
        assertTrue(BlockDeviceFacts.givesSpaceBack(loop.path()));
      }
    }
  }

  @Test
  @NeedsTools("losetup")
  void readOnlyDeviceSaysSo() throws Exception {
    Path file = RawDiskContractTest.emptyFile(folder, MIB);
    try (var loop = LoopDevice.over(file, 512, "--read-only")) {
      assertTrue(facts(loop.path()).readOnly());
    }
  }

  @Test
  void fileIsNoBlockDevice() throws Exception {
    Path file = RawDiskContractTest.emptyFile(folder, MIB);

    assertFalse(BlockDeviceFacts.isBlockDevice(file));
    assertEquals(ENOTTY, assertThrows(PosixException.class, () -> facts(file)).errno());
  }

  private static BlockDeviceFacts facts(Path path) throws IOException {
    int fd = Posix.open(path, Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    try {
      return BlockDeviceFacts.of(fd);
    } finally {
      Posix.close(fd);
    }
  }
}
