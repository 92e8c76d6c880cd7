package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.vmdk.header.ExtentLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;

/**
 * The extents of an image in several files: regular files in the folder of the descriptor. A
 * descriptor can come from anywhere, so a link, a device, or the descriptor itself is not opened.
 * Not thread-safe; blocks.
 */
final class FolderExtents implements ExtentFiles {

  /** How an extent is opened. */
  interface Opener {
    ImageFile open(Path file, ExtentLine line) throws IOException;
  }

  private final Path descriptor;
  private final Opener opener;
  private final Set<Object> known = new HashSet<>();

  /** Looks at no file yet. */
  FolderExtents(Path descriptor, Opener opener) {
    this.descriptor = descriptor;
    this.opener = opener;
  }

  /** Where the extent of a line is, if its name is plain. Does not look whether it exists. */
  static Path place(Path descriptor, ExtentLine line) throws IOException {
    return descriptor.resolveSibling(line.plainName(descriptor.toString()));
  }

  @Override
  public ImageFile open(ExtentLine line) throws IOException {
    Path file = place(descriptor, line);
    if (known.isEmpty())
      known.add(key(Files.readAttributes(descriptor, BasicFileAttributes.class), descriptor));
    BasicFileAttributes found = requireRegular(file);
    if (!known.add(key(found, file)))
      throw new IOException(
          "%s names the file %s twice, or itself: each extent is a file of its own"
              .formatted(descriptor, file.getFileName()));
    ImageFile opened = opener.open(file, line);
    try {
      requireRegular(file); // and it is still what was looked at
      if (!opened.isInPlace())
        throw new IOException(file + " was replaced while it was opened: try again");
      return opened;
    } catch (Throwable e) {
      opened.close();
      throw e;
    }
  }

  private BasicFileAttributes requireRegular(Path file) throws IOException {
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS))
      throw new NoSuchFileException(
          file.toString(),
          null,
          "it is an extent of " + descriptor + ", which cannot be read without it");
    BasicFileAttributes found =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (found.isRegularFile()) return found;
    throw new IOException(
        "%s is an extent of %s and not a regular file, as an extent must be; links are not followed"
            .formatted(file, descriptor));
  }

  private static Object key(BasicFileAttributes file, Path path) {
    Object key = file.fileKey();
    return key == null ? path.toAbsolutePath().normalize() : key;
  }
}
