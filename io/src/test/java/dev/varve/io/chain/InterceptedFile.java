package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A file whose calls a test sees, and may hold up, before they are carried out and before they
 * return.
 */
final class InterceptedFile implements ImageFile {

  enum Call {
    READ,
    WRITE,
    RESERVE,
    PUNCH,
    NEXT_DATA,
    SYNC
  }

  /** Called by whatever thread makes the call. */
  interface Interceptor {
    void before(Call call, long offset);

    default void after(Call call, long offset) {}
  }

  private final ImageFile file;
  private final Interceptor interceptor;

  /**
   * @param file owned from now on
   */
  InterceptedFile(ImageFile file, Interceptor interceptor) {
    this.file = file;
    this.interceptor = interceptor;
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public long length() throws IOException {
    return file.length();
  }

  @Override
  public MemorySegment mapping() {
    return file.mapping();
  }

  @Override
  public boolean resident(long offset, long length) {
    return file.resident(offset, length);
  }

  @Override
  public void refreshResidency() throws IOException {
    file.refreshResidency();
  }

  @Override
  public void requireIntact() throws IOException {
    file.requireIntact();
  }

  @Override
  public void refuseChanges(IOException why) {
    file.refuseChanges(why);
  }

  @Override
  public @Nullable IOException damage() {
    return file.damage();
  }

  @Override
  public void read(long offset, MemorySegment destination) throws IOException {
    interceptor.before(Call.READ, offset);
    file.read(offset, destination);
    interceptor.after(Call.READ, offset);
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    interceptor.before(Call.WRITE, offset);
    file.write(offset, source);
    interceptor.after(Call.WRITE, offset);
  }

  @Override
  public void reserve(long offset, long length) throws IOException {
    interceptor.before(Call.RESERVE, offset);
    file.reserve(offset, length);
    interceptor.after(Call.RESERVE, offset);
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    interceptor.before(Call.PUNCH, offset);
    file.punch(offset, length);
    interceptor.after(Call.PUNCH, offset);
  }

  @Override
  public boolean punchesHoles() throws IOException {
    return file.punchesHoles();
  }

  @Override
  public void setLength(long length) throws IOException {
    file.setLength(length);
  }

  @Override
  public long nextData(long offset, long end) throws IOException {
    interceptor.before(Call.NEXT_DATA, offset);
    long data = file.nextData(offset, end);
    interceptor.after(Call.NEXT_DATA, offset);
    return data;
  }

  @Override
  public void zero(long offset, long length) throws IOException {
    file.zero(offset, length);
  }

  @Override
  public long nextHole(long offset, long end) throws IOException {
    return file.nextHole(offset, end);
  }

  @Override
  public void sync() throws IOException {
    interceptor.before(Call.SYNC, 0);
    file.sync();
    interceptor.after(Call.SYNC, 0);
  }

  @Override
  public void prefetch(long offset, long length) throws IOException {
    file.prefetch(offset, length);
  }

  @Override
  public void allowWriting() throws IOException {
    file.allowWriting();
  }

  @Override
  public void onlyRead() throws IOException {
    file.onlyRead();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
