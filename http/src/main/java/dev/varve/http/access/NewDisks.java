package dev.varve.http.access;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;

/**
 * What new disks are if a client does not say. Immutable.
 *
 * @param format of an image
 * @param variant of an image
 * @param nonRotational whether a machine that gets a hard disk sees one without moving parts
 * @param discard whether its guest may discard
 */
public record NewDisks(
    ImageFormat format, MediumVariant variant, boolean nonRotational, boolean discard) {

  /** As in VirtualBox. */
  public static final NewDisks USUAL =
      new NewDisks(ImageFormat.VDI, MediumVariant.STANDARD, false, false);
}
