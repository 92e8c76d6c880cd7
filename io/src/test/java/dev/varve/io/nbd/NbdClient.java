package dev.varve.io.nbd;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A client of the fewest means: says exactly what it is told to, blocks, and shows what comes back.
 */
public final class NbdClient implements Closeable {

  private final SocketChannel socket;
  private long capacity = -1;
  private int flags;

  private NbdClient(SocketChannel socket) {
    this.socket = socket;
  }

  public static NbdClient connect(Path path) throws IOException {
    SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    socket.connect(UnixDomainSocketAddress.of(path));
    return new NbdClient(socket);
  }

  static NbdClient connect(SocketAddress address) throws IOException {
    return new NbdClient(SocketChannel.open(address));
  }

  /** Takes the greeting and answers it with these flags. */
  NbdClient greet(int flags) throws IOException {
    receive(18);
    send(bytes(4).putInt(flags));
    return this;
  }

  public NbdClient greet() throws IOException {
    return greet(Wire.FLAG_FIXED_NEWSTYLE | Wire.FLAG_NO_ZEROES);
  }

  /** What a client sends that takes the only export there is, for a channel without a socket. */
  static List<byte[]> choosesTheOnlyDisk() {
    byte[] go = infoData("");
    return List.of(
        bytes(4).putInt(Wire.FLAG_FIXED_NEWSTYLE | Wire.FLAG_NO_ZEROES).array(),
        bytes(16 + go.length)
            .putLong(Wire.OPTION_MAGIC)
            .putInt(Wire.OPT_GO)
            .putInt(go.length)
            .put(go)
            .array());
  }

  // ---- Options

  record OptionReply(int option, int type, byte[] data) {
    String text() {
      return new String(data, StandardCharsets.UTF_8);
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(data);
    }
  }

  void sendOption(int option, byte... data) throws IOException {
    send(
        bytes(16 + data.length)
            .putLong(Wire.OPTION_MAGIC)
            .putInt(option)
            .putInt(data.length)
            .put(data));
  }

  OptionReply optionReply() throws IOException {
    ByteBuffer header = receive(20);
    if (header.getLong() != Wire.OPTION_REPLY_MAGIC) throw new IOException("no option reply");
    int option = header.getInt();
    int type = header.getInt();
    return new OptionReply(option, type, receiveBytes(header.getInt()));
  }

  /** Sends an option and takes all replies; the last one is an acknowledgement or an error. */
  List<OptionReply> option(int option, byte... data) throws IOException {
    sendOption(option, data);
    var replies = new ArrayList<OptionReply>();
    do replies.add(optionReply());
    while (replies.getLast().type() > Wire.REP_ACK);
    return replies;
  }

