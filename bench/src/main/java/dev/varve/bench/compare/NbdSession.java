package dev.varve.bench.compare;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A session with an NBD server over a Unix socket, past its handshake: fixed newstyle, simple
 * replies. One thread at a time uses it, and every call blocks.
 *
 * <p>The requests here go one by one; {@link LeanClient} uses the {@link #channel} and keeps many
 * in flight.
 */
public final class NbdSession implements DiskSession {

  public static final int REQUEST_MAGIC = 0x25609513;
  public static final int REPLY_MAGIC = 0x67446698;
  public static final int REQUEST_LENGTH = 28;
  public static final int REPLY_LENGTH = 16;
  public static final short READ = 0;
  public static final short WRITE = 1;

  private static final short DISCONNECT = 2;
  private static final short FLUSH = 3;

  private static final long GREETING = 0x4e42444d41474943L; // NBDMAGIC
  private static final long OPTION_MAGIC = 0x49484156454f5054L; // IHAVEOPT
  private static final int FIXED_NEWSTYLE = 1;
  private static final int NO_ZEROES = 2;
  private static final int OPTION_GO = 7;
  private static final int REPLY_ACK = 1;
  private static final int REPLY_INFO = 3;
  private static final int REPLY_ERROR = 1 << 31;
  private static final int INFO_EXPORT = 0;

  private final SocketChannel channel;
  private final ByteBuffer header = ByteBuffer.allocateDirect(REQUEST_LENGTH);
  private long size;
  private long cookie;

  private NbdSession(SocketChannel channel) {
    this.channel = channel;
  }

  /** Connects and chooses the export {@code name}; the empty name is the default one. */
  public static NbdSession open(Path socket, String name) throws IOException {
    NbdSession session = greet(socket);
    try {
      session.choose(name);
      return session;
    } catch (Throwable e) {
      session.channel.close();
      throw e;
    }
  }

  private static NbdSession greet(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    try {
      var session = new NbdSession(channel);
      ByteBuffer greeting = session.receive(18);
      if (greeting.getLong() != GREETING || greeting.getLong() != OPTION_MAGIC) {
        throw new IOException(socket + " does not speak newstyle NBD");
      }
      int flags = greeting.getShort() & (FIXED_NEWSTYLE | NO_ZEROES);
      session.send(ByteBuffer.allocate(4).putInt(flags).flip());
      return session;
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private void choose(String name) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    var choice = ByteBuffer.allocate(4 + bytes.length + 2).putInt(bytes.length).put(bytes);
    option(OPTION_GO, choice.array());
    for (Reply reply = reply(); reply.type != REPLY_ACK; reply = reply()) {
      if ((reply.type & REPLY_ERROR) != 0) {
        throw new IOException("export '" + name + "' refused: " + reply);
      }
      if (reply.type == REPLY_INFO && reply.data.getShort() == INFO_EXPORT) {
        size = reply.data.getLong();
      }
    }
  }

  private record Reply(int type, ByteBuffer data) {}

  private void option(int option, byte[] data) throws IOException {
    var bytes = ByteBuffer.allocate(16 + data.length);
    send(bytes.putLong(OPTION_MAGIC).putInt(option).putInt(data.length).put(data).flip());
  }

  private Reply reply() throws IOException {
    ByteBuffer head = receive(20);
    return new Reply(head.getInt(12), receive(head.getInt(16)));
  }

  private ByteBuffer receive(int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    fill(bytes);
    return bytes.flip();
  }

  /** How many bytes the export has. */
  long size() {
    return size;
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    request(READ, offset, destination.remaining());
    answer(READ, offset);
    fill(destination);
  }

  void write(long offset, ByteBuffer source) throws IOException {
    request(WRITE, offset, source.remaining());
    send(source);
    answer(WRITE, offset);
  }

  @Override
  public void flush() throws IOException {
    request(FLUSH, 0, 0);
    answer(FLUSH, 0);
  }

  private void request(short command, long offset, int length) throws IOException {
    header.clear().putInt(REQUEST_MAGIC).putShort((short) 0).putShort(command);
    send(header.putLong(++cookie).putLong(offset).putInt(length).flip());
  }

  private void answer(short command, long offset) throws IOException {
    fill(header.clear().limit(REPLY_LENGTH));
    if (header.getInt(0) != REPLY_MAGIC || header.getLong(8) != cookie) {
      throw new IOException("not the reply to this request: " + header.getInt(0));
    }
    int error = header.getInt(4);
    if (error != 0) {
      throw new IOException("NBD error %d for command %d at %d".formatted(error, command, offset));
    }
  }

  /** The connection, for callers that send and receive requests themselves; blocks. */
  public SocketChannel channel() {
    return channel;
  }

  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) channel.write(bytes);
  }

  private void fill(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) throw new EOFException("the server closed the connection");
    }
  }

  /** Disconnects from the server. */
  @Override
  public void close() throws IOException {
    try (channel) {
      request(DISCONNECT, 0, 0);
    } catch (IOException e) {
      // The server closed the connection first.
    }
  }
}
