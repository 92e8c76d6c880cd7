package dev.varve.io.nbd;

import dev.varve.io.client.PeerProcess;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * The other end of a socket, and a socket's failure, in words for people. Reads {@code /proc} once
 * per client; on the connection's event loop.
 */
final class Peer {

  private Peer() {}

  /** An address, or the process at the other end of a Unix socket. */
  static String of(Channel channel) {
    if (channel instanceof EpollDomainSocketChannel unix) return process(unix);
    if (channel.remoteAddress() instanceof InetSocketAddress address)
      return address.getAddress().getHostAddress() + ":" + address.getPort();
    return "a local process";
  }

  private static String process(EpollDomainSocketChannel unix) {
    try {
      PeerCredentials credentials = unix.peerCredentials();
      return PeerProcess.words(credentials.pid(), credentials.uid());
    } catch (IOException _) {
      return "a process that is gone";
    }
  }

  /** A failure without the names of system calls: {@code Connection reset by peer}. */
  static String reason(IOException failure) {
    String text = failure.getMessage();
    return text == null
        ? "the system gave no reason"
        : text.replaceFirst("^\\w+\\(\\.\\.\\) failed( with error\\(-?\\d+\\))?: ", "");
  }
}
