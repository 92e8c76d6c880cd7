package dev.varve.http.access;

import dev.varve.core.device.OutOfSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * A file that only its owner may read, replaced as a whole. Its folder must be locked: no other
 * process replaces it at the same time. Blocks.
 */
final class PrivateFile {

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  /** More than any such file has; a damaged one must not take all memory. */
  private static final int MAX_BYTES = 4 << 20;

  private final Path path;

  PrivateFile(Path path) {
    this.path = path;
  }

  /**
   * What it holds.
   *
   * @param remedy what to do about it if other users can access it
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws IOException if it cannot be read, or other users can access it
   */
  String read(String remedy) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
    Set<PosixFilePermission> open = EnumSet.copyOf(OWNER_ONLY);
    open.addAll(permissions);
    open.removeAll(OWNER_ONLY);
    if (!open.isEmpty())
      throw new IOException(
          "other users can read %s (%s); %s"
              .formatted(path, PosixFilePermissions.toString(permissions), remedy));
    if (Files.size(path) > MAX_BYTES)
      throw new IOException("%s has %d bytes, too many".formatted(path, Files.size(path)));
    try {
      return Files.readString(path);
    } catch (CharacterCodingException e) {
      throw new IOException("%s is no text".formatted(path), e);
    }
  }

  /**
   * Replaces it; if that fails it is as before.
   *
   * @throws OutOfSpaceException if there is no room
   */
  void write(String text) throws IOException {
    // Under another name first, so that a reader of the right name sees all of it.
    Path temporary = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    try {
      write(temporary, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw OutOfSpaceException.ifFull(path, e);
    }
    try (FileChannel folder = FileChannel.open(Objects.requireNonNull(path.getParent()))) {
      folder.force(true);
    }
  }

  private static void write(Path file, ByteBuffer bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
      while (bytes.hasRemaining()) channel.write(bytes);
      channel.force(true);
    }
  }
}
