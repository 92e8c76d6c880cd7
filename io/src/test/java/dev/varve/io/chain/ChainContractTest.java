package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.BlockDeviceContract;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Chains of several shapes do what every device must do. */
class ChainContractTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @Nested
  class BaseImage extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      Path image = TestImage.of((5 << 20) + 512).write(folder.resolve("base.vdi"));
      return DifferencingChain.open(List.of(image), false, threads);
    }
  }

  /** Its blocks fill the last chunk of the map to the end. */
  @Nested
  class SmallBlocks extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      Path image =
          TestImage.of(4 << 20).blockSize(4096).extra(512).write(folder.resolve("base.vdi"));
      return DifferencingChain.open(List.of(image), false, threads);
    }
  }

  /** Everything that the parents hold is hidden by zeroes. */
  @Nested
  class HiddenParents extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      var images = chain(folder);
      var top = new Guest(DifferencingChain.open(images, false, threads));
      top.discard(0, 6 << 20);
      top.close();
      return DifferencingChain.open(images, false, threads);
    }
  }

  /** No image holds anything, and a parent ends in the middle of a block of its child. */
  @Nested
  class EmptyParents extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      Path base =
          TestImage.of((2 << 20) + 512)
              .blockSize(8192)
              .uuid(new UUID(1, 1))
              .write(folder.resolve("base.vdi"));
      Path top =
          TestImage.of(6 << 20)
              .blockSize(1 << 17)
              .parent(new UUID(1, 1))
              .write(folder.resolve("top.vdi"));
      return DifferencingChain.open(List.of(base, top), false, threads);
    }
  }

  private static List<Path> chain(Path folder) throws IOException {
    Path base =
        TestImage.of(5 << 20)
            .blockSize(1 << 16)
            .uuid(new UUID(1, 1))
            .write(folder.resolve("base.vdi"));
    var written = new Guest(DifferencingChain.open(List.of(base), false, threads));
    written.write(0, Guest.filled(5 << 20, 'p'));
    written.close();
    Path top = TestImage.of(6 << 20).parent(new UUID(1, 1)).write(folder.resolve("top.vdi"));
    return List.of(base, top);
  }
}
