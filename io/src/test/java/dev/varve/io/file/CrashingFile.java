package dev.varve.io.file;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A file on a {@link CrashingDisk}. Its readers see the file system's cache: a real mapping of what
 * was written, durable or not. Its disk remembers what is durable.
 */
public final class CrashingFile implements ImageFile {
  private final CrashingDisk disk;
  private final String name;
  private final StoredFile stored;
  private final MappedFile visible;
  private final int other;
  private boolean writable;
  private @Nullable IOException syncFailure;
  private boolean open = true;

  /**
   * Takes over what it is given.
   *
   * @param other another descriptor of the visible file
   */
  CrashingFile(
      CrashingDisk disk,
      String name,
      StoredFile stored,
      MappedFile visible,
      int other,
      boolean writable) {
    this.disk = disk;
    this.name = name;
    this.stored = stored;
    this.visible = visible;
    this.other = other;
    this.writable = writable;
  }

  boolean isOpen() {
    return open;
  }

  boolean isWritable() {
    return writable;
  }

  /** Another program shortens the file. Not an operation that counts. */
  public void cutByAnother(long length) throws IOException {
    synchronized (disk) {
      disk.meddle();
      Posix.ftruncate(other, length);
      stored.setLength(length);
    }
  }

  /** Another program writes to the file. Not an operation that counts. */
  public void writtenByAnother(long offset, MemorySegment source) throws IOException {
    synchronized (disk) {
      disk.meddle();
      Posix.pwrite(other, source, offset);
      stored.write(offset, source);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long length() throws IOException {
    disk.checkPower(name);
    return visible.length();
  }

  @Override
  public MemorySegment mapping() {
    return visible.mapping();
  }

  @Override
  public boolean resident(long offset, long length) {
    return visible.resident(offset, length);
  }

  @Override
  public void refreshResidency() throws IOException {
    disk.checkPower(name);
    visible.refreshResidency();
  }

  @Override
  public void requireIntact() throws IOException {
    visible.requireIntact();
  }

  @Override
  public void refuseChanges(IOException why) {
    visible.refuseChanges(why);
  }

  @Override
  public @Nullable IOException damage() {
    return visible.damage();
  }

  @Override
  public void read(long offset, MemorySegment destination) throws IOException {
    disk.checkPower(name);
    if (disk.readFails()) throw new IOException(name + ": reading failed, as the test wants it");
    visible.read(offset, destination);
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    synchronized (disk) {
      boolean last = begin();
      long length = source.byteSize();
      long missing = stored.missingPages(offset, length);
      if (disk.fails() || !disk.takePages(missing)) {
        long part = length == 0 ? 0 : disk.random().nextLong(length);
        if (disk.takePages(stored.missingPages(offset, part))) {
          writeVisibly(offset, source.asSlice(0, part));
        }
        if (missing > 0) throw full("writing " + length + " bytes at " + offset);
        throw new IOException(name + ": writing failed, as the test wants it");
      }
      writeVisibly(offset, source);
      if (last) throw disk.powerLost(name);
    }
  }

  private void writeVisibly(long offset, MemorySegment source) throws IOException {
    if (source.byteSize() == 0) return;
    visible.write(offset, source);
    stored.write(offset, source);
  }

  @Override
  public void reserve(long offset, long length) throws IOException {
    synchronized (disk) {
      boolean last = begin();
      if (disk.fails() || !disk.takePages(stored.missingPages(offset, length))) {
        throw full("reserving " + length + " bytes at " + offset);
      }
      visible.reserve(offset, length);
      stored.reserve(offset, length);
      if (last) throw disk.powerLost(name);
    }
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    synchronized (disk) {
      boolean last = begin();
      if (disk.fails()) throw new IOException(name + ": punching failed, as the test wants it");
      if (disk.punches()) punchVisibly(offset, length);
      else zeroVisibly(offset, Math.min(length, visible.length() - offset));
      if (last) throw disk.powerLost(name);
    }
  }

  private void punchVisibly(long offset, long length) throws IOException {
    long before = stored.allocatedPages();
    visible.punch(offset, length);
    stored.punch(offset, length);
    disk.takePages(stored.allocatedPages() - before);
  }

  private void zeroVisibly(long offset, long length) throws IOException {
    visible.zero(offset, length);
    stored.zero(offset, length);
  }

  @Override
  public boolean punchesHoles() {
    return disk.punches();
  }

  @Override
  public void setLength(long length) throws IOException {
    synchronized (disk) {
      boolean last = begin();
      if (disk.fails()) throw full("setting the length to " + length);
      long before = stored.allocatedPages();
      visible.setLength(length);
      stored.setLength(length);
      disk.takePages(stored.allocatedPages() - before);
      if (last) throw disk.powerLost(name);
    }
  }

  @Override
  public long nextData(long offset, long end) throws IOException {
    disk.checkPower(name);
    return visible.nextData(offset, end);
  }

  /** Takes space first, as a reservation does, and then reads as zeroes. */
  @Override
  public void zero(long offset, long length) throws IOException {
    synchronized (disk) {
      boolean last = begin();
      if (disk.fails() || !disk.takePages(stored.missingPages(offset, length))) {
        throw full("zeroing " + length + " bytes at " + offset);
      }
      zeroVisibly(offset, length);
      if (last) throw disk.powerLost(name);
    }
  }

  @Override
  public long nextHole(long offset, long end) throws IOException {
    disk.checkPower(name);
    return visible.nextHole(offset, end);
  }

  @Override
  public void sync() throws IOException {
    synchronized (disk) {
      boolean last = begin();
      if (last) throw disk.powerLost(name);
      if (syncFailure != null) throw new IOException(name + " lost writes earlier", syncFailure);
      if (disk.fails()) {
        stored.settle(Loss.any(disk.random().nextLong()));
        syncFailure = new IOException(name + ": syncing failed, as the test wants it");
        throw syncFailure;
      }
      visible.sync();
      stored.sync();
    }
  }

  @Override
  public void prefetch(long offset, long length) throws IOException {
    disk.checkPower(name);
    visible.prefetch(offset, length);
  }

  @Override
  public void allowWriting() throws IOException {
    synchronized (disk) {
      disk.checkPower(name);
      disk.refuseOthers(this, true);
      writable = true;
    }
  }

  @Override
  public void onlyRead() {
    synchronized (disk) {
      writable = false;
    }
  }

  /**
   * Closes the file. It can be closed after the power has gone, as far as its user is concerned.
   */
  @Override
  public void close() throws IOException {
    synchronized (disk) {
      release();
    }
  }

  void release() throws IOException {
    if (!open) return;
    open = false;
    Posix.close(other);
    visible.close();
  }

  private boolean begin() throws IOException {
    if (!open) throw new IOException(name + " is closed");
    if (!writable) throw new IOException(name + " was opened for reading only");
    return disk.begin();
  }

  private OutOfSpaceException full(String doing) {
    return new OutOfSpaceException(name + ": " + doing + " found no space, as the test wants it");
  }
}
