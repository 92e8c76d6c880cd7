package dev.varve.io.vhost;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;

/**
 * A message of the vhost-user protocol as it arrives: a header of 12 bytes (request, flags, size),
 * a payload, and descriptors. Reused for one after another; not thread-safe.
 */
final class ControlMessage {

  static final int HEADER = 12;

  // VHOST_USER_..., from the front-end
  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int RESET_OWNER = 4;
  static final int SET_MEM_TABLE = 5;
  static final int SET_VRING_NUM = 8;
  static final int SET_VRING_ADDR = 9;
  static final int SET_VRING_BASE = 10;
  static final int GET_VRING_BASE = 11;
  static final int SET_VRING_KICK = 12;
  static final int SET_VRING_CALL = 13;
  static final int SET_VRING_ERR = 14;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int SET_PROTOCOL_FEATURES = 16;
  static final int GET_QUEUE_NUM = 17;
  static final int SET_VRING_ENABLE = 18;
  static final int SET_BACKEND_REQ_FD = 21;
  static final int GET_CONFIG = 24;
  static final int SET_CONFIG = 25;
  static final int GET_INFLIGHT_FD = 31;
  static final int SET_INFLIGHT_FD = 32;
  static final int RESET_DEVICE = 34;
  static final int GET_MAX_MEM_SLOTS = 36;
  static final int ADD_MEM_REG = 37;
  static final int REM_MEM_REG = 38;

  /** VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, to the front-end. */
  static final int CONFIG_CHANGE = 2;

  /** Those that have an answer of their own. */
  private static final Set<Integer> ANSWERED =
      Set.of(
          GET_FEATURES,
          GET_VRING_BASE,
          GET_PROTOCOL_FEATURES,
          GET_QUEUE_NUM,
          GET_CONFIG,
          GET_INFLIGHT_FD,
          GET_MAX_MEM_SLOTS);

  /** No message that is known here has more. */
  private static final int MOST_PAYLOAD = 4096;

  /** No message has more: as many as regions of memory in one. */
  private static final int MOST_DESCRIPTORS = 32;

  private static final int VERSION = 1;
  private static final int VERSION_MASK = 3;
  private static final int REPLY = 4;
  private static final int NEED_REPLY = 8;

  private final MemorySegment bytes = Arena.ofAuto().allocate(HEADER + MOST_PAYLOAD, 8);

  /** With those that come at once with the last that is too many. */
  private final int[] descriptors = new int[MOST_DESCRIPTORS + DescriptorSocket.MOST_DESCRIPTORS];

  private int descriptorCount;
  private int descriptorsTaken;
  private int received;

  /** Outcome of {@link #receive}. */
  enum Received {
    COMPLETE,
    MORE_TO_COME,
    END
  }

  /** Receives the next message, or some more of it. */
  Received receive(DescriptorSocket socket) throws PosixException, ProtocolException {
    while (true) {
      int wanted = received < HEADER ? HEADER : HEADER + size();
      if (received == wanted) return Received.COMPLETE;
      int length = socket.receive(bytes.asSlice(received, wanted - received));
      keepDescriptors(socket);
      if (length == DescriptorSocket.NOTHING_YET) return Received.MORE_TO_COME;
      if (length == 0) return Received.END;
      received += length;
      if (received == HEADER) checkHeader();
    }
  }

  private void keepDescriptors(DescriptorSocket socket) throws ProtocolException {
    for (int i = 0; i < socket.receivedDescriptors(); i++)
      descriptors[descriptorCount++] = socket.receivedDescriptor(i);
    if (descriptorCount > MOST_DESCRIPTORS)
      throw new ProtocolException("more descriptors than a message has");
  }

  private void checkHeader() throws ProtocolException {
    if ((flags() & VERSION_MASK) != VERSION)
      throw new ProtocolException("a message of another version, flags %#x".formatted(flags()));
    if (size() < 0 || size() > MOST_PAYLOAD)
      throw new ProtocolException("a message of %d bytes".formatted(size() & 0xffffffffL));
  }

