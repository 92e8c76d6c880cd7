package dev.varve.http.api;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeMap;

/** Says exactly what a test wants it to say, HTTP or not. Blocks. */
final class RawClient implements AutoCloseable {

  /** An answer, and whether the server closed the connection after it. */
  record Reply(int status, TreeMap<String, String> headers, String body) {
    JsonObject json() {
      return new JsonObject(body);
    }

    String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }
  }

  private final SocketChannel channel;
  private final StringBuilder received = new StringBuilder();

  private RawClient(SocketChannel channel) {
    this.channel = channel;
  }

  static RawClient tcp(int port) throws IOException {
    return new RawClient(SocketChannel.open(new InetSocketAddress("127.0.0.1", port)));
  }

  static RawClient unix(Path socket) throws IOException {
    var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return new RawClient(channel);
  }

  /** Sends text, each {@code \n} as the line end of HTTP. */
  RawClient send(String text) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap(text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining()) channel.write(bytes);
    return this;
  }

  /** Says that nothing more comes. */
  RawClient shutDown() throws IOException {
    channel.shutdownOutput();
    return this;
  }

  /** The next answer. */
  Reply reply() throws IOException {
    int end;
    while ((end = received.indexOf("\r\n\r\n")) < 0) if (!more()) throw closed();
    String[] lines = received.substring(0, end).split("\r\n");
    var headers = new TreeMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    received.delete(0, end + 4);
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    while (received.length() < length) if (!more()) throw closed();
    String body = received.substring(0, length);
    received.delete(0, length);
    return new Reply(Integer.parseInt(lines[0].split(" ")[1]), headers, body);
  }

  /** What has come when this text has: of a body that does not end. */
  String until(String text) throws IOException {
    int at;
    while ((at = received.indexOf(text)) < 0) if (!more()) throw closed();
    String read = received.substring(0, at + text.length());
    received.delete(0, at + text.length());
    return read;
  }

  private IOException closed() {
    return new IOException("closed after: " + received);
  }

  /** Whether the server closes the connection, and says nothing more before. */
  boolean isClosedByServer() throws IOException {
    return received.isEmpty() && !more();
  }

  private boolean more() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8192);
    int count;
    try {
      count = channel.read(bytes);
    } catch (IOException reset) {
      return false;
    }
    if (count < 0) return false;
    received.append(new String(bytes.array(), 0, count, StandardCharsets.ISO_8859_1));
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
