package dev.varve.io.host;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.BlockDeviceContract;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Raw files and block devices do what every device must do. */
class RawDiskContractTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  static Path emptyFile(Path folder, long length) throws IOException {
    Path path = folder.resolve("disk.img");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(length);
    }
    return path;
  }

  @Nested
  class File extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      return RawDisk.open(emptyFile(folder, 5 << 20), false, threads);
    }
  }

  @Nested
  class FileThatEndsWithinASector extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      return RawDisk.open(emptyFile(folder, (5 << 20) + 77), false, threads);
    }
  }

  @Nested
  @NeedsTools("losetup")
  class DeviceWithSectorsOf512Bytes extends OnLoopDevice {
    DeviceWithSectorsOf512Bytes() {
      super(512);
    }
  }

  @Nested
  @NeedsTools("losetup")
  class DeviceWithSectorsOf4096Bytes extends OnLoopDevice {
    DeviceWithSectorsOf4096Bytes() {
      super(4096);
    }
  }

  abstract static class OnLoopDevice extends BlockDeviceContract {
    @TempDir Path folder;
    private final int sectorSize;
    private LoopDevice loop;

    OnLoopDevice(int sectorSize) {
      this.sectorSize = sectorSize;
    }

    @Override
    protected BlockDevice open() throws Exception {
      loop = LoopDevice.over(emptyFile(folder, 5 << 20), sectorSize);
      return RawDisk.open(loop.path(), false, threads);
    }

    @Override
    protected boolean knowsZeroes() {
      return false;
    }

    @AfterEach
    void detach() throws Exception {
      if (loop != null) loop.close();
    }
  }
}
