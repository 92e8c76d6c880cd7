package dev.varve.io.vhd;

import dev.varve.io.file.ImageFile;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A file whose head is read: one that is open as an image, or one that is only looked at. */
interface HeadSource {

  String name();

  long length() throws IOException;

  /** Reads all of {@code destination}, or fails. */
  void read(long offset, MemorySegment destination) throws IOException;

  /** Reads bytes that are known to be in the file. */
  default MemorySegment read(long offset, int length) throws IOException {
    MemorySegment bytes = Arena.ofAuto().allocate(length, 8);
    read(offset, bytes);
    return bytes;
  }

  static HeadSource of(ImageFile file) {
    return new HeadSource() {
      @Override
      public String name() {
        return file.name();
      }

      @Override
      public long length() throws IOException {
        return file.length();
      }

      @Override
      public void read(long offset, MemorySegment destination) throws IOException {
        file.read(offset, destination);
      }
    };
  }

  static HeadSource of(FileChannel file, String name) {
    return new HeadSource() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public long length() throws IOException {
        return file.size();
      }

      @Override
      public void read(long offset, MemorySegment destination) throws IOException {
        ByteBuffer buffer = destination.asByteBuffer();
        while (buffer.hasRemaining()) {
          if (file.read(buffer, offset + buffer.position()) < 0)
            throw new EOFException(name + " ends before it was read");
        }
      }
    };
  }
}
