package dev.varve.core.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletionStage;

/**
 * An open virtual disk: {@link #capacity()} bytes that can be read, and unless {@link #readOnly()}
 * written, at any offset and length.
 *
 * <p><b>Threads.</b> Every method may be called from any number of threads at once and none of them
 * blocks. Requests that overlap while in flight take effect in any order; one that starts after
 * another completed sees its effect.
 *
 * <p><b>Durability.</b> When a flush completes, everything that completed before the flush was
 * submitted survives a power cut. What was not flushed may be lost, in any part, and never damages
 * what was.
 *
 * <p><b>Arguments</b> are checked by the front end, once: {@code 0 <= offset}, {@code 0 <= length},
 * {@code offset + length <= capacity()}; a request that modifies goes only to a device that is not
 * read-only. The methods that return a stage check for themselves and are for programs that embed a
 * disk.
 *
 * <p><b>Failures</b> are {@link OutOfSpaceException} (the host's file system is full, nothing of
 * the request or part of it was written, the disk goes on), {@link DeviceClosedException}, or
 * another {@link IOException}: the range is unreadable or was not written.
 */
public interface BlockDevice {

  /**
   * What the guest sees, in bytes; constant while open. 0 only for a drive without a medium, which
   * has no byte to ask for.
   */
  long capacity();

  /** Whether requests that modify are refused. */
  boolean readOnly();

  /**
   * The unit in bytes, a power of two, at which space is allocated; requests aligned to it are the
   * cheapest.
   */
  int blockSize();

  /**
   * What its calls could wait for in spite of all that is said here, when the host hangs: a number
   * that other devices have too which would wait together with this one. 0 if there is nothing. It
   * may change, as the files of the disk do.
   */
  default long fileSystem() {
    return 0;
  }

  /**
   * Hands {@code sink} the contents of a range, in order, if that needs no waiting.
   *
   * <p>{@code sink} is called in this thread and only before this method returns. The memory that
   * it is given stays valid until then; who wants to keep it longer holds a {@link #lease()} taken
   * before the call.
   *
   * @return false if a part of the range would have to be waited for; {@code sink} was not called,
   *     and the caller submits a {@link DeviceRequest}
   * @throws IOException the range cannot be read; {@code sink} may have been called for a part of
   *     it
   * @throws InternalError the same, if {@code sink} reads mapped memory: the host could not get a
   *     page of it, because a file was cut or a medium fails. Devices make an {@link IOException}
   *     of this error where they can; but compiled code throws it at its next safepoint, which may
   *     come after the device has returned. So a caller whose sink copies catches both.
   */
  boolean tryRead(long offset, int length, ReadSink sink) throws IOException;

  /**
   * The same for a range that a {@link DeviceRequest#cache} request has brought in, for which
   * limits have counted it already.
   */
  default boolean tryReadCached(long offset, int length, ReadSink sink) throws IOException {
    return tryRead(offset, length, sink);
  }

  /**
   * Writes {@code length} bytes at {@code offset} if that needs no waiting: the range is allocated
   * and the host is not behind with writing back.
   *
   * @param memory native memory, lent until this method returns
   * @param from where in it the bytes begin; apart from it, so that no caller needs a new segment
   *     for each write
   * @return false if it would have to be waited for; the caller submits a request for all of it, as
   *     a part may have been written
   * @throws IOException a part of the range may have been written
   */
  boolean tryWrite(long offset, MemorySegment memory, long from, long length) throws IOException;

  /** The same for all of {@code source}. */
  default boolean tryWrite(long offset, MemorySegment source) throws IOException {
    return tryWrite(offset, source, 0, source.byteSize());
  }

  /**
   * The same for one more piece of a write: limits count its bytes, and an earlier piece as the
   * operation.
   */
  default boolean tryWriteMore(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    return tryWrite(offset, memory, from, length);
  }

  /**
   * Carries out {@code request} on storage threads. The request and the memory it names are lent to
   * the device until {@link DeviceRequest#completed} or {@link DeviceRequest#failed} is called,
   * which happens exactly once, on any thread, possibly before this method returns.
   */
  void submit(DeviceRequest request);

  /**
   * A front end has answered a read or a write as a whole, with success, however many requests it
   * made of it. For devices that count; others have nothing to do.
   *
   * @param operation {@link DeviceRequest.Op#READ} or {@link DeviceRequest.Op#WRITE}
   */
  default void answered(DeviceRequest.Op operation, long bytes) {}

  /**
   * Keeps all memory that {@link #tryRead} hands out from now on valid until it is released; a
   * device that is closed meanwhile stays mapped so long. The memory goes on showing the range that
   * was read, with what is written to it or discarded from it meanwhile, and never another. Cheap;
   * not for long.
   *
   * @throws DeviceClosedException if the device is closed
   */
  Lease lease() throws DeviceClosedException;

  /**
   * Lets requests in flight finish, makes everything durable, and leaves the image files clean.
   * Later requests fail with {@link DeviceClosedException}. A second call returns the same stage.
   *
   * @return fails with the {@link IOException} that kept the last contents from becoming durable;
   *     files and locks are released all the same
   */
  CompletionStage<Void> close();

  /**
   * Reads {@code destination.byteSize()} bytes; the stage completes at once if no waiting is
   * needed, else on a storage thread.
   */
  default CompletionStage<Void> read(long offset, MemorySegment destination) {
    return StagedRequests.read(this, offset, destination);
  }

  /**
   * Writes {@code source}, native memory that is lent until the stage completes: at once, or on a
   * storage thread.
   */
  default CompletionStage<Void> write(long offset, MemorySegment source) {
    return StagedRequests.write(this, offset, source);
  }

  /** Makes everything that completed before this call durable. */
  default CompletionStage<Void> flush() {
    return StagedRequests.flush(this);
  }

  /**
   * Declares the contents of a range no longer needed; it reads as zeroes afterwards and its space
   * may be reused.
   */
  default CompletionStage<Void> discard(long offset, long length) {
    return StagedRequests.discard(this, offset, length);
  }

  /**
   * A hold on a device's memory, see {@link BlockDevice#lease()}. Released once, from any thread.
   */
  interface Lease {
    void release();
  }
}
