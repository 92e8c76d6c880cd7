package dev.varve.http.api;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The program that sends a request, as far as the kernel knows it: the process on a Unix socket,
 * the address on TCP.
 */
final class RequestSource {

  private RequestSource() {}

  /** As text for people; on the event loop of the request. */
  static String of(HttpServerRequest request) {
    if (channel(request) instanceof EpollDomainSocketChannel socket) return process(socket);
    String address = request.remoteAddress().host();
    return address == null ? "a client of the Unix socket" : "a client at " + address;
  }

  /** The user on a Unix socket; empty for TCP. On the event loop of the request. */
  static String user(HttpServerRequest request) {
    try {
      return channel(request) instanceof EpollDomainSocketChannel socket
          ? "user " + socket.peerCredentials().uid()
          : "";
    } catch (IOException _) {
      return "a client that has disconnected";
    }
  }

  /** The socket through which it comes; null if Vert.x does not tell. */
  static @Nullable Channel channel(HttpServerRequest request) {
    return request.connection() instanceof ConnectionBase connection ? connection.channel() : null;
  }

  private static String process(EpollDomainSocketChannel socket) {
    try {
      int pid = socket.peerCredentials().pid();
      return "process %d (%s)".formatted(pid, program(pid));
    } catch (IOException _) {
      return "a client that has disconnected";
    }
  }

  /** What /proc says, which is memory of the kernel. */
  private static String program(int pid) {
    try {
      return Files.readString(Path.of("/proc", Integer.toString(pid), "comm")).strip();
    } catch (IOException _) {
      return "has ended";
    }
  }
}
