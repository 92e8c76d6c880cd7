package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ExtentSink;
import dev.varve.core.device.Stages;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** Reports the extents of a disk and waits for them. Any thread that may block. */
public final class DiskExtents extends DeviceRequest {

  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private DiskExtents() {}

  /**
   * Passes the extents of {@code device} from {@code offset} on to {@code sink}, on another thread.
   * Blocks until the sink has all of them or ends the walk.
   *
   * @param offset not greater than the capacity
   */
  public static void of(BlockDevice device, long offset, ExtentSink sink) throws IOException {
    if (offset < device.capacity()) of(device, offset, device.capacity() - offset, sink);
  }

  /** The same for {@code length} bytes, at least one. */
  static void of(BlockDevice device, long offset, long length, ExtentSink sink) throws IOException {
    var request = new DiskExtents();
    device.submit(request.extents(offset, length, sink));
    Stages.join(request.done);
  }

  @Override
  protected void completed() {
    done.complete(null);
  }

  @Override
  protected void failed(IOException cause) {
    done.completeExceptionally(cause);
  }
}
