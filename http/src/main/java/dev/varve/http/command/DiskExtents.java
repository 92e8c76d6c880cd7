package dev.varve.http.command;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ExtentSink;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** The allocation of a whole disk, neighbours of one kind joined. */
final class DiskExtents extends DeviceRequest implements ExtentSink {

  /**
   * A range of the disk.
   *
   * @param depth as in {@link ExtentSink#extent}
   */
  record Extent(long offset, long length, int depth, boolean zero) {}

  private final Consumer<Extent> consumer;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private Extent last = new Extent(0, 0, 0, true);

  private DiskExtents(Consumer<Extent> consumer) {
    this.consumer = consumer;
  }

  /**
   * Hands all extents of {@code device} to {@code consumer}, on another thread; blocks until then.
   */
  static void of(BlockDevice device, Consumer<Extent> consumer) throws IOException {
    var extents = new DiskExtents(consumer);
    device.submit(extents.extents(0, device.capacity(), extents));
    try {
      extents.done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e);
    }
  }

  @Override
  public boolean extent(long length, int depth, boolean zero) {
    if (depth == last.depth && zero == last.zero) {
      last = new Extent(last.offset, last.length + length, depth, zero);
    } else {
      deliver();
      last = new Extent(last.offset + last.length, length, depth, zero);
    }
    return true;
  }

  private void deliver() {
    if (last.length > 0) consumer.accept(last);
  }

  @Override
  protected void completed() {
    deliver();
    done.complete(null);
  }

  @Override
  protected void failed(IOException cause) {
    done.completeExceptionally(cause);
  }
}
