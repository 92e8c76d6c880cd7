package dev.varve.bench.micro;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;

/** A chain of images in a folder of its own, open and in memory; deleted when it is closed. */
final class ChainOnDisk implements AutoCloseable {

  /** Of the disk: 64 blocks, so that each of 64 images can have one. */
  static final long CAPACITY = 64L << 20;

  private static final int BLOCK = 1 << 20;

  private final Path folder;
  private final StorageThreads threads = new StorageThreads(4);
  private final ImageFormat format;
  private final List<Image> images = new ArrayList<>();
  private final Arena arena = Arena.ofShared();
  private DifferencingChain chain;

  /**
   * @param format of all images
   * @param depth how many images
   * @param inTop whether the top image has every block, to be written in place; else the blocks are
   *     spread over all images
   */
  ChainOnDisk(ImageFormat format, int depth, boolean inTop) throws IOException {
    this.format = format;
    folder = Files.createTempDirectory("varve-micro-");
    addImage();
    chain = DifferencingChain.open(new ImageChain(images), false, threads);
    for (int layer = 0; layer < depth; layer++) {
      if (layer > 0) {
        chain.close().toCompletableFuture().join();
        addImage();
        chain = DifferencingChain.open(new ImageChain(images), false, threads);
      }
      int step = layer == 0 || inTop && layer == depth - 1 ? 1 : depth;
      for (long block = layer; block < CAPACITY / BLOCK; block += step) writeBlock(block, layer);
    }
    flush();
    warm();
  }

  private void addImage() throws IOException {
    Path path = folder.resolve(images.size() + "." + format.text().toLowerCase(Locale.ROOT));
    var id = new MediumId(UUID.randomUUID());
    var files = new ChainFiles(threads);
    if (images.isEmpty())
      files.create(path, id, format, MediumVariant.STANDARD, CAPACITY, Announcement.UNHEARD);
    else files.createChild(path, id, format, images.getLast());
    images.add(new Image(path, format, id));
  }

  private void writeBlock(long block, int layer) {
    try (Arena lent = Arena.ofShared()) {
      MemorySegment contents = lent.allocate(BLOCK).fill((byte) (layer + 1));
      chain.write(block * BLOCK, contents).toCompletableFuture().join();
    }
  }

  /** Reads everything once, so that no benchmark waits for the medium. */
  private void warm() {
    MemorySegment all = memory(BLOCK);
    for (long at = 0; at < CAPACITY; at += BLOCK) {
      chain.read(at, all).toCompletableFuture().join();
    }
  }

  void flush() {
    chain.flush().toCompletableFuture().join();
  }

  BlockDevice device() {
    return chain;
  }

  StorageThreads threads() {
    return threads;
  }

  /** Native memory that lives as long as this. */
  MemorySegment memory(long bytes) {
    return arena.allocate(bytes, 4096);
  }

  @Override
  public void close() throws IOException {
    chain.close().toCompletableFuture().join();
    threads.close();
    arena.close();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) Files.delete(file);
    }
    Files.delete(folder);
  }
}
