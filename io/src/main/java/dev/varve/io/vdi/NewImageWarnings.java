package dev.varve.io.vdi;

import dev.varve.core.medium.ImageFormat;
import dev.varve.io.layer.LayerFacts;
import java.util.ArrayList;
import java.util.List;

/**
 * Warnings about what VirtualBox cannot do with a valid new image, a sentence each. Any thread;
 * does not block.
 */
public final class NewImageWarnings {

  /** The smallest disk for which VirtualBox makes differencing images (VDI.md section 12). */
  private static final long SMALLEST_WITH_SNAPSHOTS = 1 << 20;

  private NewImageWarnings() {}

  /** The warnings for a base with this capacity, in bytes. */
  public static List<String> ofBase(long capacity) {
    if (capacity >= SMALLEST_WITH_SNAPSHOTS) return List.of();
    return List.of(
        "the disk has %d bytes, and VirtualBox takes snapshots only of disks of %d and more"
            .formatted(capacity, SMALLEST_WITH_SNAPSHOTS));
  }

  /** The warnings for a differencing image. */
  public static List<String> ofChild(VdiHeader child, LayerFacts parent) {
    var warnings = new ArrayList<>(ofBase(child.capacity()));
    boolean alike = parent.format() == ImageFormat.VDI && parent.isDifferencing();
    if (alike && child.blockSize() != parent.blockSize()) {
      warnings.add(
          "the image has blocks of %d bytes and its parent, a differencing image too, of %d:"
                  .formatted(child.blockSize(), parent.blockSize())
              + " VirtualBox loses data when it merges them (deletes the snapshot), Varve does"
              + " not. Leave out --block-size to get the parent's");
    }
    return warnings;
  }
}
