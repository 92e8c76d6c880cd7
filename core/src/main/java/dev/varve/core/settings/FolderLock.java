package dev.varve.core.settings;

import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps other processes out of a folder while this one works in it. The kernel frees it with us.
 */
final class FolderLock implements AutoCloseable {

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Locks a folder.
   *
   * @throws IOException if somebody else has it; says who
   */
  static FolderLock of(Path folder) throws IOException {
    Path file = folder.resolve("lock");
    FileChannel channel = open(folder, file);
    try {
      if (tryLock(channel) == null)
        throw new IOException(
            "the state folder %s is in use by process %s; stop that one, or name another folder"
                .formatted(folder, holder(file)));
      channel.truncate(0);
      String me = Long.toString(ProcessHandle.current().pid());
      channel.write(ByteBuffer.wrap(me.getBytes(StandardCharsets.US_ASCII)), 0);
      return new FolderLock(channel);
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private static FileChannel open(Path folder, Path file) throws IOException {
    try {
      return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (FileSystemException e) {
      throw new IOException(
          ("the state folder %s cannot be written (%s); give this user the right to, or name"
                  + " another folder")
              .formatted(folder, FailureWords.of(e)),
          e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static String holder(Path file) throws IOException {
    String pid = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    return pid.matches("\\d{1,10}") ? pid : "(unknown)";
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
