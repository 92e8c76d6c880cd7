package dev.varve.io.nbd;

import dev.varve.io.client.Visit;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a connection: how far it has come, and the time after which the client is cut. Used on
 * the connection's event loop.
 */
final class ConnectionEnd {

  /** How long a client that is sent away may go on sending. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private enum State {
    /** Requests are taken. */
    OPEN,
    /** No more requests are taken; those in flight are still answered. */
    ENDING,
    /** All replies are with the socket, which closes behind them. */
    CLOSING,
    /** The channel is closed. */
    CLOSED
  }

  private final ChannelHandlerContext context;
  private final Visit visit;
  private State state = State.OPEN;
  private @Nullable Future<?> deadline;
  private boolean moreIsComing;

  ConnectionEnd(ChannelHandlerContext context, Visit visit) {
    this.context = context;
    this.visit = visit;
  }

  /** Whether no more requests are taken. */
  boolean hasBegun() {
    return state != State.OPEN;
  }

  /** Whether requests in flight are all that is waited for. */
  boolean waitsForReplies() {
    return state == State.ENDING;
  }

  /** Whether the channel is closed. */
  boolean isOver() {
    return state == State.CLOSED;
  }

  /** Cuts the connection at the end of this time, unless another time is set before. */
  void cutAfter(Duration time, String why) {
    cancelCut();
    deadline = context.executor().schedule(() -> cut(why), time.toNanos(), TimeUnit.NANOSECONDS);
  }

  void cancelCut() {
    if (deadline != null) deadline.cancel(false);
  }

  /** Closes at once. */
  void cut(String why) {
    visit.cut(why);
    context.close();
  }

  /**
   * Takes no more requests from now on.
   *
   * @param drain for so long the client may take its last replies
   * @param moreIsComing whether the client seems to be sending
   */
  void begin(String why, Duration drain, boolean moreIsComing) {
    assert state == State.OPEN;
    state = State.ENDING;
    this.moreIsComing = moreIsComing;
    visit.left(why);
    cutAfter(drain, "it did not take its last replies within %d s".formatted(drain.toSeconds()));
  }

  /** All requests in flight have been answered. */
  void answered() {
    assert state == State.ENDING;
    state = State.CLOSING;
  }

  /**
   * Closes once the socket has taken all replies. A socket that is closed with bytes unread loses
   * replies on their way; so a client that was still sending is told that nothing more comes, and
   * what it sends is passed over for a moment.
   */
  void closeBehindReplies(SocketReading reading) {
    context
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener((ChannelFutureListener) _ -> closeUnlessMoreComes(reading));
  }

  private void closeUnlessMoreComes(SocketReading reading) {
    if (moreIsComing && context.channel() instanceof DuplexChannel socket && socket.isActive()) {
      cutAfter(LINGER, "");
      if (!SecureChannel.closeOutput(context)) socket.shutdownOutput();
      reading.resume();
    } else {
      context.close();
    }
  }

  /** The channel is closed. */
  void over() {
    state = State.CLOSED;
    cancelCut();
  }
}
