package dev.varve.io.chain;

import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * A chain whose top image one thread writes, while no guest does. Others may read its images in a
 * chain of their own. Blocks.
 */
final class QuietChain implements MergeTarget {

  private final VdiImage image;
  private final TopImage top;
  private final Flusher flusher;

  private QuietChain(List<VdiImage> images, Object lock, boolean empties, Supplier<UUID> uuids) {
    var chain = new ChainReader(images, lock);
    image = images.getLast();
    top = new TopImage(image, images.size() - 1, chain, uuids, empties);
    chain.top(top);
    flusher = new Flusher(top, new ReaderEpochs(), Runnable::run, (_, _) -> {});
  }

  /**
   * A chain that nobody else uses.
   *
   * @param images base first, the last one open for writing; lent
   */
  static QuietChain alone(List<VdiImage> images, Supplier<UUID> uuids) {
    boolean empties = images.getLast().header().type() != ImageType.FIXED;
    return new QuietChain(images, new Object(), empties, uuids);
  }

  /**
   * The lower images of a chain that is in use. Its map names places of the target, so blocks stay
   * where they are.
   *
   * @param lock shared with the chain that is in use
   */
  static QuietChain below(List<VdiImage> images, Object lock, Supplier<UUID> uuids) {
    return new QuietChain(images, lock, false, uuids);
  }

  @Override
  public VdiImage image() {
    return image;
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
  public boolean decides(int block) throws IOException {
    return top.decides(block);
  }

  @Override
  public boolean hasPlace(int block) throws IOException {
    return top.hasPlace(block);
  }

  @Override
  public void bring(int block) throws IOException {
    flusher.makingRoom(() -> top.bring(block));
  }

  @Override
  public void commit() throws IOException {
    flusher.commit();
  }

  /** Makes everything durable, and the file dense. */
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
