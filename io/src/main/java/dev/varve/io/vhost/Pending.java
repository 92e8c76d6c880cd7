package dev.varve.io.vhost;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.io.client.SlowRequest;
import org.jspecify.annotations.Nullable;

/**
 * A guest's request of which parts are with the device. Pooled by a loop and used on it; not
 * thread-safe.
 */
final class Pending {

  private final Chain chain = new Chain(false);
  private int head;
  private Op operation = Op.FLUSH;
  private long offset;
  private long length;
  private long began;
  private int parts;
  private boolean failed;
  private boolean cached;
  private @Nullable SlowRequest watched;

  /**
   * @param length of the range of the disk
   * @param began when it was taken from its ring
   */
  Pending begin(int head, Chain chain, Op operation, long offset, long length, long began) {
    this.chain.copyOf(chain);
    this.head = head;
    this.operation = operation;
    this.offset = offset;
    this.length = length;
    this.began = began;
    this.parts = 0;
    this.failed = false;
    this.cached = false;
    this.watched = SlowRequest.begun();
    return this;
  }

  Chain chain() {
    return chain;
  }

  int head() {
    return head;
  }

  Op operation() {
    return operation;
  }

  long offset() {
    return offset;
  }

  long length() {
    return length;
  }

  long began() {
    return began;
  }

  /** What a recording will be told of it; null if none wants to know. */
  @Nullable SlowRequest watched() {
    return watched;
  }

  void opened() {
    parts++;
  }

  /** True if no part is with the device any more. */
  boolean ended() {
    return --parts == 0;
  }

  /** False if a part had failed before. */
  boolean fail() {
    boolean first = !failed;
    failed = true;
    return first;
  }

  boolean hasFailed() {
    return failed;
  }

  /** Whether its parts bring the range into memory, to be read then. */
  boolean isFetched() {
    return cached;
  }

  void fetched(boolean cached) {
    this.cached = cached;
  }
}
