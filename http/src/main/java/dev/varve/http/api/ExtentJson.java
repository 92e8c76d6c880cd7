package dev.varve.http.api;

import dev.varve.core.device.JoinedExtents.Extent;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;

/** A part of a disk as JSON: the same from the command line and from a server. Any thread. */
public final class ExtentJson {

  private ExtentJson() {}

  /**
   * Where a part of a disk lies, and what is in it.
   *
   * @param images of the disk's chain, base first
   */
  public static JsonObject of(Extent extent, List<Path> images) {
    return new JsonObject()
        .put("offset", extent.offset())
        .put("length", extent.length())
        .put("depth", extent.depth())
        .put("zero", extent.zero())
        .put("data", !extent.zero())
        .put("file", extent.depth() == 0 ? null : fileOf(extent, images));
  }

  /** The image that holds a part. */
  public static String fileOf(Extent extent, List<Path> images) {
    return images.get(images.size() - extent.depth()).toString();
  }
}
