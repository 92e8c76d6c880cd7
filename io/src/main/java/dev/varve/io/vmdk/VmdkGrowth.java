package dev.varve.io.vmdk;

import java.io.IOException;

/** Enlarges the disk in an image; the added part reads as zeroes. Stateless; blocks. */
final class VmdkGrowth {

  private VmdkGrowth() {}

  static void check(VmdkImage image, long capacity) throws IOException {
    throw new IOException(image.name() + " cannot be resized");
  }

  static void grow(VmdkImage image, long capacity, boolean hidesParents) throws IOException {
    check(image, capacity);
  }
}
