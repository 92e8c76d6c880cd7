package dev.varve.io.chain;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhd.TestVhd;
import dev.varve.io.vhd.VhdImage;
import dev.varve.io.vhd.VirtualBoxVhd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** A chain of VHD images on a simulated disk: layer 0 is the base, the last one the top. */
final class VhdChain {

  private static final long REACH = 64 << 20;

  final CrashingDisk disk;
  private final int depth;

  VhdChain(CrashingDisk disk, int depth) {
    this.disk = disk;
    this.depth = depth;
  }

  static String name(int layer) {
    return layer + ".vhd";
  }

  /** Puts an image on the disk, on top of those before it; layers count from 0. */
  static void create(CrashingDisk disk, int layer, TestVhd image) throws IOException {
    image.id(new UUID(1, layer));
    if (layer > 0) image.over(new UUID(1, layer - 1));
    try (ImageFile file = disk.create(name(layer), 0)) {
      file.write(0, Guest.memory(image.bytes()));
      file.sync();
    }
  }

  /** An image with blocks of which some sectors are there, none or all. */
  static TestVhd shape(Random random, int capacity) {
    TestVhd image = TestVhd.of(capacity, 256 << 10 << random.nextInt(2));
    image.gap = random.nextInt(3);
    image.moreEntries = random.nextInt(3);
    int sectors = capacity / TestVhd.SECTOR;
    for (int i = random.nextInt(5); i > 0; i--) {
      int first = random.nextInt(sectors);
      int count = random.nextBoolean() ? 1 + random.nextInt(20) : 1 + random.nextInt(sectors);
      for (int at = first; at < Math.min(sectors, first + count); at++)
        image.sector(at, 1 + random.nextInt(255));
    }
    if (random.nextInt(3) == 0)
      image.allocate(random.nextInt(Math.ceilDiv(capacity, image.blockSize)));
    return image;
  }

  /** Opens all layers, only the top one for writing. */
  DifferencingChain open(StorageThreads threads) throws IOException {
    List<Layer> images = new ArrayList<>();
    for (int layer = 0; layer < depth - 1; layer++)
      images.add(VhdImage.openReadOnly(disk.openReadOnly(name(layer), 0)));
    images.add(VhdImage.openReadWrite(disk.openReadWrite(name(depth - 1), REACH)));
    images.getLast().mend();
    ChainImages.putRight(images);
    return new DifferencingChain(images, true, threads, () -> new UUID(7, 7));
  }

  /** The image of a layer as it lies in its file, which must not be open. */
  VirtualBoxVhd raw(int layer) throws IOException {
    try (ImageFile file = disk.openReadOnly(name(layer), 0)) {
      return VirtualBoxVhd.of(file);
    }
  }

  VirtualBoxVhd top() throws IOException {
    return raw(depth - 1);
  }

  /** What VirtualBox shows of the chain. */
  byte[] contents() throws IOException {
    byte[] contents = new byte[0];
    for (int layer = 0; layer < depth; layer++) contents = raw(layer).assertSound().over(contents);
    return contents;
  }
}
