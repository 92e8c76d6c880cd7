package dev.varve.bench.micro;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A disk that completes every request at once and does nothing. Thread-safe. */
final class NoDisk implements BlockDevice {

  @Override
  public long capacity() {
    return Long.MAX_VALUE;
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
  public boolean tryRead(long offset, int length, ReadSink sink) {
    sink.zeroes(length);
    return true;
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length) {
    return true;
  }

  @Override
  public void submit(DeviceRequest request) {
    DeviceRequest.complete(request);
  }

  @Override
  public Lease lease() {
    return () -> {};
  }

  @Override
  public CompletionStage<Void> close() {
    return CompletableFuture.completedStage(null);
  }
}
