package dev.varve.core.journal;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.Ownership;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** The files of this host. */
final class RealFiles implements HostFiles {

  @Override
  public void write(Path file, byte[] contents, Path model) throws IOException {
    Files.deleteIfExists(file);
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      if (Files.exists(model)) Ownership.keep(model, file);
      else Ownership.inherit(Objects.requireNonNull(file.getParent()), file);
      var bytes = ByteBuffer.wrap(contents);
      while (bytes.hasRemaining()) channel.write(bytes);
      channel.force(true);
    } catch (IOException e) {
      throw OutOfSpaceException.ifFull(file, e);
    }
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void link(Path name, Path file) throws IOException {
    Files.createLink(name, file);
  }

  @Override
  public void keep(Path file, Path name) throws IOException {
    Path made = file.resolveSibling(file.getFileName() + ".varve-prev");
    Files.deleteIfExists(made);
    try {
      Files.createLink(made, file);
    } catch (UnsupportedOperationException | IOException e) {
      // Not every file system has hard links.
      Files.copy(file, made, StandardCopyOption.COPY_ATTRIBUTES);
    }
    move(made, name);
  }

  @Override
  public boolean delete(Path file) throws IOException {
    return Files.deleteIfExists(file);
  }

  @Override
  public void syncName(Path file) throws IOException {
    DurableFile.forceFolder(Objects.requireNonNull(file.getParent()));
  }

  @Override
  public FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }
}
