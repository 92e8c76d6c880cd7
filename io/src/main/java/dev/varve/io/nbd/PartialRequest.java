package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a transaction that storage threads carry out. Pooled by the event loop, to whose inbox
 * it comes back.
 */
final class PartialRequest extends DeviceRequest {

  private final NbdLoop loop;
  private @Nullable Transaction transaction;
  private @Nullable LoopBuffer buffer;
  private @Nullable IOException failure;

  PartialRequest(NbdLoop loop) {
    this.loop = loop;
  }

  /** Binds the part to what it belongs to and, if it moves data, to the buffer that it now owns. */
  PartialRequest of(Transaction transaction, @Nullable LoopBuffer buffer) {
    this.transaction = transaction;
    this.buffer = buffer;
    return this;
  }

  Transaction transaction() {
    assert transaction != null;
    return transaction;
  }

  @Nullable LoopBuffer buffer() {
    return buffer;
  }

  /** The buffer of a part that moves data. */
  LoopBuffer ownBuffer() {
    assert buffer != null;
    return buffer;
  }

  /** How many bytes of buffer it holds, or brings into the host's memory. */
  long held() {
    if (buffer != null) return buffer.capacity();
    return op() == Op.CACHE ? length() : 0;
  }

  /** Why it failed, or null. */
  @Nullable IOException failure() {
    return failure;
  }

  @Override
  protected void completed() {
    loop.giveBack(this);
  }

  @Override
  protected void failed(IOException cause) {
    failure = cause;
    loop.giveBack(this);
  }

  /** Gives up the buffer and makes the object free for another use. */
  void recycle() {
    if (buffer != null) buffer.release();
    buffer = null;
    transaction = null;
    failure = null;
    forget();
    loop.recycle(this);
  }
}
