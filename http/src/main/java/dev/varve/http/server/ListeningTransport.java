package dev.varve.http.server;

import dev.varve.http.tls.UnfinishedHandshakes;
import dev.varve.io.service.InheritedSocket;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TcpConfig;
import io.vertx.core.spi.transport.Transport;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Vert.x on epoll, with what it has no way to say about sockets that listen: that the first Unix
 * socket is one that this process was started with, and that clients which do not finish the
 * handshake of TLS are bounded. Everything else is left to its own transport. Thread-safe.
 */
@SuppressWarnings("deprecation") // two methods of the transport that Vert.x asks for
final class ListeningTransport implements Transport {

  private final Transport epoll = io.vertx.core.transport.Transport.EPOLL.implementation();
  private final AtomicBoolean adopted = new AtomicBoolean();
  private final @Nullable InheritedSocket inherited;
  private final int mostHandshakes;

  /**
   * @param inherited what becomes the first Unix socket; null for none
   * @param mostHandshakes how many clients of each TCP port may be in the handshake of TLS; 0 where
   *     no TLS is spoken
   */
  ListeningTransport(@Nullable InheritedSocket inherited, int mostHandshakes) {
    this.inherited = inherited;
    this.mostHandshakes = mostHandshakes;
  }

  @Override
  public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
    ChannelFactory<? extends ServerChannel> usual = epoll.serverChannelFactory(domainSocket);
    if (!domainSocket) return mostHandshakes == 0 ? usual : () -> bounded(usual.newChannel());
    InheritedSocket socket = inherited;
    if (socket == null) return usual;
    return () ->
        adopted.compareAndSet(false, true) ? adopt(socket.descriptor()) : usual.newChannel();
  }

  private ServerChannel bounded(ServerChannel channel) {
    channel.pipeline().addFirst(new UnfinishedHandshakes(mostHandshakes));
    return channel;
  }

  /** It is bound already, and listens. */
  private static ServerChannel adopt(int descriptor) {
    var channel = new EpollServerDomainSocketChannel(descriptor, true);
    channel
        .pipeline()
        .addFirst(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void bind(
                  ChannelHandlerContext context,
                  java.net.SocketAddress address,
                  ChannelPromise promise) {
                promise.setSuccess();
              }
            });
    return channel;
  }

  @Override
  public boolean supportsDomainSockets() {
    return epoll.supportsDomainSockets();
  }

  @Override
  public boolean supportFileRegion() {
    return epoll.supportFileRegion();
  }

  @Override
  public boolean isAvailable() {
    return epoll.isAvailable();
  }

  @Override
  public Throwable unavailabilityCause() {
    return epoll.unavailabilityCause();
  }

  @Override
  public java.net.SocketAddress convert(SocketAddress address) {
    return epoll.convert(address);
  }

  @Override
  public SocketAddress convert(java.net.SocketAddress address) {
    return epoll.convert(address);
  }

  @Override
  public IoHandlerFactory ioHandlerFactory() {
    return epoll.ioHandlerFactory();
  }

  @Override
  public EventLoopGroup eventLoopGroup(int type, int threads, ThreadFactory factory, int ioRatio) {
    return epoll.eventLoopGroup(type, threads, factory, ioRatio);
  }

  @Override
  public DatagramChannel datagramChannel(InternetProtocolFamily family) {
    return epoll.datagramChannel(family);
  }

  @Override
  public ChannelFactory<? extends DatagramChannel> datagramChannelFactory() {
    return epoll.datagramChannelFactory();
  }

  @Override
  public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
    return epoll.channelFactory(domainSocket);
  }

  @Override
  public void configure(TcpConfig config, boolean domainSocket, io.netty.bootstrap.Bootstrap to) {
    epoll.configure(config, domainSocket, to);
  }

  @Override
  public void configure(
      TcpConfig config, boolean domainSocket, io.netty.bootstrap.ServerBootstrap to) {
    epoll.configure(config, domainSocket, to);
  }

  /** As Vert.x's builder takes it. */
  io.vertx.core.transport.Transport forBuilder() {
    return new io.vertx.core.transport.Transport() {
      @Override
      public String name() {
        return "epoll";
      }

      @Override
      public boolean available() {
        return isAvailable();
      }

      @Override
      public Throwable unavailabilityCause() {
        return ListeningTransport.this.unavailabilityCause();
      }

      @Override
      public Transport implementation() {
        return ListeningTransport.this;
      }
    };
  }
}
