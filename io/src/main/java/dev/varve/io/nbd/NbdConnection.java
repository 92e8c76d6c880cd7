package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client: first its handshake, then its transmission. Everything runs on the event loop of its
 * channel, which is another one from the moment when a disk has been chosen, except {@link #drain},
 * which may be called on any thread.
 *
 * <p>The socket is read while the client takes its replies and has not too much in flight; else
 * reading stops, with what was received and not looked at yet kept as it is.
 */
final class NbdConnection extends ChannelInboundHandlerAdapter {

  private static final System.Logger LOG = System.getLogger(NbdConnection.class.getName());

  /** After this many system calls, of about a megabyte each, other connections have their turn. */
  private static final int WRITES_PER_TURN = 4;

  /** However little is free, so much of replies may be unsent, in bytes. */
  private static final int LEAST_UNSENT = 64 << 10;

  /** How long a client that is refused may take to ask for something, and hear why. */
  private static final Duration REFUSAL = Duration.ofSeconds(5);

  /** How long a client that is sent away may go on sending. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private final Exports exports;
  private final NbdLimits limits;
  private final DiskLoops loops;
  private final Inbound inbound;
  private final Handshake handshake;
  private final Runnable goOn = this::goOn;

  private NbdLoop loop;
  private @Nullable NbdLoop entered;
  private boolean moving;
  private boolean drainAsked;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Visit visit;
  private Admission.@Nullable Answer admission;
  private @Nullable Future<?> deadline;
  private Exports.@Nullable Published published;
  private @Nullable Transmission transmission;
  private @Nullable Replies replies;
  private int unsentBound;
  private boolean stallWatched;

  /** When it sent something, or got an answer, last. */
  private long busyNanos;

  /** What it had taken of its replies when it was looked at last. */
  private long takenAtLook;

  private boolean touched;
  private boolean goOnAsked;
  private boolean reading = true;
  private boolean waiting;
  private boolean ending;
  private boolean moreIsComing;
  private boolean closing;
  private boolean closed;

  /**
   * @param loop that of its channel, for the handshake
   * @param loops where it goes to be served
   */
  NbdConnection(
      Exports exports, NbdLimits limits, ReplyStyle style, NbdLoop loop, DiskLoops loops) {
    this.exports = exports;
    this.limits = limits;
    this.loop = loop;
    this.loops = loops;
    this.inbound = new Inbound(loop);
    this.handshake = new Handshake(exports, limits, style);
  }

  // ---- Channel events

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
    Channel channel = context.channel();
    channel.config().setRecvByteBufAllocator(inbound);
    channel.config().setWriteSpinCount(WRITES_PER_TURN);
    admission = exports.admission().ask(VertxInside.descriptor(channel), loop.now());
    if (admission == Admission.Answer.SENT_AWAY) {
      ending = true;
      context.close();
      return;
    }
    boundUnsent();
    loop.counters().opened();
    visit = new Visit(exports.visitors(), Peer.of(channel), loop.now());
    boundHandshake(admission == Admission.Answer.ADMITTED ? limits.handshake() : REFUSAL);
    ByteBuf greeting = context.alloc().buffer(32);
    Handshake.greet(greeting);
    context.writeAndFlush(greeting); // a failure closes the channel, and is of interest to nobody
    exports.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    loop.beginTurn();
    busyNanos = loop.turnStart();
    if (inbound.owns(message)) {
      ReferenceCountUtil.release(message); // one reference is the inbound's own
      if (ending) inbound.close();
      else advance();
    } else {
      takeForeign((ByteBuf) message);
    }
  }

  /**
   * Takes bytes that another handler of the pipeline has made; a part that finds no room is lost
   * with the connection.
   */
  private void takeForeign(ByteBuf message) {
    try {
      while (message.isReadable() && !ending) {
        int before = message.readableBytes();
        inbound.append(message);
        advance();
        if (message.readableBytes() == before) throw new IllegalStateException("inbound is full");
      }
    } finally {
      message.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    try {
      flush();
      if (transmission == null) inbound.park();
      else inbound.shrink();
    } finally {
      loop.endTurn(); // also where there is no memory, and this client is cut
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) askToGoOn();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gone();
    context.fireChannelInactive();
  }

  private void gone() {
    closed = true;
    ending = true;
    closing = true;
    exports.admission().left(admission());
    if (admission() == Admission.Answer.SENT_AWAY) return;
    loop.counters().closed();
    exports.closed(this);
    if (deadline != null) deadline.cancel(false);
    inbound.close();
    if (transmission != null) transmission.abandon();
    if (transmission != null) transmission.count();
    visit().ended(transmission, loop.now());
    leaveIfIdle();
  }

  /** Vert.x announces that the server shuts down; the server has told the connection itself. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    ReferenceCountUtil.release(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (admission() == Admission.Answer.SENT_AWAY) {
      // It is gone already.
    } else if (cause instanceof OutOfMemoryError) {
      visit().cut("there is no memory for what it asked");
    } else if (cause instanceof IOException failure) {
      lost(failure);
    } else {
      visit().cut("of a bug in Varve");
      LOG.log(
          System.Logger.Level.ERROR,
          "a client was cut because of a bug in Varve: please report it with these lines",
          cause);
    }
    context.close();
  }

  /** The socket has failed; or, of a reply that was sent from it, the memory of an image. */
  private void lost(IOException failure) {
    String why = Peer.reason(failure);
    if (why.contains("Bad address") && published != null) {
      var unreadable = new IOException("an image file was cut, or its medium fails");
      published.export().failures().failed(DeviceRequest.Op.READ, 0, -1, unreadable);
      visit().cut("what it asked for could not be read");
    } else {
      visit().left("its connection failed: " + why);
    }
  }

  // ---- Requests

  private void advance() {
    if (moving) return;
    if (transmission == null) advanceHandshake();
    if (transmission != null) advanceTransmission(transmission);
  }

  private void boundHandshake(Duration time) {
    closeWithin(time, "it did not choose a disk within " + time.toSeconds() + " s");
  }

  /** A client for whom there was no room when it came. */
  private void askAgain() {
    admission =
        exports.admission().askAgain(VertxInside.descriptor(context().channel()), loop.now());
    if (admission == Admission.Answer.ADMITTED) boundHandshake(limits.handshake());
    else handshake.refuse(Admission.REASON);
  }

  private void advanceHandshake() {
    if (admission() == Admission.Answer.WAITS) askAgain();
    ChannelHandlerContext context = context();
    ByteBuf out = context.alloc().buffer(256);
    Handshake.Outcome outcome = Handshake.Outcome.GO_ON;
    while (outcome == Handshake.Outcome.GO_ON && !ending) {
      outcome = handshake.advance(inbound.buffer(), out);
    }
    if (outcome == Handshake.Outcome.TRANSMIT && !handshake.chosen().enter(this)) {
      outcome = Handshake.Outcome.END; // it was withdrawn while it was being chosen
    }
    context.writeAndFlush(out, context.voidPromise());
    String unknown = handshake.unknown();
    if (unknown != null) visit().askedFor(unknown, loop.now());
    if (outcome == Handshake.Outcome.TRANSMIT) moveToDisk();
    if (outcome == Handshake.Outcome.END) end("it ended the handshake");
  }

  // ---- From the loop where clients come to one of its disk's file system

  /** Goes on where its disk is served, at once or, without being read meanwhile, soon. */
  private void moveToDisk() {
    if (deadline != null) deadline.cancel(false);
    published = handshake.chosen();
    NbdLoop next;
    try {
      next = loops.enter(published.export().device().fileSystem());
    } catch (IOException e) {
      cut(FailureWords.of(e));
      return;
    }
    entered = next;
    if (next == loop) {
      transmit();
      return;
    }
    moving = true;
    read(false);
    inbound.pause(true);
    context().executor().execute(() -> moveTo(next)); // the channel is being read right now
  }

  private void moveTo(NbdLoop next) {
    if (closed) return;
    inbound.park();
    inbound.moveTo(next);
    loop = next; // this thread does nothing with it any more
    Channel channel = context().channel();
    channel
        .deregister()
        .addListener(_ -> next.executor().register(channel).addListener(this::arrive));
  }

  private void arrive(Future<?> registered) {
    moving = false;
    if (closed) return;
    if (!registered.isSuccess()) { // the channel is closed, and has told nothing of it
      visit().cut("the host cannot watch one more connection");
      gone();
      return;
    }
    waiting = true;
    transmit();
    goOn();
    if (drainAsked) drainNow();
  }

  private void transmit() {
    assert published != null;
    NegotiatedOptions options = handshake.negotiated();
    replies = new Replies(context(), loop, options.structured());
    transmission =
        new Transmission(this, loop, limits, published.export(), options, inbound, replies);
    visit().chose(published.export(), loop.now());
    if (limits.idle().isPositive()) watchIdle(limits.idle().toNanos());
  }

  /** Serves what was received until something has to be waited for. */
  private void advanceTransmission(Transmission transmission) {
    transmission.beginTurn();
    boundUnsent();
    while (!ending) {
      if (!context().channel().isWritable()) {
        pause(true);
        return;
      }
      switch (transmission.advance()) {
        case INPUT -> {
          read(true);
          return;
        }
        case COMPLETION -> {
          pause(true);
          return;
        }
        case TURN -> {
          pause(false);
          askToGoOn();
          return;
        }
        case REPLIES -> flush();
        case END -> end("it disconnected");
        case BROKEN -> {
          visit().cut("it sent what is no NBD request");
          end("");
        }
      }
    }
  }

  // ---- A client that does not take its replies

  /** Sets, as the buffers of the server are used up, how much may be unsent: in steps of two. */
  private void boundUnsent() {
    long share = Math.clamp(loop.share(), LEAST_UNSENT, limits.unsentBytes());
    int bound = (int) Long.highestOneBit(share);
    if (bound == unsentBound) return;
    unsentBound = bound;
    context()
        .channel()
        .config()
        .setWriteBufferWaterMark(new WriteBufferWaterMark(bound / 4, bound));
  }

  /** Looks, in a while, whether the client has taken anything of the replies that wait for it. */
  private void watchStall(Replies replies) {
    if (stallWatched || unsent() == 0) return;
    stallWatched = true;
    long before = taken(replies);
    context()
        .executor()
        .schedule(
            () -> cutIfStalled(replies, before), limits.stalled().toNanos(), TimeUnit.NANOSECONDS);
  }

  /** A client that has taken nothing for long is cut if others need what it holds. */
  private void cutIfStalled(Replies replies, long takenBefore) {
    stallWatched = false;
    if (loop.isShort() && unsent() > 0 && taken(replies) <= takenBefore) {
      visit()
          .cut(
              "it has taken no replies for %d s while all buffers are in use"
                  .formatted(limits.stalled().toSeconds()));
      context().close();
    } else {
      watchStall(replies);
    }
  }

  // ---- A client that asks for nothing

  private void watchIdle(long nanos) {
    context().executor().schedule(this::endIfIdle, nanos, TimeUnit.NANOSECONDS);
  }

  /** A client that waits for an answer, or takes one slowly, is not idle. */
  private void endIfIdle() {
    if (ending || transmission == null || replies == null) return;
    long taken = taken(replies);
    boolean takes = unsent() > 0 && taken != takenAtLook;
    takenAtLook = taken;
    if (takes || !transmission.waitsForClient()) busyNanos = loop.now();
    long left = limits.idle().toNanos() - (loop.now() - busyNanos);
    if (left > 0) {
      watchIdle(left);
      return;
    }
    end("it asked for nothing for " + Amount.time(limits.idle()));
    turnDone();
  }

  /** Grows with what the client takes: by a little less, because what waits is counted as more. */
  private long taken(Replies replies) {
    return replies.flushed() - unsent();
  }

  /** How many bytes the channel has still to send; 0 also if it is closed. */
  private long unsent() {
    ChannelOutboundBuffer unsent = context().channel().unsafe().outboundBuffer();
    return unsent == null ? 0 : unsent.totalPendingWriteBytes();
  }

  private void askToGoOn() {
    if (goOnAsked || closed) return;
    goOnAsked = true;
    context().executor().execute(goOn);
  }

  private void goOn() {
    goOnAsked = false;
    if (closed) return;
    loop.beginTurn();
    turnDone();
    loop.endTurn();
  }

  /** A part of a transaction has come back from the device. */
  void partDone(PartialRequest part) {
    assert transmission != null;
    try {
      transmission.partDone(part);
    } catch (Throwable e) { // others have parts in this turn of the loop
      exceptionCaught(context(), e);
    }
  }

  /**
   * Marks the connection as one to be called with {@link #turnDone}; false if it is marked already.
   */
  boolean touch() {
    if (touched) return false;
    touched = true;
    return true;
  }

  /** Sends the replies of this turn, and looks at requests that had to wait. */
  void turnDone() {
    touched = false;
    busyNanos = loop.turnStart();
    try {
      if (waiting && !ending && transmission != null) advanceTransmission(transmission);
      flush();
      inbound.shrink();
    } catch (Throwable e) { // others have their turn behind this one
      exceptionCaught(context(), e);
    }
    closeIfEnded();
    leaveIfIdle();
  }

  private void flush() {
    if (replies == null) return;
    if (transmission != null) transmission.count(); // a client that has its reply finds it counted
    replies.flush();
    watchStall(replies);
  }

  /**
   * There are requests left to look at; not reading the socket for a moment is not worth a system
   * call.
   */
  private void pause(boolean forLong) {
    waiting = true;
    inbound.pause(true);
    if (forLong) read(false);
  }

  /** Reads the socket, or stops reading it. */
  private void read(boolean wanted) {
    if (wanted) {
      waiting = false;
      inbound.pause(false);
    }
    if (reading == wanted) return;
    reading = wanted;
    context().channel().config().setAutoRead(wanted);
  }

  // ---- The end

  /** Ends the connection as soon as what is in flight has been answered. Any thread. */
  void drain() {
    EventExecutor at = context().executor();
    at.execute(
        () -> {
          if (at == context().executor()) drainNow();
          else drain(); // it has moved
        });
  }

  private void drainNow() {
    drainAsked = true;
    if (closed || moving) return;
    end(exports.isClosing() ? "the server stops" : "its disk is not served any more");
    turnDone();
  }

  /** Cuts the connection at the end of this time, unless another time is set before. */
  private void closeWithin(Duration time, String why) {
    if (deadline != null) deadline.cancel(false);
    deadline = context().executor().schedule(() -> cut(why), time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void cut(String why) {
    visit().cut(why);
    context().close();
  }

  /** Takes no more requests; closes when the last one in flight has been answered. */
  private void end(String why) {
    if (ending) return;
    ending = true;
    visit().left(why);
    closeWithin(
        limits.drain(),
        "it did not take its last replies within %d s".formatted(limits.drain().toSeconds()));
    moreIsComing = waiting || !inbound.isEmpty();
    read(false);
    inbound.close();
    if (transmission != null) transmission.abandonArriving();
    closeIfEnded();
  }

  private void closeIfEnded() {
    if (!ending || closing || transmission != null && !transmission.isIdle()) return;
    closing = true;
    flush();
    context()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener((ChannelFutureListener) _ -> closeBehindReplies());
  }

  /**
   * A socket that is closed with bytes unread loses the replies on their way. A client that was
   * still sending is therefore told that nothing more comes, and for a moment passed over.
   */
  private void closeBehindReplies() {
    if (moreIsComing && context().channel() instanceof DuplexChannel socket && socket.isActive()) {
      closeWithin(LINGER, "");
      socket.shutdownOutput();
      read(true);
    } else {
      context().close();
    }
  }

  /** The device may be closed once nothing of this client is with it. */
  private void leaveIfIdle() {
    if (!closed || published == null) return;
    if (transmission != null && !transmission.isIdle()) return;
    published.leave(this);
    published = null;
    if (entered != null) loops.leave(entered);
    entered = null;
  }

  private Visit visit() {
    assert visit != null;
    return visit;
  }

  private Admission.Answer admission() {
    assert admission != null;
    return admission;
  }

  private ChannelHandlerContext context() {
    assert context != null;
    return context;
  }
}
