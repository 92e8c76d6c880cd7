package dev.varve.http.command;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client of one NBD export over a Unix socket. Requests may be sent before earlier replies. */
final class NbdSocket implements Closeable {

  static final int FUA = 1;
  static final int READ = 0;
  static final int WRITE = 1;
  static final int DISCONNECT = 2;
  static final int FLUSH = 3;
  static final int DISCARD = 4;
  static final int WRITE_ZEROES = 6;

  static final int EIO = 5;

  /** The error of requests that a server no longer takes because it is stopping. */
  static final int ESHUTDOWN = 108;

  private static final int FIXED_NEWSTYLE_WITHOUT_ZEROES = 3;
  private static final long OPTION_MAGIC = 0x49484156454F5054L; // IHAVEOPT
  private static final int EXPORT_NAME = 1;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int REPLY_MAGIC = 0x67446698;

  record Reply(long cookie, int error) {}

  private final SocketChannel socket;

  /** Connects and takes the server's first export. */
  NbdSocket(Path path) throws IOException {
    this(path, "");
  }

  /** Connects and takes an export. */
  NbdSocket(Path path, String export) throws IOException {
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
    receive(18);
    send(
        ByteBuffer.allocate(20 + name.length)
            .putInt(FIXED_NEWSTYLE_WITHOUT_ZEROES)
            .putLong(OPTION_MAGIC)
            .putInt(EXPORT_NAME)
            .putInt(name.length)
            .put(name)
            .flip());
    receive(10);
  }

  /** Sends a request; a write's data follow by {@link #send(ByteBuffer)}. */
  void request(int flags, int command, long cookie, long offset, int length) throws IOException {
    send(
        ByteBuffer.allocate(28)
            .putInt(REQUEST_MAGIC)
            .putShort((short) flags)
            .putShort((short) command)
            .putLong(cookie)
            .putLong(offset)
            .putInt(length)
            .flip());
  }

  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) socket.write(bytes);
  }

  Reply reply() throws IOException {
    ByteBuffer reply = receive(16);
    if (reply.getInt() != REPLY_MAGIC) throw new AssertionError("no simple reply");
    int error = reply.getInt();
    return new Reply(reply.getLong(), error);
  }

  /** The first bytes of the disk, or all of it. */
  byte[] readAll(int capacity) throws IOException {
    var contents = ByteBuffer.allocate(capacity);
    for (int length, offset = 0; offset < capacity; offset += length) {
      length = Math.min(1 << 20, capacity - offset);
      request(0, READ, offset, offset, length);
      Reply reply = reply();
      if (reply.error() != 0) throw new AssertionError("at " + offset + ": " + reply);
      contents.put(receive(length));
    }
    return contents.array();
  }

  private ByteBuffer receive(int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (socket.read(bytes) < 0) throw new EOFException("the server has disconnected");
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
