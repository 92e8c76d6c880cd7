package dev.varve.http.tls;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections of a listener whose clients have not finished the handshake of TLS yet. Vert.x
 * tells of a connection only when they have, so without this such clients would take all
 * descriptors of the process. Their number is bounded: another one takes the place of the oldest,
 * so that clients that never finish keep out none that does.
 *
 * <p>Stands first in the pipeline of the channel that accepts, and hears of each connection before
 * the listener does. Thread-safe; nothing waits.
 */
@Sharable
public final class UnfinishedHandshakes extends ChannelInboundHandlerAdapter {

  private final int most;

  /** The oldest first; some may have finished since. Guarded by this. */
  private final Set<Channel> unfinished = new LinkedHashSet<>();

  /**
   * @param most how many there may be
   */
  public UnfinishedHandshakes(int most) {
    this.most = most;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object accepted) {
    if (accepted instanceof Channel connection) begun(connection);
    context.fireChannelRead(accepted);
  }

  private synchronized void begun(Channel connection) {
    unfinished.removeIf(UnfinishedHandshakes::isFinished);
    unfinished.add(connection);
    Iterator<Channel> oldest = unfinished.iterator();
    while (unfinished.size() > most) {
      Channel leaving = oldest.next();
      oldest.remove();
      leaving.close();
    }
  }

  private static boolean isFinished(Channel connection) {
    if (!connection.isOpen()) return true;
    SslHandler tls = connection.pipeline().get(SslHandler.class);
    return tls != null && tls.handshakeFuture().isDone();
  }
}
