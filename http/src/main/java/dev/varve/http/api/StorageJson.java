package dev.varve.http.api;

import dev.varve.core.device.FailureWords;
import dev.varve.core.inventory.MediumContents;
import dev.varve.core.medium.FileBytes;
import dev.varve.core.medium.Medium;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What images take on the host, as JSON. Any thread; looks at files, and so blocks. */
final class StorageJson {

  private final MediumContents contents;

  StorageJson(MediumContents contents) {
    this.contents = contents;
  }

  /** With the image's id and its place. */
  JsonObject of(Medium image) {
    return new JsonObject()
        .put("id", image.id().toString())
        .put("location", image.location().toString())
        .mergeIn(bytes(image));
  }

  /** The numbers alone. */
  JsonObject bytes(Medium medium) {
    try {
      return json(contents.bytes(medium), null);
    } catch (IOException e) {
      return json(FileBytes.NONE, e);
    }
  }

  private static JsonObject json(FileBytes bytes, @Nullable IOException failure) {
    return new JsonObject()
        .put("fileLength", bytes.length())
        .put("ownBytes", bytes.own())
        .put("sharedBytes", bytes.shared())
        .put("freedBytes", bytes.freed())
        .put("lookError", failure == null ? null : FailureWords.of(failure));
  }
}
