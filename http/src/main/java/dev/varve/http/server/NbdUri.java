package dev.varve.http.server;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Writes where an export is, in the form of the NBD URI specification. Any thread; nothing blocks.
 */
public final class NbdUri {

  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

  private NbdUri() {}

  /**
   * @param tls whether clients have to speak TLS there
   */
  public static String of(TcpAddress address, boolean tls, String export) {
    return (tls ? "nbds://" : "nbd://") + address + "/" + escaped(export);
  }

  public static String of(Path socket, String export) {
    return "nbd+unix:///" + escaped(export) + "?socket=" + escaped(socket.toString());
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
