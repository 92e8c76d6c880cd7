package dev.varve.io.file;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file that is read as if it were a file: a member of an archive. What lies beside the
 * part cannot be reached through it. Thread-safe, as the file is; closing it does nothing.
 */
public final class FileWindow implements ImageFile {

  private final ImageFile whole;
  private final String name;
  private final long begin;
  private final long length;

  /**
   * @param whole lent; only read
   * @param name of the part, for messages
   * @param begin where the part begins in the file
   */
  public FileWindow(ImageFile whole, String name, long begin, long length) {
    if (begin < 0 || length < 0 || begin > Long.MAX_VALUE - length)
      throw new IllegalArgumentException("no part of a file: %d, %d".formatted(begin, length));
    this.whole = whole;
    this.name = name;
    this.begin = begin;
    this.length = length;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean reaches(long end) throws IOException {
    return end <= length && whole.reaches(begin + end);
  }

  @Override
  public long fileSystem() {
    return whole.fileSystem();
  }

  @Override
  public MemorySegment mapping() {
    MemorySegment all = whole.mapping();
    long from = Math.min(begin, all.byteSize());
    return all.asSlice(from, Math.min(length, all.byteSize() - from));
  }

  private boolean isInside(long offset, long size) {
    return offset >= 0 && size <= length && offset <= length - size;
  }

  @Override
  public boolean resident(long offset, long size) {
    return isInside(offset, size) && whole.resident(begin + offset, size);
  }

  @Override
  public void refreshResidency() throws IOException {
    whole.refreshResidency();
  }

  @Override
  public void requireIntact() throws IOException {
    whole.requireIntact();
  }

  @Override
  public void refuseChanges(IOException why) {
    // Nothing is written to it anyway.
  }

  @Override
  public @Nullable IOException damage() {
    return whole.damage();
  }

  @Override
  public void read(long offset, MemorySegment destination) throws IOException {
    if (!isInside(offset, destination.byteSize()))
      throw new EOFException(
          "%s ends at %d, but %d bytes at %d were needed: it was cut, or never had them"
              .formatted(name, length, destination.byteSize(), offset));
    whole.read(begin + offset, destination);
  }

  @Override
  public long nextData(long offset, long end) throws IOException {
    return whole.nextData(begin + offset, begin + end) - begin;
  }

  @Override
  public long nextHole(long offset, long end) throws IOException {
    return whole.nextHole(begin + offset, begin + end) - begin;
  }

  @Override
  public void prefetch(long offset, long size) throws IOException {
    if (offset < length) whole.prefetch(begin + offset, Math.min(size, length - offset));
  }

  // ---- what would change it

  private IOException refusal() {
    return new IOException(name + " is a part of a file and is only read");
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    throw refusal();
  }

  @Override
  public void reserve(long offset, long size) throws IOException {
    throw refusal();
  }

  @Override
  public void punch(long offset, long size) throws IOException {
    throw refusal();
  }

  @Override
  public void zero(long offset, long size) throws IOException {
    throw refusal();
  }

  @Override
  public void setLength(long size) throws IOException {
    throw refusal();
  }

  @Override
  public void sync() throws IOException {
    throw refusal();
  }

  @Override
  public void allowWriting() throws IOException {
    throw refusal();
  }

  @Override
  public void onlyRead() {
    // It is so already.
  }

  @Override
  public void close() {
    // The file is its owner's to close.
  }
}
