package dev.varve.core.journal;

import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps other processes out of a folder while this one works in it. The kernel frees it with us.
 *
 * <p>Where the file of the lock cannot be written or made, because the folder is read-only or full,
 * the lock is shared: it keeps out processes that could write, and lets others read. {@link
 * #takeAlone} makes it exclusive before anything is written.
 */
final class FolderLock implements AutoCloseable {

  private final Path folder;
  private final Path file;
  private final HostFiles host;

  /** Null if there is no file that could be locked. */
  private @Nullable FileChannel channel;

  private boolean alone;

  private FolderLock(Path folder, HostFiles host) {
    this.folder = folder;
    this.file = folder.resolve("lock");
    this.host = host;
  }

  /**
   * Locks a folder.
   *
   * @throws IOException if another process has it; says which
   */
  static FolderLock of(Path folder, HostFiles host) throws IOException {
    var lock = new FolderLock(folder, host);
    try {
      lock.takeAlone();
    } catch (NotWritableException e) {
      return lock; // a shared one
    } catch (Throwable e) {
      lock.close();
      throw e;
    }
    return lock;
  }

  /** The file of the lock cannot be written, or there is none and none can be made. */
  private static final class NotWritableException extends IOException {
    private static final long serialVersionUID = 1;

    NotWritableException(String message, IOException cause) {
      super(message, cause);
    }
  }

  /**
   * Keeps all other processes out.
   *
   * @throws IOException if another process has the folder, or its lock cannot be written
   */
  void takeAlone() throws IOException {
    if (alone) return;
    // Closing a file ends every lock of the process on it, so the shared one goes first.
    close();
    try {
      channel = lockAlone();
      alone = true;
    } catch (Throwable e) {
      share();
      throw e;
    }
  }

  private FileChannel lockAlone() throws IOException {
    FileChannel opened = openToWrite();
    try {
      if (tryLock(opened, false) == null) throw inUse();
      write(opened);
      return opened;
    } catch (Throwable e) {
      opened.close();
      throw e;
    }
  }

  private FileChannel openToWrite() throws IOException {
    try {
      return host.open(file);
    } catch (IOException e) {
      throw new NotWritableException(
          "the state folder %s cannot be locked: %s".formatted(folder, FailureWords.of(e)), e);
    }
  }

  /** The process that has it, for people; in place, since a full file system takes no more. */
  private static void write(FileChannel channel) {
    byte[] me = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    try {
      channel.write(ByteBuffer.wrap(me), 0);
      channel.truncate(me.length);
    } catch (IOException _) {
      // The lock is what counts.
    }
  }

  private void share() throws IOException {
    FileChannel opened;
    try {
      opened = FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      return; // nothing can be locked
    }
    try {
      if (tryLock(opened, true) == null) throw inUse();
    } catch (Throwable e) {
      opened.close();
      throw e;
    }
    channel = opened;
  }

  private static @Nullable FileLock tryLock(FileChannel channel, boolean shared)
      throws IOException {
    try {
      return channel.tryLock(0, Long.MAX_VALUE, shared);
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private IOException inUse() throws IOException {
    return new IOException(
        "the state folder %s is in use by process %s; stop that one, or name another folder"
            .formatted(folder, holder()));
  }

  private String holder() throws IOException {
    String pid = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    return pid.matches("\\d{1,10}") ? pid : "(unknown)";
  }

  /** The file of the lock; null if there is none. */
  @Nullable Path file() {
    return channel == null ? null : file;
  }

  @Override
  public void close() throws IOException {
    if (channel != null) channel.close();
    channel = null;
    alone = false;
  }
}
