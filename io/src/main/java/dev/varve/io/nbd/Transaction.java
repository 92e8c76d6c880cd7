package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.io.client.SlowRequest;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A request that was not answered at once: parts of it are with the device, or its payload is still
 * on its way. Lives on its connection's event loop, pooled.
 */
final class Transaction {

  private NbdCommand command = NbdCommand.UNKNOWN;
  private long cookie;
  private long offset;
  private int length;
  private long range;
  private long startNanos;
  private boolean fua;
  private boolean unfragmented;
  private boolean oneExtent;
  private @Nullable NbdRefusal refusal;
  private boolean silent;
  private boolean handedOver;
  private int open;
  private final ArrayDeque<LoopBuffer> data = new ArrayDeque<>();
  private @Nullable ExtentList extents;
  private @Nullable SlowRequest watched;

  /** Takes over what is asked; it is under way since {@code nowNanos}. */
  Transaction begin(NbdRequest request, long nowNanos) {
    startNanos = nowNanos;
    command = request.command();
    cookie = request.cookie();
    offset = request.offset();
    range = request.length();
    length = (int) Math.min(range, Integer.MAX_VALUE); // used for commands with data
    fua = request.has(Wire.CMD_FLAG_FUA);
    unfragmented = request.has(Wire.CMD_FLAG_DF);
    oneExtent = request.has(Wire.CMD_FLAG_REQ_ONE);
    refusal = null;
    silent = false;
    handedOver = false;
    open = 0;
    watched = SlowRequest.begun();
    return this;
  }

  NbdCommand command() {
    return command;
  }

  /** What of a disk it asks for; null if it asks for nothing of it. */
  @Nullable Op operation() {
    return command.operation();
  }

  long cookie() {
    return cookie;
  }

  long offset() {
    return offset;
  }

  int length() {
    return length;
  }

  /** How long the range is that it is about. */
  long range() {
    return range;
  }

  /** Since when it is under way. */
  long startNanos() {
    return startNanos;
  }

  /** It counts as being under way only since then. */
  void startsAt(long nowNanos) {
    startNanos = nowNanos;
  }

  boolean fua() {
    return fua;
  }

  boolean unfragmented() {
    return unfragmented;
  }

  boolean oneExtent() {
    return oneExtent;
  }

  /** What a recording will be told of it; null if none wants to know. */
  @Nullable SlowRequest watched() {
    return watched;
  }

  /** Why it fails, the first reason found, or null. */
  @Nullable NbdRefusal refusal() {
    return refusal;
  }

  void refuse(NbdRefusal reason) {
    if (refusal == null) refusal = reason;
  }

  /** There will be no reply: the client did not send all of the request. */
  void silence() {
    silent = true;
  }

  boolean isSilent() {
    return silent;
  }

  /** A part of it goes to storage threads; true for the first one. */
  boolean handOver() {
    boolean first = !handedOver;
    handedOver = true;
    return first;
  }

  /** One more thing has to end before the reply. */
  void opened() {
    open++;
  }

  /** One thing less; true if it was the last. */
  boolean ended() {
    return --open == 0;
  }

  /** The flush that makes the write durable is on its way; it is not needed twice. */
  void fuaSubmitted() {
    fua = false;
  }

  /** The buffers that a read fills, in order of their offsets; owned by the transaction. */
  ArrayDeque<LoopBuffer> data() {
    return data;
  }

  /** Whether it is a read whose data is not in buffers but in the host's memory. */
  boolean isFetched() {
    return command == NbdCommand.READ && data.isEmpty();
  }

  ExtentList extents() {
    if (extents == null) extents = new ExtentList();
    return extents;
  }

  /** Gives up what it holds, so that the object is free for another use. */
  void clear() {
    for (LoopBuffer buffer; (buffer = data.poll()) != null; ) buffer.release();
    refusal = null;
    watched = null;
  }
}
