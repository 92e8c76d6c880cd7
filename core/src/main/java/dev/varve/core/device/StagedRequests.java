package dev.varve.core.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The requests of {@link BlockDevice} as stages: checked, tried in place, and handed over where
 * that is not enough.
 */
final class StagedRequests {

  private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

  private StagedRequests() {}

  static CompletionStage<Void> read(BlockDevice device, long offset, MemorySegment destination) {
    Objects.checkFromIndexSize(offset, destination.byteSize(), device.capacity());
    if (destination.byteSize() <= Integer.MAX_VALUE) {
      try {
        if (device.tryRead(offset, (int) destination.byteSize(), new CopyTo(destination)))
          return DONE;
      } catch (IOException e) {
        return CompletableFuture.failedStage(e);
      }
    }
    var stage = new Stage();
    device.submit(stage.read(offset, destination));
    return stage.future;
  }

  static CompletionStage<Void> write(BlockDevice device, long offset, MemorySegment source) {
    checkWritable(device, offset, source.byteSize());
    try {
      if (device.tryWrite(offset, source)) return DONE;
    } catch (IOException e) {
      return CompletableFuture.failedStage(e);
    }
    var stage = new Stage();
    device.submit(stage.write(offset, source, false));
    return stage.future;
  }

  static CompletionStage<Void> flush(BlockDevice device) {
    var stage = new Stage();
    device.submit(stage.flush());
    return stage.future;
  }

  static CompletionStage<Void> discard(BlockDevice device, long offset, long length) {
    checkWritable(device, offset, length);
    var stage = new Stage();
    device.submit(stage.discard(offset, length, false));
    return stage.future;
  }

  private static void checkWritable(BlockDevice device, long offset, long length) {
    Objects.checkFromIndexSize(offset, length, device.capacity());
    if (device.readOnly()) throw new UnsupportedOperationException("the disk is open read-only");
  }

  private static final class Stage extends DeviceRequest {
    final CompletableFuture<Void> future = new CompletableFuture<>();

    @Override
    protected void completed() {
      future.complete(null);
    }

    @Override
    protected void failed(IOException cause) {
      future.completeExceptionally(cause);
    }
  }

  private static final class CopyTo implements ReadSink {
    private final MemorySegment destination;
    private long position;

    CopyTo(MemorySegment destination) {
      this.destination = destination;
    }

    @Override
    public void bytes(MemorySegment memory, long offset, int length) {
      MemorySegment.copy(memory, offset, destination, position, length);
      position += length;
    }

    @Override
    public void zeroes(int length) {
      destination.asSlice(position, length).fill((byte) 0);
      position += length;
    }
  }
}
