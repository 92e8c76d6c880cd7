package dev.varve.io.vhost;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.loop.LoopInbox;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a guest's request that storage threads carry out. Pooled by the loop to whose inbox it
 * comes back; only that loop uses it while it is not with the device.
 */
final class Part extends DeviceRequest {

  /** Where parts come from, and to where they go back. Used on its loop. */
  interface Origin {
    /** A part has come back; {@link #turnDone} follows. */
    void partDone(Part part);

    /** All parts of this turn have come back. May be called more than once a turn. */
    void turnDone();
  }

  private final LoopInbox<Part> inbox;
  private @Nullable Origin origin;
  private @Nullable Pending pending;
  private @Nullable IOException failure;

  /**
   * @param inbox takes the part from the device
   */
  Part(LoopInbox<Part> inbox) {
    this.inbox = inbox;
  }

  Part of(Origin origin, Pending pending) {
    this.origin = origin;
    this.pending = pending;
    return this;
  }

  Origin origin() {
    assert origin != null;
    return origin;
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
    inbox.put(this);
  }

  @Override
  protected void failed(IOException cause) {
    failure = cause;
    inbox.put(this);
  }

  void clear() {
    origin = null;
    pending = null;
    failure = null;
    forget();
  }
}
