package dev.varve.io.layer;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The facts that an image stores about itself. Immutable.
 *
 * @param id null if the format stores none; then the image's child tells its id
 * @param modifyId changes with the contents; null if the format stores none
 * @param parent the id of the image below it; null for a base
 * @param parentModifyId the parent's modify id when this image was made; null if it is not stored
 * @param capacity what the guest sees, in bytes
 * @param blockSize the unit of allocation in bytes, a power of two
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

  /** The same facts with the id under which the image is registered. */
  public LayerFacts withId(UUID id) {
    return new LayerFacts(
        format, variant, id, modifyId, parent, parentModifyId, capacity, blockSize);
  }

  /** The kind of image, for people. */
  public String kind() {
    return switch (variant) {
      case STANDARD -> "dynamic";
      case FIXED -> "fixed";
      case DIFFERENCING -> "differencing";
      case STREAM_OPTIMIZED -> "stream-optimized";
    };
  }

  /** Whether ranges that the image does not hold are read from an image below. */
  public boolean isDifferencing() {
    return variant == MediumVariant.DIFFERENCING;
  }
}
