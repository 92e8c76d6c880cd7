package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.FailureWords;
import dev.varve.io.client.Transport;
import dev.varve.io.client.Visit;
import dev.varve.io.loop.DiskLoops;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One client: first in its {@link HandshakePhase}, then, on the event loop of the disk that it has
 * chosen, a {@link ServedClient}, until its {@link ConnectionEnd}. This class takes the events of
 * the channel and moves the connection from one phase, and one loop, to the next.
 *
 * <p>Everything runs on the event loop of the channel, which is another one from the moment when a
 * disk has been chosen, except {@link #drain}, {@link #sendAway} and {@link #giveWay}, which may be
 * called on any thread.
 */
final class NbdConnection extends ChannelInboundHandlerAdapter implements Connection {

  private static final System.Logger LOG = System.getLogger(NbdConnection.class.getName());

  /** After this many system calls, of about a megabyte each, other connections have their turn. */
  private static final int WRITES_PER_TURN = 4;

  private final Exports exports;
  private final NbdLimits limits;
  private final DiskLoops<NbdLoop> loops;
  private final @Nullable Supplier<SSLEngine> tls;
  private final Inbound inbound;
  private final HandshakePhase handshake;
  private final Runnable goOn = this::goOn;

  private NbdLoop loop;
  private boolean goOnAsked;

  // Set when the handler is added to its channel, which is before anything else happens.
  private @Nullable ChannelHandlerContext context;
  private @Nullable Visit visit;
  private @Nullable ConnectionEnd end;
  private @Nullable SocketReading reading;

  // The way to the disk's loop: while the channel is registered with no loop, nothing is done.
  private boolean moving;
  private boolean drainAsked;

  // What the client has chosen and entered, and the one that is served.
  private Exports.@Nullable Published published;
  private @Nullable NbdLoop entered;
  private @Nullable ServedClient client;

  /**
   * @param loop that of its channel, for the handshake
   * @param loops where it goes to be served
   * @param answer whether there is room for it
   * @param tls makes the TLS that the client has to begin; null for none
   */
  NbdConnection(
      Exports exports,
      NbdLimits limits,
      ReplyStyle style,
      NbdLoop loop,
      DiskLoops<NbdLoop> loops,
      Admission.Answer answer,
      @Nullable Supplier<SSLEngine> tls) {
    this.exports = exports;
    this.limits = limits;
    this.loop = loop;
    this.loops = loops;
    this.inbound = new Inbound(loop);
    this.tls = tls;
    this.handshake = new HandshakePhase(exports, limits, style, answer, tls != null);
  }

  // ---- Channel events

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    assert loop.isHere();
    Channel channel = context.channel();
    channel.config().setRecvByteBufAllocator(inbound);
    channel.config().setWriteSpinCount(WRITES_PER_TURN);
    this.context = context;
    visit = exports.clients().arrived(Transport.NBD, Peer.of(channel), loop.now());
    end = new ConnectionEnd(context, visit);
    reading = new SocketReading(context, inbound);
    loop.counters().opened();
    handshake.begin(context, end);
    exports.doorstep().came(this, loop.now());
    exports.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    loop.beginTurn();
    if (client != null) client.busy(loop.turnStart());
    if (inbound.owns(message)) {
      ReferenceCountUtil.release(message); // one reference is the inbound's own
      if (end().hasBegun()) inbound.close();
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
      while (message.isReadable() && !end().hasBegun()) {
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
      if (client == null) {
        inbound.park();
      } else {
        client.flush();
        inbound.shrink();
      }
    } finally {
      loop.endTurn(); // also where there is no memory, and this client is cut
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) goOnSoon();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gone();
    context.fireChannelInactive();
  }

  /** Vert.x also announces that the server shuts down: the server tells the connection itself. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    switch (event) {
      case SslHandshakeCompletionEvent begun when begun.isSuccess() ->
          visit().identified(SecureChannel.words(context));
      case SslHandshakeCompletionEvent failed -> unsecured(TlsFailure.words(failed.cause()));
      case SslCloseCompletionEvent _ -> context.close(); // as if it had closed its socket
      default -> {}
    }
    ReferenceCountUtil.release(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof OutOfMemoryError) {
      visit().cut("there is not enough memory for its requests");
    } else if (TlsFailure.of(cause) instanceof SSLException failure) {
      visit().left("its TLS failed: " + TlsFailure.words(failure));
    } else if (cause instanceof InternalError) { // TLS has read a reply out of an image
      unreadable();
    } else if (cause instanceof IOException failure) {
      lost(failure);
    } else {
      visit().cut("a bug in Varve");
      LOG.log(
          Level.ERROR,
          "a client was cut because of a bug in Varve; please report it with the lines below",
          cause);
    }
    context.close();
  }

  /** It could not begin TLS: people who set it up need to hear why. */
  private void unsecured(String reason) {
    visit().log(Level.INFO, "could not begin TLS: " + reason, loop.now());
    visit().left("it could not begin TLS");
  }

  /** The socket has failed; or, of a reply that was sent from it, the memory of an image. */
  private void lost(IOException failure) {
    String why = Peer.reason(failure);
    if (why.contains("Bad address")) unreadable();
    else visit().left("its connection failed: " + why);
  }

  private void unreadable() {
    var why = new IOException("an image file was cut, or its medium fails");
    if (published != null) published.export().failures().failed(DeviceRequest.Op.READ, 0, -1, why);
    visit().cut("the data of a reply could not be read from the image");
  }

  // ---- From the handshake to the disk

  private void advance() {
    if (moving) return;
    if (client == null) advanceHandshake();
    if (client != null) client.advance();
  }

  private void advanceHandshake() {
    Handshake.Outcome outcome = handshake.advance(context(), inbound, this, end(), loop.now());
    String unknown = handshake.unknown();
    if (unknown != null) unknown(unknown);
    if (outcome == Handshake.Outcome.START_TLS) startTls();
    if (outcome == Handshake.Outcome.TRANSMIT) moveToDisk();
    if (outcome == Handshake.Outcome.END) end("it ended the handshake");
  }

  private void unknown(String disk) {
    String what = "asked for the disk '" + disk + "', which is not served";
    visit().log(Level.INFO, what, loop.now());
  }

  /**
   * Speaks TLS from now on. What came in plain behind the client's wish may come from another
   * program, which would then speak for the client: that ends the connection.
   */
  private void startTls() {
    assert tls != null;
    if (!inbound.isEmpty()) {
      cut("it sent more before TLS had begun");
      return;
    }
    handshake.secured();
    inbound.park();
    inbound.encrypted();
    SecureChannel.insert(context(), tls.get(), limits.handshake());
  }

  /** Goes on where its disk is served, at once or, without being read meanwhile, soon. */
  private void moveToDisk() {
    exports.doorstep().left(this);
    end().cancelCut();
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
      serve();
      return;
    }
    moving = true;
    reading().pause();
    context().executor().execute(() -> moveTo(next)); // the channel is being read right now
  }

  private void moveTo(NbdLoop next) {
    if (end().isOver()) return;
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
    if (end().isOver()) return;
    if (!registered.isSuccess()) { // the channel is closed, and has told nothing of it
      visit().cut("the host cannot watch one more connection");
      gone();
      return;
    }
    serve();
    goOn();
    if (drainAsked) drainNow();
  }

  private void serve() {
    assert published != null;
    client =
        new ServedClient(
            this,
            context(),
            loop,
            limits,
            published.export(),
            handshake.negotiated(),
            visit(),
            end(),
            reading(),
            inbound);
    visit().uses(published.export(), client::asked, this::sendAway, loop.now());
  }

  // ---- Turns of the loop

  @Override
  public void goOnSoon() {
    if (goOnAsked || end().isOver()) return;
    goOnAsked = true;
    context().executor().execute(goOn);
  }

  private void goOn() {
    goOnAsked = false;
    if (end().isOver()) return;
    loop.beginTurn();
    turnDone();
    loop.endTurn();
  }

  @Override
  public boolean partDone(PartialRequest part) {
    assert client != null;
    boolean first = client.touch();
    try {
      client.partDone(part);
    } catch (Throwable e) {
      exceptionCaught(context(), e);
    }
    return first;
  }

  @Override
  public void turnDone() {
    try {
      if (client != null) client.turnDone(loop.turnStart());
      else inbound.shrink();
    } catch (Throwable e) {
      exceptionCaught(context(), e);
    }
    closeIfEnded();
    leaveIfIdle();
  }

  // ---- The end

  @Override
  public void drain() {
    EventExecutor at = context().executor();
    at.execute(
        () -> {
          if (at == context().executor()) drainNow();
          else drain(); // it has moved
        });
  }

  private void drainNow() {
    drainAsked = true;
    if (end().isOver() || moving) return;
    end(exports.isClosing() ? "the server stops" : "its disk is not served any more");
    turnDone();
  }

  /** Sends the client away for this reason. Any thread. */
  private void sendAway(String why) {
    context()
        .executor()
        .execute(
            () -> {
              if (end().isOver()) return;
              end(why);
              turnDone();
            });
  }

  @Override
  public void giveWay() {
    context()
        .executor()
        .execute(
            () -> {
              if (published == null && !end().isOver())
                cut("it had chosen no disk, and another client needed its place");
            });
  }

  @Override
  public void cut(String why) {
    end().cut(why);
  }

  @Override
  public void end(String why) {
    if (end().hasBegun()) return;
    end().begin(why, limits.drain(), reading().requestsWait() || !inbound.isEmpty());
    reading().stop();
    inbound.close();
    if (client != null) client.transmission().abandonArriving();
    closeIfEnded();
  }

  private void closeIfEnded() {
    if (!end().waitsForReplies() || hasRequestsInFlight()) return;
    end().answered();
    if (client != null) client.flush();
    end().closeBehindReplies(reading());
  }

  private boolean hasRequestsInFlight() {
    return client != null && !client.transmission().isIdle();
  }

  private void gone() {
    assert loop.isHere();
    end().over();
    exports.doorstep().left(this);
    exports.admission().left(handshake.answer());
    loop.counters().closed();
    exports.closed(this);
    inbound.close();
    if (client != null) client.abandon();
    visit().left("it closed the connection without a disconnect request");
    visit().ended(loop.now());
    leaveIfIdle();
  }

  /** The device may be closed once nothing of this client is with it. */
  private void leaveIfIdle() {
    if (!end().isOver() || published == null || hasRequestsInFlight()) return;
    published.leave(this);
    published = null;
    if (entered != null) loops.leave(entered);
    entered = null;
  }

  // ---- What is there from the beginning

  private ChannelHandlerContext context() {
    assert context != null;
    return context;
  }

  private Visit visit() {
    assert visit != null;
    return visit;
  }

  private ConnectionEnd end() {
    assert end != null;
    return end;
  }

  private SocketReading reading() {
    assert reading != null;
    return reading;
  }
}
