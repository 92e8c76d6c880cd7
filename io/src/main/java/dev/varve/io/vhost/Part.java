package dev.varve.io.vhost;

import dev.varve.core.device.DeviceRequest;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a guest's request that storage threads carry out. Pooled by the loop to whose inbox it
 * comes back; only that loop uses it while it is not with the device.
 */
final class Part extends DeviceRequest {

  private final Consumer<Part> inbox;
  private @Nullable BlockQueue queue;
  private @Nullable Pending pending;
  private @Nullable IOException failure;

  /**
   * @param inbox takes the part from the device; called on any thread
   */
  Part(Consumer<Part> inbox) {
    this.inbox = inbox;
  }

  Part of(BlockQueue queue, Pending pending) {
    this.queue = queue;
    this.pending = pending;
    return this;
  }

  BlockQueue queue() {
    assert queue != null;
    return queue;
  }

  Pending pending() {
    assert pending != null;
    return pending;
  }

  /** Why it failed, or null. */
  @Nullable IOException failure() {
    return failure;
  }

  @Override
  protected void completed() {
    inbox.accept(this);
  }

  @Override
  protected void failed(IOException cause) {
    failure = cause;
    inbox.accept(this);
  }

  void clear() {
    queue = null;
    pending = null;
    failure = null;
    forget();
  }
}
