package dev.varve.io.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Received bytes that are not consumed yet. The kernel appends to one buffer, which is parsed where
 * it lies; a connection that waits for nothing holds none. Used on the connection's event loop.
 */
final class Inbound implements RecvByteBufAllocator, RecvByteBufAllocator.ExtendedHandle {

  /**
   * With less room than this at its end, what is left in the buffer moves to the front before the
   * next receive.
   */
  private static final int ROOM = NbdLoop.LARGE / 4;

  /** After this many receives other connections of the loop have their turn. */
  private static final int RECEIVES_PER_TURN = 4;

  /**
   * Of bytes under TLS, received at once: so little that what comes of it always finds room, also
   * when requests have to wait.
   */
  private static final int CIPHERTEXT = 64 << 10;

  private NbdLoop loop;
  private @Nullable LoopBuffer buffer;
  private byte @Nullable [] parked;
  private boolean paused;
  private boolean encrypted;
  private int receives;
  private int attempted;
  private int received;

  Inbound(NbdLoop loop) {
    this.loop = loop;
  }

  /** The buffer; what is readable in it has not been consumed. */
  LoopBuffer buffer() {
    if (buffer == null) {
      buffer = loop.takeRoomy(parked == null ? 0 : parked.length);
      if (parked != null) buffer.writeBytes(parked);
      parked = null;
    }
    return buffer;
  }

  boolean isEmpty() {
    return parked == null && (buffer == null || !buffer.isReadable());
  }

  /** Whether this is the buffer that the kernel appended to. */
  boolean owns(Object message) {
    return message == buffer;
  }

  /** Appends bytes that came in another way, as many as fit. */
  void append(ByteBuf from) {
    LoopBuffer to = makeRoom();
    to.writeBytes(from, Math.min(from.readableBytes(), to.writableBytes()));
  }

  /** What the kernel gives from now on is for TLS, and {@link #append} gets what comes of it. */
  void encrypted() {
    encrypted = true;
  }

  private LoopBuffer makeRoom() {
    LoopBuffer target = buffer();
    if (target.capacity() < NbdLoop.LARGE && !mayStaySmall(target)) return moveTo(loop.takeLarge());
    if (target.writableBytes() < ROOM) target.discardReadBytes();
    return target;
  }

  /** A client that is still about to send what fits in it, while buffers are short. */
  private boolean mayStaySmall(LoopBuffer target) {
    return loop.isShort() && target.readableBytes() <= NbdLoop.SMALL / 2;
  }

  private LoopBuffer moveTo(LoopBuffer target) {
    target.writeBytes(buffer());
    release();
    buffer = target;
    return target;
  }

  /**
   * Gives away the buffer, whose memory the caller now owns, and goes on in a new one with what is
   * not consumed.
   */
  LoopBuffer handOver() {
    LoopBuffer given = buffer();
    LoopBuffer next = loop.takeLarge();
    next.writeBytes(given);
    buffer = next;
    return given;
  }

  /** At the end of a turn: what is left takes a small buffer, or none if nothing is left. */
  void shrink() {
    if (buffer == null) return;
    int left = buffer.readableBytes();
    if (left == 0) release();
    else if (left <= NbdLoop.SMALL && buffer.capacity() == NbdLoop.LARGE) moveTo(loop.take(left));
  }

  /** Keeps what is left in no more memory than it needs, for a client that may never go on. */
  void park() {
    if (buffer == null) return;
    if (buffer.isReadable()) {
      parked = new byte[buffer.readableBytes()];
      buffer.readBytes(parked);
    }
    release();
  }

  /** Goes on with the buffers of another loop; what is left is {@link #park parked}. */
  void moveTo(NbdLoop loop) {
    assert buffer == null;
    this.loop = loop;
  }

  /** Forgets everything. */
  void close() {
    parked = null;
    if (buffer != null) release();
  }

  private void release() {
    if (buffer != null) buffer.release();
    buffer = null;
  }

  /** Stops the kernel from being asked again in this turn, or allows it. */
  void pause(boolean paused) {
    this.paused = paused;
  }

  @Override
  public ExtendedHandle newHandle() {
    return this;
  }

  @Override
  public ByteBuf allocate(ByteBufAllocator allocator) {
    return encrypted ? allocator.directBuffer(CIPHERTEXT) : makeRoom().retain();
  }

  @Override
  public int guess() {
    return encrypted ? CIPHERTEXT : NbdLoop.LARGE;
  }

  @Override
  public void reset(ChannelConfig config) {
    receives = 0;
  }

  @Override
  public void incMessagesRead(int messages) {
    receives += messages;
  }

  @Override
  public void lastBytesRead(int bytes) {
    received = bytes;
  }

  @Override
  public int lastBytesRead() {
    return received;
  }

  @Override
  public void attemptedBytesRead(int bytes) {
    attempted = bytes;
  }

  @Override
  public int attemptedBytesRead() {
    return attempted;
  }

  @Override
  public boolean continueReading() {
    return received > 0 && received == attempted && !paused && receives < RECEIVES_PER_TURN;
  }

  @Override
  public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
    return continueReading();
  }

  @Override
  public void readComplete() {}
}
