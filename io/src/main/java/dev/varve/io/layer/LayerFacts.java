package dev.varve.io.layer;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an image says of itself. Immutable.
 *
 * @param id null where the format keeps none: then its child says what it is called
 * @param modifyId changes with the contents; null where the format keeps none
 * @param parent the id of the image below it; null for a base
 * @param parentModifyId that of the parent when this image was made on it; null if it says nothing
 * @param capacity what the guest sees, in bytes
 * @param blockSize the piece in which it gives out space, in bytes, a power of two
 */
public record LayerFacts(
    ImageFormat format,
    MediumVariant variant,
    @Nullable UUID id,
    @Nullable UUID modifyId,
    @Nullable UUID parent,
    @Nullable UUID parentModifyId,
    long capacity,
    int blockSize) {

  /** The same under the id by which others know it. */
  public LayerFacts withId(UUID id) {
    return new LayerFacts(
        format, variant, id, modifyId, parent, parentModifyId, capacity, blockSize);
  }

  /** For people: how it takes its space. */
  public String kind() {
    return switch (variant) {
      case STANDARD -> "dynamic";
      case FIXED -> "fixed";
      case DIFFERENCING -> "differencing";
      case STREAM_OPTIMIZED -> "stream-optimized";
    };
  }

  /** Whether it shows what an image below it shows where it has nothing itself. */
  public boolean isDifferencing() {
    return variant == MediumVariant.DIFFERENCING;
  }
}
