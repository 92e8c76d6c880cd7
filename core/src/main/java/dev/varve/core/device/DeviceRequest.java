package dev.varve.core.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One request that a device carries out on its storage threads.
 *
 * <p>Front ends extend it with what they need to answer, set it up with one of the methods named
 * like {@link Op}, submit it, and may use the object again once it has completed. While it is
 * submitted only the device touches it.
 */
public abstract class DeviceRequest {

  /** What is asked. */
  public enum Op {
    READ,
    WRITE,
    FLUSH,
    DISCARD,
    WRITE_ZEROES,
    CACHE,
    EXTENTS
  }

  /** What limits count it for. */
  public enum Count {
    /** One operation, and the bytes that it moves. */
    WHOLE,
    /** The bytes that it moves: another request counts for the operation of which it is a part. */
    BYTES,
    /** Nothing: it was counted before. */
    NOTHING
  }

  /** Of a longer range, in bytes, {@link #cache} only begins to bring it in. */
  public static final long LONGEST_CACHED = 32 << 20;

  private Op op = Op.FLUSH;
  private long offset;
  private long length;
  private MemorySegment memory = MemorySegment.NULL;
  private ExtentSink extents = ExtentSink.NONE;
  private boolean fua;
  private boolean keepsSpace;
  private Count count = Count.WHOLE;
  private int ticket;
  private @Nullable RequestTimes times;

  /** All of the request took effect. Called once, on any thread; must not block. */
  protected abstract void completed();

  /**
   * The request failed; what a failed write leaves in its range is undefined. Called once, on any
   * thread; must not block.
   */
  protected abstract void failed(IOException cause);

  /** Reads into all of {@code destination}, native memory. */
  public final DeviceRequest read(long offset, MemorySegment destination) {
    return set(Op.READ, offset, destination.byteSize(), destination, false);
  }

  /** Writes all of {@code source}, native memory; {@code fua}: durable before it completes. */
  public final DeviceRequest write(long offset, MemorySegment source, boolean fua) {
    return set(Op.WRITE, offset, source.byteSize(), source, fua);
  }

  /** Makes durable whatever completed before this request was submitted. */
  public final DeviceRequest flush() {
    return set(Op.FLUSH, 0, 0, MemorySegment.NULL, false);
  }

  /** Gives up a range: it reads as zeroes afterwards. */
  public final DeviceRequest discard(long offset, long length, boolean fua) {
    return set(Op.DISCARD, offset, length, MemorySegment.NULL, fua);
  }

  /**
   * Makes a range read as zeroes; with {@code keepsSpace}, a later write to it needs no new space
   * on the host.
   */
  public final DeviceRequest writeZeroes(
      long offset, long length, boolean keepsSpace, boolean fua) {
    set(Op.WRITE_ZEROES, offset, length, MemorySegment.NULL, fua);
    this.keepsSpace = keepsSpace;
    return this;
  }

  /**
   * Brings a range into the host's memory, so that reading it needs no waiting. One that is longer
   * than {@link #LONGEST_CACHED} would keep others from the medium for too long: it is completed
   * when the host has been asked to begin with it.
   */
  public final DeviceRequest cache(long offset, long length) {
    return set(Op.CACHE, offset, length, MemorySegment.NULL, false);
  }

  /** Reports what is allocated in a range. */
  public final DeviceRequest extents(long offset, long length, ExtentSink sink) {
    set(Op.EXTENTS, offset, length, MemorySegment.NULL, false);
    this.extents = sink;
    return this;
  }

  /** Lets limits count the request, as it is set up now, for something else than all of it. */
  public final DeviceRequest counting(Count count) {
    this.count = count;
    return this;
  }

  /**
   * Lets go of the memory and the sink that it names: a request that waits to be used again would
   * else keep them for as long.
   */
  protected final void forget() {
    memory = MemorySegment.NULL;
    extents = ExtentSink.NONE;
    times = null;
  }

  /** From now on it is noted what takes its time. */
  public final void timed(RequestTimes times) {
    this.times = times;
  }

  /** What took its time so far; null if that is not noted. */
  public final @Nullable RequestTimes times() {
    return times;
  }

  private DeviceRequest set(Op op, long offset, long length, MemorySegment memory, boolean fua) {
    this.op = op;
    this.offset = offset;
    this.length = length;
    this.memory = memory;
    this.extents = ExtentSink.NONE;
    this.fua = fua;
    this.keepsSpace = false;
    this.count = Count.WHOLE;
    return this;
  }

  public final Op op() {
    return op;
  }

  public final long offset() {
    return offset;
  }

  public final long length() {
    return length;
  }

  /** Where {@link Op#READ} puts and {@link Op#WRITE} finds the bytes. */
  public final MemorySegment memory() {
    return memory;
  }

  /** Whom {@link Op#EXTENTS} tells. */
  public final ExtentSink extentSink() {
    return extents;
  }

  public final boolean fua() {
    return fua;
  }

  public final boolean keepsSpace() {
    return keepsSpace;
  }

  public final Count count() {
    return count;
  }

  /** For devices: a number that they keep with the request while it is submitted. */
  public final void ticket(int ticket) {
    this.ticket = ticket;
  }

  /** The number that the device has kept. */
  public final int ticket() {
    return ticket;
  }

  /** For devices: reports success. */
  public static void complete(DeviceRequest request) {
    request.completed();
  }

  /** For devices: reports failure. */
  public static void fail(DeviceRequest request, IOException cause) {
    request.failed(cause);
  }
}
