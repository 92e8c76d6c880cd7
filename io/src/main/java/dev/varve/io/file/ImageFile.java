package dev.varve.io.file;

import dev.varve.core.device.OutOfSpaceException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A file that holds a disk image. Data is read through one mapping that never moves and is written
 * by position into the page cache that the mapping shows.
 *
 * <p>Thread-safe. Every method may block, except {@link #mapping}, {@link #resident} and {@link
 * #name}. Memory passed in is native and lent until the method returns. A failure names the file
 * and is an {@link OutOfSpaceException} where the host has no space left.
 */
public interface ImageFile extends Closeable {

  /** The path, for messages. */
  String name();

  /** The length in bytes now, asked anew from the host at each call. */
  long length() throws IOException;

  /**
   * Whether the file has {@code end} bytes, as far as the host knows without asking another one.
   * Never waits.
   */
  default boolean reaches(long end) throws IOException {
    return length() >= end;
  }

  /**
   * The number of the file system that holds it, or of the device that it is: what hangs in one
   * does not hang in another. 0 if nothing is known to hang. Never waits.
   */
  default long fileSystem() {
    return 0;
  }

  /**
   * The file from offset 0, read-only. It may reach past the end of the file and becomes valid as
   * the file grows; where the file has no bytes, or the medium fails, reading it throws {@link
   * InternalError}, and a system call that reads it fails. Compiled code throws this error at its
   * next safepoint, perhaps after the {@code try} around the access: give the mapping to system
   * calls, and read with {@link #read} what Java code itself looks at while others could cut the
   * file. The mapping may also be shorter than the file: {@link #read} reaches what it does not.
   */
  MemorySegment mapping();

  /**
   * Whether reading this range of the mapping needs no waiting for a medium, as far as is known:
   * the answer can be up to a second old. Costs no system call when the answer is yes.
   */
  boolean resident(long offset, long length);

  /**
   * Updates what {@link #resident} knows: call it once a second. Fails if another program has made
   * the file shorter; what it lost is no longer called resident.
   */
  void refreshResidency() throws IOException;

  /**
   * Fails if the file is no longer as its owner made it: another program has cut it, or {@link
   * #refuseChanges} was called. From then on all writes and {@link #sync} fail until the file is
   * opened again; what it still has can be read.
   */
  void requireIntact() throws IOException;

  /**
   * Another program has written to the file: nothing is written to it from now on. Logs why, the
   * first time.
   */
  void refuseChanges(IOException why);

  /**
   * Why writes or syncs fail until the file is opened again: it is no longer as its owner made it,
   * or a sync has lost writes. Null while none has found that. Never waits.
   */
  @Nullable IOException damage();

  /** Reads all of {@code destination}; an {@link IOException} if the file ends before. */
  void read(long offset, MemorySegment destination) throws IOException;

  /** Writes all of {@code source}; the file grows if it must. */
  void write(long offset, MemorySegment source) throws IOException;

  /**
   * Writes {@code length} bytes of {@code memory}, which begin at {@code from}, within the file, in
   * a thread that should not wait. Where the file system can tell that the write would have to
   * wait, nothing is written. Where it cannot (most file systems), this is {@link #write}, and as
   * fast as the file system is.
   *
   * @return false if it would have to wait; what the range holds is undefined until all of it has
   *     been written
   */
  default boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    write(offset, memory.asSlice(from, length));
    return true;
  }

  /**
   * Makes sure that writing to the range finds space, and that the file is at least {@code offset +
   * length} long. Bytes that were never written read as zero; bytes that were are kept.
   */
  void reserve(long offset, long length) throws IOException;

  /**
   * Makes the range read as zeroes and gives its space back to the host, where the file system can;
   * the length of the file stays. Partial pages at the ends are zeroed.
   */
  void punch(long offset, long length) throws IOException;

  /**
   * Makes the range, which lies within the file, read as zeroes, and keeps or reserves its space:
   * writing to it needs no more.
   */
  void zero(long offset, long length) throws IOException;

  /** Whether {@link #punch} gives space back, and does not only write zeroes. May block. */
  default boolean punchesHoles() throws IOException {
    return true;
  }

  /**
   * How many bytes the host got back by {@link #punch} since the file was opened. What others
   * reserve in the same moment makes it less.
   */
  default long givenBack() {
    return 0;
  }

  /**
   * Whether the name still leads to this file. A file that was deleted, moved or replaced stays
   * open here, and is gone once it is closed. May block.
   */
  default boolean isInPlace() throws IOException {
    return true;
  }

  /** Cuts or extends the file. */
  void setLength(long length) throws IOException;

  /**
   * The first offset in {@code [offset, end)} that is not in a hole of the file, or {@code end};
   * holes read as zeroes.
   */
  long nextData(long offset, long end) throws IOException;

  /** The first offset in {@code [offset, end)} that is in a hole of the file, or {@code end}. */
  long nextHole(long offset, long end) throws IOException;

  /**
   * Writes back what was written, and waits for that, so that a {@link #sync} right afterwards
   * takes little time. Makes nothing durable. Fails as {@link #sync} does.
   */
  default void writeBack() throws IOException {}

  /**
   * Makes all completed writes, and the length, durable. After a failure, what was written since
   * the last success may be lost, and every later call fails.
   */
  void sync() throws IOException;

  /** Asks the host to begin bringing the range into memory; does not wait for it. */
  void prefetch(long offset, long length) throws IOException;

  /**
   * Brings the range into memory and waits for it, which takes less time after {@link #prefetch}.
   * Fails as {@link #read} would. If the range is not {@link #resident} afterwards, the host had no
   * room for it.
   */
  default void fetch(long offset, long length) throws IOException {
    Prefault.await(this, offset, length);
  }

  /**
   * Lets the holder of a file that was opened for reading, or {@link #onlyRead}, write it, and
   * excludes all other openers. Reads through this object may go on meanwhile.
   *
   * @throws ImageInUseException if it is open elsewhere; nothing has changed
   */
  void allowWriting() throws IOException;

  /** From now on the holder only reads, and others may read, too. */
  void onlyRead() throws IOException;

  /**
   * Unlocks and closes the file and gives up the mapping, which must not be in use. Does not {@link
   * #sync}. May be called twice.
   */
  @Override
  void close() throws IOException;
}
