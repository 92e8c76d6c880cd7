package dev.varve.io.chain;

import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * A chain whose top image is written by one thread and by no guest. Other threads may read its
 * images through a chain of their own. Not thread-safe; blocks.
 */
final class OfflineChain implements MergeTarget {

  private final TopImage top;
  private final Flusher flusher;

  private OfflineChain(
      List<? extends Layer> images, MapLock lock, boolean mayEmptyBlocks, Supplier<UUID> ids) {
    var chain = new ChainReader(images, lock, MapMemory.OF_PROCESS);
    var work = WorkCounts.untold();
    top = new TopImage(images.getLast(), chain, ids, mayEmptyBlocks, work);
    chain.top(top);
    flusher = new Flusher(top, new ReaderEpochs(), Runnable::run, work.commits(), (_, _) -> {});
  }

  /**
   * A chain that nothing else uses.
   *
   * @param images base first, the last one open for writing; lent
   */
  static OfflineChain alone(List<? extends Layer> images, Supplier<UUID> ids) {
    return new OfflineChain(images, new MapLock(), true, ids);
  }

  /**
   * The lower images of a chain that is in use. The map of that chain names places of the target,
   * so its blocks keep their places.
   *
   * @param lock shared with the chain that is in use
   */
  static OfflineChain below(List<? extends Layer> images, MapLock lock, Supplier<UUID> ids) {
    return new OfflineChain(images, lock, false, ids);
  }

  @Override
  public TopImage top() {
    return top;
  }

  @Override
  public void write(long offset, MemorySegment data) throws IOException {
    flusher.makingRoom(() -> top.write(offset, data));
  }

  @Override
  public void zero(long offset, long length) throws IOException {
    flusher.makingRoom(() -> top.zero(offset, length, false));
  }

  @Override
  public void bring(int block) throws IOException {
    flusher.makingRoom(() -> top.bring(block));
  }

  @Override
  public void commit() throws IOException {
    flusher.commit();
  }

  /** Makes everything durable and the file dense. */
  @Override
  public void finish() throws IOException {
    flusher.commit();
    top.makeDense(true);
  }

  @Override
  public void handOver() throws IOException {
    flusher.commit();
    top.cutFile();
  }
}
