package dev.varve.io.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import java.nio.channels.ClosedChannelException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * TLS between a connection and its socket: Netty's handler, which encrypts and decrypts, and in
 * front of it this one, which gives replies to it only while the socket takes them.
 *
 * <p>Netty's handler encrypts all that it gets at once, into new buffers, whether or not the client
 * takes them. A reply of 32 MiB, which holds no buffer here because it lies in an image's memory,
 * would be copied as a whole. So it is given in parts. The memory of a reply is lent until the
 * socket has taken the encrypted bytes. Used on the connection's event loop.
 */
final class SecureChannel extends ChannelDuplexHandler {

  /** How many encrypted bytes may wait for the client before no more are made. */
  static final int MOST_ENCRYPTED = NbdLoop.LARGE;

  /** How much is encrypted before the socket gets it. */
  private static final int PART = 128 << 10;

  /** How much is turned into records with one buffer. */
  private static final int RECORDS = 64 << 10;

  /** How long a client may take the last message of TLS, which says that nothing more comes. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private final ArrayDeque<ByteBuf> replies = new ArrayDeque<>();
  private final ArrayDeque<ChannelPromise> promises = new ArrayDeque<>();
  private long waiting;
  private boolean giving;

  private SecureChannel() {}

  /** Speaks TLS from the next byte on, in both directions. What was written before stays plain. */
  static void insert(ChannelHandlerContext context, SSLEngine engine, Duration handshake) {
    var tls = new SslHandler(engine);
    tls.setHandshakeTimeoutMillis(handshake.toMillis());
    tls.setCloseNotifyFlushTimeoutMillis(FAREWELL.toMillis());
    tls.setWrapDataSize(RECORDS);
    context.pipeline().addFirst(tls, new SecureChannel());
  }

  /** The version of TLS, and the subject of the client's certificate if it has shown one. */
  static String words(ChannelHandlerContext context) {
    SSLSession session = context.pipeline().get(SslHandler.class).engine().getSession();
    String subject = subject(session);
    return subject == null ? session.getProtocol() : session.getProtocol() + ", " + subject;
  }

  private static @Nullable String subject(SSLSession session) {
    try {
      return session.getPeerCertificates()[0] instanceof X509Certificate certificate
          ? certificate.getSubjectX500Principal().getName()
          : null;
    } catch (SSLPeerUnverifiedException _) {
      return null;
    }
  }

  /** Tells the client, if it speaks TLS, that nothing more comes; false if it does not. */
  static boolean closeOutput(ChannelHandlerContext context) {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls != null) tls.closeOutbound();
    return tls != null;
  }

  /** How many bytes of replies are not encrypted yet. */
  long waiting() {
    return waiting;
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    // A slice, because Netty's handler may append what follows to a buffer that has room: there,
    // behind the reply, is the next one.
    ByteBuf reply = ((ByteBuf) message).slice();
    replies.addLast(reply);
    promises.addLast(promise);
    waiting += reply.readableBytes();
  }

  @Override
  public void flush(ChannelHandlerContext context) {
    give(context);
    context.flush();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    give(context);
    context.fireChannelWritabilityChanged();
  }

  /** Gives replies to TLS until enough wait for the client. */
  private void give(ChannelHandlerContext context) {
    if (giving) return; // giving made the channel unwritable, or writable again
    giving = true;
    try {
      while (!replies.isEmpty() && context.channel().isWritable()) {
        for (int given = 0; given < PART && !replies.isEmpty(); ) given += giveNext(context);
        context.flush();
      }
    } finally {
      giving = false;
    }
  }

  private int giveNext(ChannelHandlerContext context) {
    ByteBuf reply = replies.removeFirst();
    int length = reply.readableBytes();
    waiting -= length;
    context.write(reply, promises.removeFirst());
    return length;
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    discard();
    context.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    discard();
  }

  private void discard() {
    var closed = new ClosedChannelException();
    waiting = 0;
    for (ByteBuf reply; (reply = replies.poll()) != null; ) {
      reply.release();
      ChannelPromise promise = promises.removeFirst();
      if (!promise.isVoid()) promise.tryFailure(closed);
    }
  }
}
