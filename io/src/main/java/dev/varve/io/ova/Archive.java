package dev.varve.io.ova;

import dev.varve.io.file.FileWindow;
import dev.varve.io.file.ImageFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A tar archive that is being written, member by member. Not thread-safe; blocks. */
final class Archive implements Closeable {

  /** Of a member's name without its ending, in bytes. */
  static final int MOST_OF_NAME = 80;

  private final ImageFile file;
  private final Arena arena = Arena.ofConfined();
  private final List<Member> members = new ArrayList<>();
  private long at;

  /** Writes a member's contents; returns their length. */
  interface Contents {
    long write(ImageFile target, long offset) throws IOException;
  }

  /**
   * @param file empty; lent
   */
  Archive(ImageFile file) {
    this.file = file;
  }

  void add(String name, byte[] contents) throws IOException {
    add(
        name,
        (target, offset) -> {
          put(offset, contents);
          return contents.length;
        });
  }

  /** The header is written behind the contents, since it says how long they are. */
  void add(String name, Contents contents) throws IOException {
    long begin = at + TarHeader.SIZE;
    long length = contents.write(file, begin);
    put(at, TarHeader.of(name, length).bytes());
    members.add(
        new Member(name, name, null, length, () -> new FileWindow(file, name, begin, length)));
    at = begin + Math.ceilDiv(length, TarHeader.SIZE) * TarHeader.SIZE;
  }

  /** The checksums of all members so far. */
  byte[] checksums(Step step) throws IOException {
    var lines = new StringBuilder();
    for (Member member : members) lines.append(Manifest.line(member, step));
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Ends the archive: two empty headers. What is not written reads as zeroes. */
  void end() throws IOException {
    at += 2 * TarHeader.SIZE;
    file.setLength(at);
  }

  private void put(long offset, byte[] bytes) throws IOException {
    MemorySegment buffer = arena.allocate(Math.max(1, bytes.length));
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
    file.write(offset, buffer.asSlice(0, bytes.length));
  }

  @Override
  public void close() {
    arena.close();
  }
}