  /** The data of INFO and GO. */
  static byte[] infoData(String name, int... infos) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data =
        ByteBuffer.allocate(6 + utf8.length + 2 * infos.length).putInt(utf8.length).put(utf8);
    data.putShort((short) infos.length);
    for (int info : infos) data.putShort((short) info);
    return data.array();
  }

  /** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
  static byte[] contextData(String name, String... queries) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data =
        ByteBuffer.allocate(70_000).putInt(utf8.length).put(utf8).putInt(queries.length);
    for (String query : queries) {
      byte[] text = query.getBytes(StandardCharsets.UTF_8);
      data.putInt(text.length).put(text);
    }
    return java.util.Arrays.copyOf(data.array(), data.position());
  }

  NbdClient structured() throws IOException {
    option(Wire.OPT_STRUCTURED_REPLY);
    return this;
  }

  public NbdClient go(String name) throws IOException {
    List<OptionReply> replies = option(Wire.OPT_GO, infoData(name));
    OptionReply last = replies.getLast();
    if (last.type() != Wire.REP_ACK) throw new IOException("GO refused: " + last.text());
    for (OptionReply reply : replies) {
      boolean export = reply.type() == Wire.REP_INFO && reply.buffer().getShort() == 0;
      if (!export) continue;
      capacity = reply.buffer().getLong(2);
      flags = reply.buffer().getShort(10);
    }
    return this;
  }

  /** The size that the server named when the export was chosen, in bytes. */
  public long capacity() {
    return capacity;
  }

  /** The transmission flags of the export. */
  public int flags() {
    return flags;
  }

  // ---- Requests

  /** The bytes of a request without its payload. */
  static byte[] header(int flags, int command, long cookie, long offset, long length) {
    return ByteBuffer.allocate(28)
        .putInt(Wire.REQUEST_MAGIC)
        .putShort((short) flags)
        .putShort((short) command)
        .putLong(cookie)
        .putLong(offset)
        .putInt((int) length)
        .array();
  }

  void request(int flags, NbdCommand command, long cookie, long offset, long length)
      throws IOException {
    send(header(flags, command.ordinal(), cookie, offset, length));
  }

  public void write(int flags, long cookie, long offset, byte[] data) throws IOException {
    request(flags, NbdCommand.WRITE, cookie, offset, data.length);
    send(data);
  }

  public record SimpleReply(int error, long cookie) {}

  public SimpleReply simpleReply() throws IOException {
    ByteBuffer reply = receive(16);
    if (reply.getInt() != Wire.SIMPLE_REPLY_MAGIC) throw new IOException("no simple reply");
    return new SimpleReply(reply.getInt(), reply.getLong());
  }

  record Chunk(boolean done, int type, long cookie, ByteBuffer payload) {
    /** The error of an error chunk. */
    int error() {
      return payload.getInt(0);
    }

    /** The message of an error chunk. */
    String message() {
      ByteBuffer text = payload.slice(6, payload.getShort(4) & 0xffff);
      return StandardCharsets.UTF_8.decode(text).toString();
    }

    /** The payload from {@code offset} on. */
    byte[] tail(int offset) {
      byte[] bytes = new byte[payload.limit() - offset];
      payload.get(offset, bytes);
      return bytes;
    }
  }

  Chunk chunk() throws IOException {
    ByteBuffer header = receive(20);
    if (header.getInt() != Wire.STRUCTURED_REPLY_MAGIC) throw new IOException("no chunk");
    boolean done = (header.getShort() & Wire.REPLY_FLAG_DONE) != 0;
    int type = header.getShort() & 0xffff;
    long cookie = header.getLong();
    return new Chunk(done, type, cookie, receive(header.getInt()));
  }

  /** Reads with simple replies, one request at a time. */
  public byte[] read(long offset, int length) throws IOException {
    request(0, NbdCommand.READ, 1, offset, length);
    SimpleReply reply = simpleReply();
    if (reply.error() != 0) throw new IOException("read failed with " + reply.error());
    return receiveBytes(length);
  }

  /** Sends requests for the disk's first bytes, and takes no reply. */
  public void askForReads(int count, int length) throws IOException {
    for (int i = 0; i < count; i++) request(0, NbdCommand.READ, i, 0, length);
  }

  /** Makes everything durable; returns the error. */
  public int flush() throws IOException {
    return ask(0, NbdCommand.FLUSH, 0, 0);
  }

  /** Sends a request that is answered by a simple reply, and takes its error. */
  public int discard(long offset, long length) throws IOException {
    return ask(0, NbdCommand.TRIM, offset, length);
  }

  public int writeZeroes(long offset, long length) throws IOException {
    return ask(0, NbdCommand.WRITE_ZEROES, offset, length);
  }

  int ask(int flags, NbdCommand command, long offset, long length) throws IOException {
    request(flags, command, 77, offset, length);
    return simpleReply().error();
  }

  // ---- Bytes

  static ByteBuffer bytes(int length) {
    return ByteBuffer.allocate(length);
  }

  void send(ByteBuffer buffer) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) socket.write(buffer);
  }

  void send(byte[] data) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(data);
    while (buffer.hasRemaining()) socket.write(buffer);
  }

  /** Exactly so many bytes. */
  ByteBuffer receive(int length) throws IOException {
    ByteBuffer buffer = bytes(length);
    while (buffer.hasRemaining()) {
      if (socket.read(buffer) < 0) throw new EOFException("the server has disconnected");
    }
    return buffer.flip();
  }

  byte[] receiveBytes(int length) throws IOException {
    byte[] bytes = new byte[length];
    receive(length).get(bytes);
    return bytes;
  }

  /** Whether the server disconnects without another byte. */
  boolean isDisconnected() throws IOException {
    try {
      return socket.read(bytes(1)) < 0;
    } catch (java.net.SocketException e) {
      return true; // reset, because bytes from here were not looked at
    }
  }

  SocketChannel socket() {
    return socket;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
