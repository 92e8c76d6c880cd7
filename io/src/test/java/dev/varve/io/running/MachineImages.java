package dev.varve.io.running;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Image files in a folder; VDI images are known by a number. */
record MachineImages(Path folder) {

  Path vdi(String name, long capacity, int id) throws IOException {
    return TestImage.of(capacity).uuid(uuid(id)).write(folder.resolve(name + ".vdi"));
  }

  Path child(String name, long capacity, int id, int parent) throws IOException {
    return TestImage.of(capacity)
        .uuid(uuid(id))
        .parent(uuid(parent))
        .write(folder.resolve(name + ".vdi"));
  }

  Path iso(String name, int length, int value) throws IOException {
    return Files.write(folder.resolve(name + ".iso"), Emulator.filled(length, value));
  }

  /** A VDI image of which nothing more is known. */
  static Image vdi(Path file) {
    return new Image(file, ImageFormat.VDI, null);
  }

  private static UUID uuid(int id) {
    return new UUID(id, id);
  }

  /** What a chain that nobody else has open shows. */
  static byte[] contents(StorageThreads threads, Path... chain) throws Exception {
    var device = DifferencingChain.open(List.of(chain), true, threads);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(device.capacity());
      device.read(0, memory).toCompletableFuture().get();
      return memory.toArray(ValueLayout.JAVA_BYTE);
    } finally {
      device.close().toCompletableFuture().get();
    }
  }
}
