package dev.varve.http.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Where NBD clients can connect to a server: sockets, and a TCP port. It is filled as the server
 * begins to listen. Thread-safe.
 */
final class NbdAddresses {

  private final List<Path> sockets = new CopyOnWriteArrayList<>();
  private final boolean tls;
  private volatile @Nullable TcpAddress tcp;

  /**
   * @param tls whether clients have to speak TLS on TCP
   */
  NbdAddresses(boolean tls) {
    this.tls = tls;
  }

  /** Adds a socket before those that are there; its path is absolute. */
  void addFirst(Path socket) {
    sockets.addFirst(socket);
  }

  /** Sets the TCP address, with the port that the system gave. */
  void set(TcpAddress address) {
    tcp = address;
  }

  /** The sockets, absolute; the first choice first. */
  List<Path> sockets() {
    return sockets;
  }

  /** The TCP address; null for none. */
  @Nullable TcpAddress tcp() {
    return tcp;
  }

  /** The URIs of an export, one for each address. */
  List<String> uris(String export) {
    List<String> uris = new ArrayList<>();
    for (Path socket : sockets) uris.add(DiskUri.of(socket, export));
    TcpAddress address = tcp;
    if (address != null) uris.add(DiskUri.of(address, tls, export));
    return uris;
  }

  /** The addresses as people read them. */
  List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (Path socket : sockets) texts.add(socket.toString());
    TcpAddress address = tcp;
    if (address != null) texts.add(address + (tls ? " (TLS)" : ""));
    return texts;
  }
}
