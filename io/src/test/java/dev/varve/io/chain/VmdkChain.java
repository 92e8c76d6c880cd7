package dev.varve.io.chain;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vmdk.TestVmdk;
import dev.varve.io.vmdk.VirtualBoxVmdk;
import dev.varve.io.vmdk.VmdkImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A chain of VMDK images on a simulated disk: layer 0 is the base, the last one the top. */
final class VmdkChain {

  private static final long REACH = 64 << 20;

  final CrashingDisk disk;
  private final int depth;

  VmdkChain(CrashingDisk disk, int depth) {
    this.disk = disk;
    this.depth = depth;
  }

  static String name(int layer) {
    return layer + ".vmdk";
  }

  /** Puts an image on the disk, on top of those before it; layers count from 0. */
  static void create(CrashingDisk disk, int layer, TestVmdk image) throws IOException {
    UUID parent = layer == 0 ? null : new UUID(1, layer - 1);
    image.create(disk, name(layer), new UUID(1, layer), parent);
  }

  /** Opens all layers, only the top one for writing. */
  DifferencingChain open(StorageThreads threads) throws IOException {
    List<Layer> images = new ArrayList<>();
    for (int layer = 0; layer < depth - 1; layer++)
      images.add(
          VmdkImage.openReadOnly(
              disk.openReadOnly(name(layer), 0), line -> disk.openReadOnly(line.file(), 0)));
    images.add(openTop());
    ChainImages.putRight(images);
    return new DifferencingChain(images, true, threads, () -> new UUID(7, 7));
  }

  VmdkImage openTop() throws IOException {
    ImageFile first = disk.openReadWrite(name(depth - 1), REACH);
    VmdkImage top = VmdkImage.openReadWrite(first, line -> disk.openReadWrite(line.file(), REACH));
    top.mend();
    return top;
  }

  /** The image of a layer as it lies in its files, which must not be open. */
  VirtualBoxVmdk raw(int layer) throws IOException {
    return VirtualBoxVmdk.of(name(layer), name -> TestVmdk.bytes(disk, name));
  }

  VirtualBoxVmdk top() throws IOException {
    return raw(depth - 1);
  }

  /** What VirtualBox shows of the chain. */
  byte[] contents() throws IOException {
    byte[] contents = new byte[0];
    for (int layer = 0; layer < depth; layer++) contents = raw(layer).assertOpens().over(contents);
    return contents;
  }
}
