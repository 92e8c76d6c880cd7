package dev.varve.http.server;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Writes where a disk is served: for NBD in the form of the NBD URI specification, for vhost-user
 * as the path of its socket. Any thread; nothing blocks.
 */
public final class DiskUri {

  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

  private DiskUri() {}

  /**
   * @param tls whether clients have to speak TLS there
   */
  public static String of(TcpAddress address, boolean tls, String export) {
    return (tls ? "nbds://" : "nbd://") + address + "/" + escaped(export);
  }

  public static String of(Path socket, String export) {
    return "nbd+unix:///" + escaped(export) + "?socket=" + escaped(socket.toString());
  }

  /** Of a disk for virtual machines, on a vhost-user socket of its own. */
  static String ofGuests(Path socket) {
    return "vhost-user-blk://" + escaped(socket.toString());
  }

  private static String escaped(String text) {
    var uri = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (UNRESERVED.indexOf(b) >= 0) uri.append((char) b);
      else uri.append('%').append("%02X".formatted(b & 0xff));
    }
    return uri.toString();
  }
}
