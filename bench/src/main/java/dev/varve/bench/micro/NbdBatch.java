package dev.varve.bench.micro;

import dev.varve.bench.compare.NbdSession;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A client that sends a batch of equal requests and takes all their replies; allocates nothing
 * meanwhile.
 */
final class NbdBatch implements AutoCloseable {

  private static final int OFFSET_AT = 16;

  private final NbdSession session;
  private final ByteBuffer requests;
  private final ByteBuffer replies;
  private final int requestLength;
  private final int replyLength;

  private NbdBatch(Path socket, int count, short command) throws IOException {
    boolean reads = command == NbdSession.READ;
    session = NbdSession.open(socket, "disk");
    requestLength = NbdSession.REQUEST_LENGTH + (reads ? 0 : Offsets.PAGE);
    replyLength = NbdSession.REPLY_LENGTH + (reads ? Offsets.PAGE : 0);
    requests = ByteBuffer.allocateDirect(count * requestLength);
    replies = ByteBuffer.allocateDirect(count * replyLength);
    for (int at = 0; at < requests.capacity(); at += requestLength) {
      requests.putInt(at, NbdSession.REQUEST_MAGIC);
      requests.putShort(at + 6, command);
      requests.putInt(at + 24, Offsets.PAGE);
    }
  }

  static NbdBatch ofReads(Path socket, int count) throws IOException {
    return new NbdBatch(socket, count, NbdSession.READ);
  }

  static NbdBatch ofWrites(Path socket, int count) throws IOException {
    return new NbdBatch(socket, count, NbdSession.WRITE);
  }

  void exchange(Offsets offsets) throws IOException {
    for (int at = 0; at < requests.capacity(); at += requestLength) {
      requests.putLong(at + OFFSET_AT, offsets.next());
    }
    SocketChannel channel = session.channel();
    requests.clear();
    while (requests.hasRemaining()) channel.write(requests);
    replies.clear();
    while (replies.hasRemaining()) {
      if (channel.read(replies) < 0) throw new EOFException("the server closed the connection");
    }
    for (int at = 0; at < replies.capacity(); at += replyLength) {
      if (replies.getInt(at) != NbdSession.REPLY_MAGIC || replies.getInt(at + 4) != 0) {
        throw new IOException("a request failed");
      }
    }
  }

  @Override
  public void close() throws IOException {
    session.close();
  }
}