  /**
   * Gets ready for the next message.
   *
   * @throws ProtocolException a descriptor was not taken
   */
  void next() throws ProtocolException {
    if (descriptorsTaken < descriptorCount)
      throw new ProtocolException(
          "message %d with a descriptor that it does not need".formatted(request()));
    descriptorCount = 0;
    descriptorsTaken = 0;
    received = 0;
  }

  /** Closes the descriptors that were not taken, which may wait. */
  void clear() throws PosixException {
    while (descriptorsTaken < descriptorCount) Posix.close(descriptors[descriptorsTaken++]);
  }

  int request() {
    return bytes.get(JAVA_INT_UNALIGNED, 0);
  }

  private int flags() {
    return bytes.get(JAVA_INT_UNALIGNED, 4);
  }

  /** Bytes of the payload. */
  int size() {
    return bytes.get(JAVA_INT_UNALIGNED, 8);
  }

  /** Whether the front-end waits to hear that it was carried out, and hears it in no other way. */
  boolean needsReply() {
    return (flags() & NEED_REPLY) != 0 && !ANSWERED.contains(request());
  }

  /** Checks that the payload has at least so many bytes. */
  ControlMessage atLeast(int size) throws ProtocolException {
    if (size() < size)
      throw new ProtocolException(
          "message %d with %d bytes instead of %d".formatted(request(), size(), size));
    return this;
  }

  /** 32 bits of the payload, which has so many bytes. */
  int getInt(int at) {
    return bytes.get(JAVA_INT_UNALIGNED, HEADER + (long) at);
  }

  long getLong(int at) {
    return bytes.get(JAVA_LONG_UNALIGNED, HEADER + (long) at);
  }

  int getShort(int at) {
    return bytes.get(JAVA_SHORT_UNALIGNED, HEADER + (long) at) & 0xffff;
  }

  byte getByte(int at) {
    return bytes.get(JAVA_BYTE, HEADER + (long) at);
  }

  /** How many descriptors came with it. */
  int descriptors() {
    return descriptorCount;
  }

  /**
   * The next descriptor, which stays the message's.
   *
   * @throws ProtocolException there is no other
   */
  int nextDescriptor() throws ProtocolException {
    if (descriptorsTaken == descriptorCount)
      throw new ProtocolException("message %d without a descriptor".formatted(request()));
    return descriptors[descriptorsTaken];
  }

  /** Takes the {@link #nextDescriptor}, which is the caller's then. */
  int takeDescriptor() throws ProtocolException {
    int descriptor = nextDescriptor();
    descriptorsTaken++;
    return descriptor;
  }

  /** A reply to this message. */
  byte[] reply(byte... payload) {
    return encode(request(), VERSION | REPLY, payload);
  }

  /** A message of the back-end's own. */
  static byte[] message(int request) {
    return encode(request, VERSION);
  }

  private static byte[] encode(int request, int flags, byte... payload) {
    byte[] message = new byte[HEADER + payload.length];
    MemorySegment out = MemorySegment.ofArray(message);
    out.set(JAVA_INT_UNALIGNED, 0, request);
    out.set(JAVA_INT_UNALIGNED, 4, flags);
    out.set(JAVA_INT_UNALIGNED, 8, payload.length);
    System.arraycopy(payload, 0, message, HEADER, payload.length);
    return message;
  }

  /** 64 bits as a payload. */
  static byte[] payload(long value) {
    byte[] bytes = new byte[8];
    MemorySegment.ofArray(bytes).set(JAVA_LONG_UNALIGNED, 0, value);
    return bytes;
  }

  @Override
  public String toString() {
    return "message %d, %d bytes, %s"
        .formatted(request(), size(), Arrays.toString(Arrays.copyOf(descriptors, descriptorCount)));
  }
}
