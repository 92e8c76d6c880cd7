package dev.varve.http.api;

import dev.varve.io.posix.Accounts;
import dev.varve.io.posix.PeerCredentials;
import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.UnixChannel;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/** Finds out which user sends a request over a Unix socket. */
final class PeerIdentity {

  private PeerIdentity() {}

  /** On the event loop of the request; null if the kernel does not say. */
  static @Nullable PeerCredentials of(HttpServerRequest request) {
    Channel channel = RequestSource.channel(request);
    if (channel == null) return null;
    try {
      return channel instanceof UnixChannel socket
          ? PeerCredentials.of(socket.fd().intValue())
          : ofJdk(channel);
    } catch (IOException | RuntimeException _) {
      return null; // it has disconnected
    }
  }

  /**
   * Where there is no epoll: the JDK has names, and no supplementary groups. What has no number is
   * left out, which gives fewer rights.
   */
  private static @Nullable PeerCredentials ofJdk(Channel channel) throws IOException {
    UnixDomainPrincipal peer =
        channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED));
    if (peer == null) return null;
    OptionalInt user = Accounts.user(peer.user().getName());
    OptionalInt group = Accounts.group(peer.group().getName());
    Set<Integer> groups = new HashSet<>();
    group.ifPresent(groups::add);
    return user.isEmpty() ? null : new PeerCredentials(0, user.getAsInt(), groups);
  }
}
