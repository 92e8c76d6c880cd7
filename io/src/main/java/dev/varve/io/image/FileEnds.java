package dev.varve.io.image;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The beginning and the end of a file, where formats have their signatures. Immutable.
 *
 * @param head the first bytes; all of a short file
 * @param tail the last bytes, at most two sectors
 * @param length of the whole file
 */
record FileEnds(byte[] head, byte[] tail, long length) {

  /**
   * An ISO file has its signature behind 32 KiB, a descriptor within a VMDK file ends at 11 KiB.
   */
  private static final int HEAD = 64 << 10;

  private static final int TAIL = 1024;

  /** How many bytes are examined to decide whether a file is text. */
  private static final int TEXT = 4096;

  /** May block. */
  static FileEnds of(FileChannel file) throws IOException {
    long length = file.size();
    return new FileEnds(read(file, 0, HEAD), read(file, Math.max(0, length - TAIL), TAIL), length);
  }

  /** The same of a file that is open; may block. */
  static FileEnds of(ImageFile file) throws IOException {
    long length = file.length();
    long tail = Math.max(0, length - TAIL);
    return new FileEnds(
        read(file, 0, (int) Math.min(HEAD, length)),
        read(file, tail, (int) (length - tail)),
        length);
  }

  private static byte[] read(ImageFile file, long offset, int length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      file.read(offset, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static byte[] read(FileChannel file, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && file.read(bytes, offset + bytes.position()) > 0) {}
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  /** Whether the head has these bytes at {@code offset}. */
  boolean hasAt(int offset, byte[] bytes) {
    return hasAt(head, offset, bytes);
  }

  /** Whether these bytes begin {@code distance} before the end. */
  boolean hasBeforeEnd(int distance, byte[] bytes) {
    return hasAt(tail, tail.length - distance, bytes);
  }

  private static boolean hasAt(byte[] in, int offset, byte[] bytes) {
    return offset >= 0
        && offset + bytes.length <= in.length
        && Arrays.equals(in, offset, offset + bytes.length, bytes, 0, bytes.length);
  }

  /** The unsigned big-endian number in four bytes of the head; 0 behind the end of the head. */
  long bigEndian(int offset) {
    if (offset + Integer.BYTES > head.length) return 0;
    return Integer.toUnsignedLong(ByteBuffer.wrap(head).getInt(offset));
  }

  /**
   * Whether the file begins as text: lines of UTF-8 without control characters. A disk filled with
   * one letter has no lines, so a text without lines must be the whole file.
   */
  boolean isText() {
    int length = Math.min(head.length, TEXT);
    if (length == 0) return false;
    boolean lines = length == this.length;
    for (int i = 0; i < length; i++) {
      byte b = head[i];
      if (b == '\n') lines = true;
      boolean control = b >= 0 && b < ' ' || b == 0x7F;
      if (control && b != '\n' && b != '\r' && b != '\t' && b != '\f') return false;
    }
    return lines && isUtf8(length);
  }

  private boolean isUtf8(int length) {
    int end = length;
    // The end may cut a character.
    if (length < this.length) while (end > length - 4 && end > 0 && head[end - 1] < 0) end--;
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(head, 0, end));
      return true;
    } catch (CharacterCodingException _) {
      return false;
    }
  }

  /** The head as text, one character for each byte. */
  String text() {
    return new String(head, StandardCharsets.ISO_8859_1);
  }
}
