package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.ImageWork;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the images of a disk had to do is counted. */
class WorkCountsTest {

  private static final int BLOCK = 1 << 20;

  @TempDir Path folder;

  @Test
  void copiesPlacesAndCommitsAreCounted() throws IOException {
    try (var threads = new StorageThreads(2)) {
      var files = new ChainFiles(threads);
      Path base = folder.resolve("base.vdi");
      Path child = folder.resolve("child.vdi");
      var id = new MediumId(UUID.randomUUID());
      files.create(
          base, id, ImageFormat.VDI, MediumVariant.STANDARD, 4 * BLOCK, Announcement.UNHEARD);
      LiveChain below = LiveChain.open(List.of(base), false, threads);
      new Guest(below).write(0, Guest.filled(BLOCK, 1));
      new Guest(below).flush();
      assertEquals(1, below.work().places());
      assertEquals(0, below.work().copies()); // the write covers the whole block
      new Guest(below).close();
      files.createChild(
          child,
          new MediumId(UUID.randomUUID()),
          ImageFormat.VDI,
          new Image(base, ImageFormat.VDI, id));
      LiveChain disk = LiveChain.open(List.of(base, child), false, threads);
      var guest = new Guest(disk);

      guest.write(4096, Guest.filled(4096, 2));
      guest.flush();

      ImageWork work = disk.work();
      assertEquals(1, work.places());
      assertEquals(BLOCK, work.placedBytes());
      assertEquals(BLOCK - 4096, work.copiedBytes());
      assertEquals(2, work.copies()); // in front of what was written, and behind it
      assertTrue(work.commits().count() > 0);
      guest.close();
    }
  }

  @Test
  void syncsOfARawDiskAreCounted() throws IOException {
    try (var threads = new StorageThreads(2)) {
      Path raw = folder.resolve("disk.img");
      new ChainFiles(threads)
          .create(
              raw,
              new MediumId(UUID.randomUUID()),
              ImageFormat.RAW,
              MediumVariant.STANDARD,
              BLOCK,
              Announcement.UNHEARD);
      LiveChain disk = LiveChain.openRaw(raw, false, threads);
      var guest = new Guest(disk);

      guest.write(0, Guest.filled(512, 1));
      guest.flush();

      assertEquals(1, disk.work().commits().count());
      guest.close();
    }
  }
}
