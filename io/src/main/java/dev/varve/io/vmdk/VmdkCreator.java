package dev.varve.io.vmdk;

import static java.util.Objects.requireNonNull;

import dev.varve.io.file.NewFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.vmdk.header.ExtentLine;
import dev.varve.io.vmdk.header.ExtentLine.Type;
import dev.varve.io.vmdk.header.NewDescriptor;
import dev.varve.io.vmdk.header.VmdkRules;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes images as VirtualBox makes them. What is made survives a power cut when a method returns;
 * when it fails, there is no file. Stateless; any thread; blocks.
 */
final class VmdkCreator {

  private static final int SECTOR = VmdkRules.SECTOR;

  /** What an extent with sector numbers of 32 bits can hold, with its metadata. */
  private static final long MAX_SPARSE = (2L << 40) - (1L << 30);

  /** As many grains as a header can have; the file itself holds as much as a base. */
  private static final long MAX_CHILD = 1L << 46;

  private static final long MAX_FLAT = 1L << 46;
  private static final String SUFFIX = ".vmdk";

  private VmdkCreator() {}

  /** Makes a base whose file grows as it is written (monolithicSparse). */
  static void sparse(Path file, UUID id, long capacity) throws IOException {
    requireCapacity(capacity, MAX_SPARSE);
    write(NewFile.create(file, Existing.REFUSED), file, capacity / SECTOR, id, null, "ide");
  }

  /** Makes an empty differencing image above a parent. */
  static void child(Path file, UUID id, Path parentFile, LayerFacts parent) throws IOException {
    if (parent.capacity() > MAX_CHILD)
      throw new IllegalArgumentException(
          "%s has %d bytes: a differencing VMDK image has at most %d; choose VDI"
              .formatted(parentFile, parent.capacity(), MAX_CHILD));
    NewFile made =
        Files.isRegularFile(parentFile)
            ? NewFile.create(file, Existing.REFUSED, parentFile)
            : NewFile.create(file, Existing.REFUSED);
    write(made, file, childCapacity(parent) / SECTOR, id, parent, adapterType(parentFile));
  }

  /** The capacity of a child, in bytes: that of its parent, in whole sectors. */
  static long childCapacity(LayerFacts parent) {
    return Math.ceilDiv(parent.capacity(), SECTOR) * SECTOR;
  }

  private static void write(
      NewFile made, Path file, long sectors, UUID id, @Nullable LayerFacts parent, String adapter)
      throws IOException {
    var text =
        new NewDescriptor(
            "monolithicSparse",
            cid(),
            List.of(new ExtentLine(true, sectors, Type.SPARSE, embeddedName(file), 0)),
            adapter,
            id,
            UUID.randomUUID(),
            parent == null ? null : requireNonNull(parent.id(), "a parent has an id"),
            parent == null ? null : parent.modifyId());
    try (made) {
      NewSparse.of(sectors).write(made.contents(), text.bytes());
      made.publish();
    }
  }

  /**
   * Makes a base that has all its space (monolithicFlat): the descriptor, and a file beside it with
   * the bytes of the disk. The descriptor comes first: it says what is left if the host stops then.
   */
  static void flat(Path file, UUID id, long capacity) throws IOException {
    requireCapacity(capacity, MAX_FLAT);
    Path extent = file.resolveSibling(flatName(file));
    var line =
        new ExtentLine(true, capacity / SECTOR, Type.FLAT, extent.getFileName().toString(), 0);
    var text =
        new NewDescriptor(
            "monolithicFlat", cid(), List.of(line), "ide", id, UUID.randomUUID(), null, null);
    try (var bytes = NewFile.create(extent, Existing.REFUSED);
        var descriptor = NewFile.create(file, Existing.REFUSED)) {
      bytes.contents().reserve(0, capacity);
      bytes.contents().sync();
      writeText(descriptor, text.bytes());
      descriptor.publish();
      try {
        bytes.publish();
      } catch (Throwable e) {
        Files.delete(file);
        throw e;
      }
    }
  }

  private static void writeText(NewFile file, byte[] text) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      file.contents().write(0, arena.allocate(text.length).copyFrom(MemorySegment.ofArray(text)));
    }
  }

  /** Empties a differencing image; a crash leaves the old or the new one. */
  static void empty(Path file) throws IOException {
    try (var made = NewFile.create(file, Existing.REPLACED)) {
      VmdkHead head = VmdkHead.peek(file);
      if (!head.descriptor().isDifferencing())
        throw new IOException(file + " has no parent: only a differencing image can be reset");
      if (head.header() == null)
        throw new IOException(
            file
                + " is a VMDK image in several files, which cannot be reset: delete it and make a new"
                + " differencing image");
      byte[] text = head.descriptor().withModifyId(UUID.randomUUID()).bytes();
      NewSparse.like(head.header()).write(made.contents(), text);
      made.publish();
    }
  }

  private static void requireCapacity(long capacity, long most) {
    if (capacity <= 0 || capacity % SECTOR != 0)
      throw new IllegalArgumentException(
          "capacity %d: a disk has one or more sectors of %d bytes".formatted(capacity, SECTOR));
    if (capacity > most)
      throw new IllegalArgumentException(
          "capacity %d: a VMDK image of this kind has at most %d bytes; choose VDI"
              .formatted(capacity, most));
  }

  private static int cid() {
    return (int) UUID.randomUUID().getMostSignificantBits();
  }

  /** No program reads the name in an embedded descriptor. */
  private static String embeddedName(Path file) {
    String name = file.getFileName().toString();
    return isPlain(name) ? name : "disk" + SUFFIX;
  }

  private static String flatName(Path file) {
    String name = file.getFileName().toString();
    if (!isPlain(name))
      throw new IllegalArgumentException(
          "the name '%s' has characters that a VMDK descriptor cannot have; choose another"
              .formatted(name));
    return name.endsWith(SUFFIX)
        ? name.substring(0, name.length() - SUFFIX.length()) + "-flat" + SUFFIX
        : name + "-flat" + SUFFIX;
  }

  private static boolean isPlain(String name) {
    return name.chars().noneMatch(c -> c < ' ' || c == '"' || c == '\\' || c == 127 || c == 0xFFFD);
  }

  /** A child has the adapter type of its parent. */
  private static String adapterType(Path parent) throws IOException {
    if (!VmdkHead.isIn(parent)) return "ide";
    String type = VmdkHead.peek(parent).descriptor().adapterType();
    return type.matches("[A-Za-z]+") ? type : "ide";
  }
}
