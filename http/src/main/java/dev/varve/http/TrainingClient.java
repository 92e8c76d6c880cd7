package dev.varve.http;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A client that sends many requests and checks no reply, so that the JVM sees the hot path at work
 * before the AOT cache is recorded. It speaks NBD with the oldest newstyle handshake and simple
 * replies. For one thread; blocks.
 */
final class TrainingClient implements AutoCloseable {

  static final int READ = 0;
  static final int WRITE = 1;
  static final int FLUSH = 3;
  static final int TRIM = 4;

  private static final int REQUEST_MAGIC = 0x25609513;
  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int EXPORT_NAME = 1;
  private static final int FIXED_NEWSTYLE_AND_NO_ZEROES = 3;
  private static final int GREETING = 18;
  private static final int EXPORT = 10;
  private static final int REPLY = 16;

  private final SocketChannel socket;
  private final ByteBuffer out = ByteBuffer.allocateDirect(2 << 20);
  private final ByteBuffer in = ByteBuffer.allocateDirect(2 << 20);

  /** Connects to the default export of a server. */
  TrainingClient(Path path) throws IOException {
    socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
    receive(GREETING);
    out.putInt(FIXED_NEWSTYLE_AND_NO_ZEROES).putLong(OPTION_MAGIC).putInt(EXPORT_NAME).putInt(0);
    send();
    receive(EXPORT);
  }

  /**
   * Sends {@code count} requests at once, the next each {@code stride} bytes further, and takes the
   * replies.
   */
  void ask(int command, long offset, long stride, int length, int count) throws IOException {
    int payload = command == WRITE ? length : 0;
    for (int i = 0; i < count; i++) {
      out.putInt(REQUEST_MAGIC).putInt(command).putLong(i).putLong(offset + i * stride);
      out.putInt(length).position(out.position() + payload);
    }
    send();
    receive(count * (REPLY + (command == READ ? length : 0)));
  }

  private void send() throws IOException {
    out.flip();
    while (out.hasRemaining()) socket.write(out);
    out.clear();
  }

  private void receive(int length) throws IOException {
    in.clear().limit(length);
    while (in.hasRemaining()) {
      if (socket.read(in) < 0) throw new EOFException("the server has closed the connection");
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
