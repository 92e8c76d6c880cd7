package dev.varve.io.host;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A drive with no medium in it: a disk of 0 bytes. Every request succeeds, since it can only be
 * about 0 bytes. Thread-safe; does not block.
 */
public final class EmptyDrive implements BlockDevice {

  private static final int SECTOR = 512;
  private static final Lease LEASE = () -> {};

  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  @Override
  public long capacity() {
    return 0;
  }

  @Override
  public boolean readOnly() {
    return true;
  }

  @Override
  public int blockSize() {
    return SECTOR;
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws DeviceClosedException {
    checkOpen();
    return true;
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws DeviceClosedException {
    checkOpen();
    return true;
  }

  @Override
  public void submit(DeviceRequest request) {
    if (closed.isDone()) DeviceRequest.fail(request, closedException());
    else DeviceRequest.complete(request);
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    checkOpen();
    return LEASE;
  }

  @Override
  public CompletionStage<Void> close() {
    closed.complete(null);
    return closed;
  }

  private void checkOpen() throws DeviceClosedException {
    if (closed.isDone()) throw closedException();
  }

  private static DeviceClosedException closedException() {
    return new DeviceClosedException("the empty drive is closed");
  }
}
