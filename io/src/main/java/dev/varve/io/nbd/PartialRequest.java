package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.loop.LoopInbox;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a transaction that storage threads carry out. Pooled by the event loop to whose inbox
 * it comes back; only that loop uses it while it is not with the device.
 */
final class PartialRequest extends DeviceRequest {

  private final LoopInbox<PartialRequest> inbox;
  private @Nullable Connection connection;
  private @Nullable Transaction transaction;
  private @Nullable LoopBuffer payload;
  private long held;
  private @Nullable IOException failure;

  /**
   * @param inbox takes the part from the device
   */
  PartialRequest(LoopInbox<PartialRequest> inbox) {
    this.inbox = inbox;
  }

  /**
   * Binds the part to what it belongs to.
   *
   * @param payload what it writes; owned by the part from now on
   * @param held how many bytes of buffer it uses, or brings into the host's memory
   */
  PartialRequest of(
      Connection connection, Transaction transaction, @Nullable LoopBuffer payload, long held) {
    this.connection = connection;
    this.transaction = transaction;
    this.payload = payload;
    this.held = held;
    return this;
  }

  Connection connection() {
    assert connection != null;
    return connection;
  }

  Transaction transaction() {
    assert transaction != null;
    return transaction;
  }

  long held() {
    return held;
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

  /** Gives up what it holds, so that the object is free for another use. */
  void clear() {
    if (payload != null) payload.release();
    payload = null;
    connection = null;
    transaction = null;
    failure = null;
    forget();
  }
}
