package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.NewFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Creates image files, with map and data at the same offsets as in images of VirtualBox. Any
 * thread; blocks.
 */
public final class VdiCreator {

  private static final int MAP_CHUNK_ENTRIES = 1 << 18;

  private VdiCreator() {}

  /**
   * Creates an image that reads as zeroes, or as its parent. When this returns, the image with the
   * parent's uuids survives a power cut. When it fails, there is no file.
   *
   * @throws java.nio.file.FileAlreadyExistsException if {@code path} exists
   * @throws dev.varve.core.device.OutOfSpaceException if a fixed image, or the block map, does not
   *     fit
   */
  public static VdiHeader create(Path path, NewImage image) throws IOException {
    return publish(NewFile.create(path, NewFile.Existing.REFUSED), image);
  }

  /**
   * The same for a differencing image, which gets the owner of its parent's file.
   *
   * @param parent if it is a block device, the image gets the owner of its folder
   */
  public static VdiHeader createChild(Path path, NewImage image, Path parent) throws IOException {
    return Files.isRegularFile(parent)
        ? publish(NewFile.create(path, NewFile.Existing.REFUSED, parent), image)
        : create(path, image);
  }

  private static VdiHeader publish(NewFile made, NewImage image) throws IOException {
    try (NewFile file = made) {
      VdiHeader header = write(file.contents(), image);
      file.publish();
      return header;
    }
  }

  /**
   * Replaces an image by an empty one with the same header and a new modify uuid. A crash leaves
   * the old or the new image.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process has it open
   * @throws ImageFormatException if it is a fixed image, which cannot be empty
   */
  public static void empty(Path path, Supplier<UUID> uuids) throws IOException {
    try (var file = NewFile.create(path, NewFile.Existing.REPLACED)) {
      VdiHeader old = VdiHeader.peek(path);
      if (old.type() == ImageType.FIXED) {
        throw new ImageFormatException(
            path.toString(), "image type", old.type(), "a fixed image is never empty", "delete it");
      }
      write(file.contents(), old.withAllocatedBlocks(0).withModifyUuid(uuids.get()), false);
      file.publish();
    }
  }

  /** Writes a new image into an empty file, without making it durable. */
  static VdiHeader write(ImageFile file, NewImage image) throws IOException {
    VdiHeader header = image.header();
    write(file, header, image.type() == ImageType.FIXED);
    return header;
  }

  private static void write(ImageFile file, VdiHeader header, boolean fixed) throws IOException {
    file.write(0, header.bytes());
    writeMap(file, header, fixed);
    if (fixed) {
      file.reserve(header.dataOffset(), header.blockCount() * header.stride());
    } else {
      file.setLength(header.dataOffset());
    }
  }

  /** Writes the block map: every block in its own file block, or every block free. */
  private static void writeMap(ImageFile file, VdiHeader header, boolean fixed) throws IOException {
    int count = header.blockCount();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(BlockEntry.LAYOUT, Math.min(count, MAP_CHUNK_ENTRIES));
      for (int first = 0; first < count; first += MAP_CHUNK_ENTRIES) {
        int entries = Math.min(count - first, MAP_CHUNK_ENTRIES);
        for (int i = 0; i < entries; i++) {
          chunk.setAtIndex(BlockEntry.LAYOUT, i, fixed ? first + i : BlockEntry.FREE);
        }
        file.write(
            header.mapOffset() + (long) first * Integer.BYTES,
            chunk.asSlice(0, (long) entries * Integer.BYTES));
      }
    }
  }
}
