package dev.varve.http.command;

import dev.varve.core.medium.Ownership;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.NewFile.Existing;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Gives the files of a complete image their place. Any thread; blocks. */
final class FinishedImage {

  private FinishedImage() {}

  /**
   * Moves files into a folder of the same file system, the extents before the image that names
   * them.
   *
   * @param files the image first
   * @throws FileAlreadyExistsException if one is there and must not be replaced; nothing was moved
   */
  static void move(List<Path> files, Path folder, Existing existing) throws IOException {
    for (Path file : files) check(folder.resolve(file.getFileName()), existing);
    for (Path file : files.reversed()) {
      Ownership.inherit(folder, file);
      Path target = folder.resolve(file.getFileName());
      if (existing == Existing.REPLACED)
        Files.move(file, target, StandardCopyOption.REPLACE_EXISTING);
      else Files.move(file, target);
    }
    try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
      opened.force(true);
    }
  }

  private static void check(Path target, Existing existing) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) return;
    if (existing == Existing.REFUSED) throw new FileAlreadyExistsException(target.toString());
    MappedFile.openReadWrite(target, 0).close(); // fails if a program uses it
  }
}
