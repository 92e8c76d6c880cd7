package dev.varve.io.nbd;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.WriteBufferWaterMark;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a client does not take of its replies. Bounds how much of them may be unsent, and cuts a
 * client that takes nothing for long while others need the buffers that it holds. Used on the
 * connection's event loop.
 */
final class UntakenReplies {

  /** However little is free, so much of replies may be unsent, in bytes. */
  private static final int LEAST_UNSENT = 64 << 10;

  private final Connection connection;
  private final ChannelHandlerContext context;
  private final NbdLoop loop;
  private final NbdLimits limits;
  private final Replies replies;
  private final @Nullable SecureChannel secure;
  private int bound;
  private boolean watched;

  UntakenReplies(
      Connection connection,
      ChannelHandlerContext context,
      NbdLoop loop,
      NbdLimits limits,
      Replies replies) {
    this.connection = connection;
    this.context = context;
    this.loop = loop;
    this.limits = limits;
    this.replies = replies;
    this.secure = context.pipeline().get(SecureChannel.class);
  }

  /** Sets, as the buffers of the server are used up, how much may be unsent: in steps of two. */
  void adaptBound() {
    int most = secure == null ? limits.unsentBytes() : SecureChannel.MOST_ENCRYPTED;
    long share = Math.clamp(loop.share(), LEAST_UNSENT, most);
    int wanted = (int) Long.highestOneBit(share);
    if (wanted == bound) return;
    bound = wanted;
    context
        .channel()
        .config()
        .setWriteBufferWaterMark(new WriteBufferWaterMark(wanted / 4, wanted));
  }

  /** Whether so much is unsent that no more requests should be answered. */
  boolean reachBound() {
    return !context.channel().isWritable();
  }

  /** Looks, in a while, whether the client has taken anything of the replies that wait for it. */
  void watch() {
    if (watched || unsent() == 0) return;
    watched = true;
    long before = taken();
    context
        .executor()
        .schedule(() -> cutIfStalled(before), limits.stalled().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void cutIfStalled(long takenBefore) {
    watched = false;
    if (loop.isShort() && unsent() > 0 && taken() <= takenBefore) {
      connection.cut(
          "it has taken no replies for %d s while all buffers are in use"
              .formatted(limits.stalled().toSeconds()));
    } else {
      watch();
    }
  }

  /**
   * Grows with what the client takes, in bytes: by a little less, because the channel counts more
   * than the bytes of what waits.
   */
  long taken() {
    return replies.flushed() - unsent();
  }

  /** How many bytes the channel has still to send; 0 also if it is closed. */
  long unsent() {
    ChannelOutboundBuffer unsent = context.channel().unsafe().outboundBuffer();
    if (unsent == null) return 0;
    return unsent.totalPendingWriteBytes() + (secure == null ? 0 : secure.waiting());
  }
}
