package dev.varve.io.chain;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.CrashingFile;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.RawImage;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A chain of images on a simulated disk: layer 0 is the base, the last one the top. */
final class TestChain {

  /** The modify uuid that the top image gets when its contents change. */
  static final UUID CHANGED = new UUID(7, 7);

  private static final long REACH = 64 << 20;

  final CrashingDisk disk;
  private final int depth;
  private final List<CrashingFile> files = new ArrayList<>();

  /** The chain that images on {@code disk} form already. */
  TestChain(CrashingDisk disk, int depth) {
    this.disk = disk;
    this.depth = depth;
  }

  /** Puts an image on the disk, on top of those before it; layers count from 0. */
  static void create(CrashingDisk disk, int layer, TestImage image) throws IOException {
    image.uuid(new UUID(1, layer));
    if (layer > 0) image.parent(new UUID(1, layer - 1));
    try (ImageFile file = disk.create(name(layer), 0)) {
      file.write(0, Guest.memory(image.bytes()));
      file.sync();
    }
  }

  /** An empty image over a base that begins with {@code filled} bytes 'p'. */
  static TestChain overFilledBase(
      CrashingDisk disk, TestImage base, int filled, TestImage top, StorageThreads threads)
      throws IOException {
    create(disk, 0, base);
    var guest = new Guest(new TestChain(disk, 1).open(threads));
    guest.write(0, Guest.filled(filled, 'p'));
    guest.close();
    create(disk, 1, top);
    return new TestChain(disk, 2);
  }

  /** A VDI image of which nothing more is known. */
  static Image vdi(Path file) {
    return new Image(file, ImageFormat.VDI, null);
  }

  static String name(int layer) {
    return layer + ".vdi";
  }

  String top() {
    return name(depth - 1);
  }

  /** Opens all layers, only the top one for writing. */
  DifferencingChain open(StorageThreads threads) throws IOException {
    return open(threads, (_, _) -> {});
  }

  /** The same, with an observer of the calls to the top image's file. */
  DifferencingChain open(StorageThreads threads, InterceptedFile.Interceptor interceptor)
      throws IOException {
    List<Layer> images = new ArrayList<>();
    files.clear();
    for (int layer = 0; layer < depth - 1; layer++) {
      files.add(disk.openReadOnly(name(layer), 0));
      images.add(VdiImage.openReadOnly(files.getLast()));
    }
    files.add(disk.openReadWrite(top(), REACH));
    images.add(VdiImage.openReadWrite(new InterceptedFile(files.getLast(), interceptor)));
    ChainImages.putRight(images);
    return new DifferencingChain(images, true, threads, () -> CHANGED);
  }

  /** The file of a layer, as it was opened last. */
  CrashingFile file(int layer) {
    return files.get(layer);
  }

  /** The top image as it lies in its file, which must not be open. */
  RawImage raw() throws IOException {
    return raw(depth - 1);
  }

  /** The image of a layer, in the same way. */
  RawImage raw(int layer) throws IOException {
    try (ImageFile file = disk.openReadOnly(name(layer), 0)) {
      return RawImage.of(file);
    }
  }

  /**
   * Fails if VirtualBox could not open the image as a crash left it, and does not find its count
   * right after Varve has opened it for writing once.
   */
  static void assertCountedOnceOpened(CrashingDisk disk, String name, String when)
      throws IOException {
    try {
      try (ImageFile file = disk.openReadOnly(name, 0)) {
        if (RawImage.of(file).assertSound().isCounted()) return;
      }
      try (VdiImage image = VdiImage.openReadWrite(disk.openReadWrite(name, REACH))) {
        ChainImages.putRight(List.of(image));
      }
      try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING);
          ImageFile file = found.openReadOnly(name, 0)) {
        RawImage.of(file).assertCounted();
      }
    } catch (AssertionError e) {
      throw new AssertionError(when + ", " + name, e);
    }
  }
}
