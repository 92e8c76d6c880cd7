package dev.varve.http.server;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A TCP address on which a server listens. Immutable.
 *
 * @param host a name or an address, IPv6 without brackets
 * @param port 0 for one that the system chooses
 */
public record TcpAddress(String host, int port) {

  /** Only programs on this machine can reach it. */
  public static final String LOOPBACK = "127.0.0.1";

  /** Registered for NBD. */
  public static final int NBD_PORT = 10809;

  /** Whether only programs on this machine can connect to it. */
  public boolean isLoopback() {
    return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.[0-9]+){1,3}");
  }

  /**
   * The same for a name too, which the host may look up in the network. A name that leads nowhere
   * counts: the server says so when it listens.
   */
  public boolean leadsToThisMachine() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException _) {
      return true;
    }
  }

  /** Whether listening here leaves no room for listening there. */
  public boolean excludes(TcpAddress other) {
    return port != 0
        && port == other.port
        && (host.equals(other.host) || isEverywhere() || other.isEverywhere());
  }

  private boolean isEverywhere() {
    return host.equals("0.0.0.0") || host.equals("::");
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
