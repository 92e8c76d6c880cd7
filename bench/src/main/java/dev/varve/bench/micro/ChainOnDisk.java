package dev.varve.bench.micro;

import dev.varve.core.device.BlockDevice;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** A chain of images in a folder of its own, open and in memory; deleted when it is closed. */
final class ChainOnDisk implements AutoCloseable {

  /** Of the disk: 64 blocks, so that each of 64 images can have one. */
  static final long CAPACITY = 64L << 20;

  private static final int BLOCK = NewImage.DEFAULT_BLOCK_SIZE;

  private final Path folder;
  private final StorageThreads threads = new StorageThreads(4);
  private final List<Path> images = new ArrayList<>();
  private final Arena arena = Arena.ofShared();
  private DifferencingChain chain;

  /**
   * @param depth how many images
   * @param inTop whether the top image has every block, to be written in place; else the blocks are
   *     spread over all images
   */
  ChainOnDisk(int depth, boolean inTop) throws IOException {
    folder = Files.createTempDirectory("varve-micro-");
    VdiHeader parent = addImage(NewImage.dynamic(CAPACITY, UUID::randomUUID));
    chain = DifferencingChain.open(images, false, threads);
    for (int layer = 0; layer < depth; layer++) {
      if (layer > 0) {
        chain.close().toCompletableFuture().join();
        parent = addImage(NewImage.childOf(parent, UUID::randomUUID));
        chain = DifferencingChain.open(images, false, threads);
      }
      int step = layer == 0 || inTop && layer == depth - 1 ? 1 : depth;
      for (long block = layer; block < CAPACITY / BLOCK; block += step) writeBlock(block, layer);
    }
    flush();
    warm();
  }

  private VdiHeader addImage(NewImage image) throws IOException {
    Path path = folder.resolve(images.size() + ".vdi");
    images.add(path);
    return VdiCreator.create(path, image);
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
