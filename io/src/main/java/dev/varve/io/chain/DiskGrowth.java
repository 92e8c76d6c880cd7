package dev.varve.io.chain;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.DiskSize;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Makes the disk that a chain forms larger: its top image. What images below hold behind the old
 * end stays hidden. Immutable; any thread; blocks. The locks of the files keep two from changing
 * one at once.
 */
public final class DiskGrowth {

  private final ImageChain chain;
  private final Image top;
  private final LayerFormat format;
  private final long capacity;

  /**
   * A growth that may begin.
   *
   * @param capacity what the guest will see, in bytes
   * @throws IOException if images of the top's format cannot be opened; the message is for people
   */
  public DiskGrowth(ImageChain chain, long capacity) throws IOException {
    this.chain = chain;
    this.top = chain.images().getLast();
    this.format = Formats.of(top.format(), top.file());
    this.capacity = capacity;
  }

  /**
   * Fails where {@link #run} would fail, as far as that shows without opening for writing. Changes
   * nothing.
   */
  public void check() throws IOException {
    LayerFacts facts = format.peek(top.file());
    String why = DiskSize.whyNot(facts.capacity(), capacity);
    if (why == null && chain.base().isRaw() && chain.images().size() > 1)
      why =
          "an image on a raw image cannot be resized, since it could no longer be merged into it; copy the disk to a new image";
    if (why != null) throw new IOException("%s: %s".formatted(top.file(), why));
    if (capacity == facts.capacity()) return;
    format.checkGrowth(top.file(), capacity);
    if (facts.variant() == MediumVariant.FIXED && !top.isRaw())
      checkSpace(capacity - facts.capacity());
  }

  /** A fixed image has all its space from the beginning. */
  private void checkSpace(long needed) throws IOException {
    long free = HostRoom.of(top.file()).bytes();
    if (free < needed)
      throw new OutOfSpaceException(
          "%s has a fixed size and would take %d bytes more, but its file system has only %d free; free some space first"
              .formatted(top.file(), needed, free));
  }

  /**
   * Makes the disk as large as wanted; durable when it returns. A crash leaves the old size or the
   * new one. Does nothing if the disk has that size already.
   *
   * @throws IOException nothing has changed
   */
  public void run() throws IOException {
    check();
    if (format.peek(top.file()).capacity() == capacity) return;
    List<Layer> opened = new ArrayList<>();
    try {
      ChainImages.openForWork(opened, chain, chain.images().size() - 1);
      of(opened, capacity);
    } finally {
      ChainImages.closeAll(opened);
    }
  }

  /** Makes the top of a chain, open for writing, as large as {@code capacity}. */
  static void of(List<? extends Layer> images, long capacity) throws IOException {
    Layer top = images.getLast();
    long end = top.capacity();
    boolean hides = images.stream().anyMatch(image -> image.capacity() > end);
    if (hides) {
      // The block that contains the old end must not show what images below hold behind that end.
      var chain = OfflineChain.alone(images, UUID::randomUUID);
      chain.bring((int) ((end - 1) / top.blockSize()));
      chain.finish();
    }
    top.grow(capacity, hides);
  }
}
