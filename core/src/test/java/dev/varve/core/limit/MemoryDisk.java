package dev.varve.core.limit;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A disk in memory that answers at once, and in place unless it is cold. */
final class MemoryDisk implements BlockDevice {

  private final MemorySegment contents;
  private boolean closed;
  volatile boolean cold;
  int submitted;

  MemoryDisk(int capacity) {
    contents = MemorySegment.ofArray(new byte[capacity]);
  }

  @Override
  public long capacity() {
    return contents.byteSize();
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public int blockSize() {
    return 4096;
  }

  @Override
  public synchronized boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    check();
    if (cold) return false;
    sink.bytes(contents, offset, length);
    return true;
  }

  @Override
  public synchronized boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    check();
    if (cold) return false;
    MemorySegment.copy(memory, from, contents, offset, length);
    return true;
  }

  @Override
  public void submit(DeviceRequest request) {
    try {
      serve(request);
    } catch (IOException e) {
      DeviceRequest.fail(request, e);
      return;
    }
    DeviceRequest.complete(request);
  }

  private synchronized void serve(DeviceRequest request) throws IOException {
    check();
    submitted++;
    long offset = request.offset();
    long length = request.length();
    switch (request.op()) {
      case READ -> MemorySegment.copy(contents, offset, request.memory(), 0, length);
      case WRITE -> MemorySegment.copy(request.memory(), 0, contents, offset, length);
      case DISCARD, WRITE_ZEROES -> contents.asSlice(offset, length).fill((byte) 0);
      case EXTENTS -> extents(request);
      case FLUSH, CACHE -> {}
    }
  }

  /** Finds out block by block what is zero. */
  private void extents(DeviceRequest request) {
    long end = request.offset() + request.length();
    long at = request.offset();
    while (at < end) {
      long until = Math.min(end, (at / blockSize() + 1) * blockSize());
      MemorySegment block = contents.asSlice(at, until - at);
      boolean zero = block.mismatch(MemorySegment.ofArray(new byte[(int) (until - at)])) < 0;
      if (!request.extentSink().extent(until - at, 1, zero)) return;
      at = until;
    }
  }

  private void check() throws DeviceClosedException {
    if (closed) throw new DeviceClosedException("the disk in memory is closed");
  }

  @Override
  public synchronized Lease lease() throws DeviceClosedException {
    check();
    return () -> {};
  }

  @Override
  public synchronized CompletionStage<Void> close() {
    closed = true;
    return CompletableFuture.completedStage(null);
  }
}
