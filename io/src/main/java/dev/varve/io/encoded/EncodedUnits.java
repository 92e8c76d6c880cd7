package dev.varve.io.encoded;

import dev.varve.core.device.ReadSink;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The encoded units of one image: decodes them, and keeps what was decoded last in {@link
 * DecodedPages}. A unit that is read in parts is decoded once. Threads that need the same unit wait
 * for the one that decodes it; another image is never waited for.
 *
 * <p>Thread-safe. {@link #close} is called when nothing reads any more.
 */
public final class EncodedUnits implements Closeable {

  /** Units with the same number modulo this are decoded one at a time. */
  private static final int LOCKS = 16;

  private final DecodedPages pages;
  private final int owner;
  private final int unitSize;
  private final int pageSize;
  private final int pageShift;
  private final Decoder decoder;
  private final Object[] locks = new Object[LOCKS];
  private boolean closed;

  /** Decodes one unit of a format. Thread-safe; may wait for the medium. */
  public interface Decoder {

    /**
     * Fills all of {@code destination}, which is as long as a unit.
     *
     * @param unit its number, from 0
     * @throws IOException if the medium fails or the file is damaged
     */
    void decode(long unit, MemorySegment destination) throws IOException;
  }

  /**
   * @param unitSize in bytes, a power of two
   */
  public EncodedUnits(DecodedPages pages, int unitSize, Decoder decoder) {
    this.pages = pages;
    this.owner = pages.open();
    this.unitSize = unitSize;
    this.pageSize = Math.min(unitSize, DecodedPages.PAGE);
    this.pageShift = Integer.numberOfTrailingZeros(pageSize);
    this.decoder = decoder;
    for (int i = 0; i < LOCKS; i++) locks[i] = new Object();
  }

  /**
   * Hands a range to {@code sink} if it was decoded before and lies in one page. Never waits.
   *
   * @return false if not; then {@code sink} got nothing
   */
  public boolean tryRead(long offset, int length, ReadSink sink) {
    int within = (int) offset & pageSize - 1;
    if (length > pageSize - within) return false;
    int slot = pages.pin(owner, offset >>> pageShift);
    if (slot < 0) return false;
    try {
      sink.bytes(pages.bytes(slot), within, length);
      return true;
    } finally {
      pages.unpin(slot);
    }
  }

  /** Reads a range, of any number of units. May wait. */
  public void read(long offset, MemorySegment destination) throws IOException {
    long length = destination.byteSize();
    for (long done = 0; done < length; ) {
      long unit = (offset + done) / unitSize;
      int within = (int) ((offset + done) & unitSize - 1);
      int run = (int) Math.min(length - done, unitSize - within);
      readWithin(unit, within, destination.asSlice(done, run));
      done += run;
    }
  }

  private void readWithin(long unit, int within, MemorySegment destination) throws IOException {
    if (copyKept(unit, within, destination)) return;
    if (destination.byteSize() == unitSize) {
      decoder.decode(unit, destination);
      keep(unit, destination);
      return;
    }
    synchronized (locks[(int) unit & LOCKS - 1]) {
      if (copyKept(unit, within, destination)) return;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment decoded = arena.allocate(unitSize, 64);
        decoder.decode(unit, decoded);
        keep(unit, decoded);
        MemorySegment.copy(decoded, within, destination, 0, destination.byteSize());
      }
    }
  }

  private boolean copyKept(long unit, int within, MemorySegment destination) {
    long offset = unit * unitSize + within;
    long length = destination.byteSize();
    for (long done = 0; done < length; ) {
      int start = (int) (offset + done) & pageSize - 1;
      int slot = pages.pin(owner, offset + done >>> pageShift);
      if (slot < 0) return false;
      long run = Math.min(length - done, pageSize - start);
      MemorySegment.copy(pages.bytes(slot), start, destination, done, run);
      pages.unpin(slot);
      done += run;
    }
    return true;
  }

  private void keep(long unit, MemorySegment decoded) {
    for (int at = 0; at < unitSize; at += pageSize)
      pages.keep(owner, unit * unitSize + at >>> pageShift, decoded.asSlice(at, pageSize));
  }

  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    pages.close(owner);
  }
}
