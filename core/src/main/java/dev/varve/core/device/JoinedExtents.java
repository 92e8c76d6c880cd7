package dev.varve.core.device;

import java.util.function.Consumer;

/**
 * The allocation of a disk, neighbours of one kind joined, up to a number of them. Not thread-safe.
 */
public final class JoinedExtents implements ExtentSink {

  /**
   * A range of the disk.
   *
   * @param depth as in {@link ExtentSink#extent}
   */
  public record Extent(long offset, long length, int depth, boolean zero) {}

  private final long limit;
  private final Consumer<Extent> consumer;
  private long delivered;
  private Extent last;

  /**
   * @param offset where the first extent begins
   * @param limit how many are wanted, at least 1
   * @param consumer gets them on the thread that hands them to this sink
   */
  public JoinedExtents(long offset, long limit, Consumer<Extent> consumer) {
    this.limit = limit;
    this.consumer = consumer;
    this.last = new Extent(offset, 0, 0, true);
  }

  @Override
  public boolean extent(long length, int depth, boolean zero) {
    if (last.length == 0 || depth == last.depth && zero == last.zero) {
      last = new Extent(last.offset, last.length + length, depth, zero);
      return true;
    }
    deliver();
    last = new Extent(last.offset + last.length, delivered < limit ? length : 0, depth, zero);
    return delivered < limit;
  }

  /**
   * Delivers the last extent: there are no more.
   *
   * @return where the next one would begin
   */
  public long end() {
    deliver();
    return last.offset + last.length;
  }

  private void deliver() {
    if (last.length == 0) return;
    consumer.accept(last);
    delivered++;
  }
}
