package dev.varve.http.command;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.settings.KeyStores;
import dev.varve.io.chain.ChainFinder;
import dev.varve.io.vdi.VdiHeader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The properties of an image, as JSON for programs and as text for people. */
final class ImageFacts {

  private ImageFacts() {}

  static JsonObject of(ChainFinder.Image image) throws IOException {
    return image.facts().format() == ImageFormat.RAW ? ofRaw(image.path()) : ofVdi(image.path());
  }

  static JsonObject ofVdi(Path path) throws IOException {
    VdiHeader header = VdiHeader.peek(path);
    JsonObject facts = new JsonObject();
    KeyStores.Key key = KeyStores.of(path, header.uuid());
    if (key != null) facts.put("encrypted", true).put("keyStore", key.settingsFile().toString());
    return facts
        .put("file", path.toString())
        .put("format", "vdi")
        .put("version", (header.version() >>> 16) + "." + (header.version() & 0xFFFF))
        .put("type", header.type().name().toLowerCase(Locale.ROOT))
        .put("capacity", header.capacity())
        .put("fileLength", Files.size(path))
        .put("blockSize", header.blockSize())
        .put("blockExtra", header.blockExtra())
        .put("blockCount", header.blockCount())
        .put("allocatedBlocks", header.allocatedBlocks())
        .put("headerSize", header.headerSize())
        .put("mapOffset", header.mapOffset())
        .put("dataOffset", header.dataOffset())
        .put("uuid", header.uuid().toString())
        .put("modifyUuid", header.modifyUuid().toString())
        .put("parentUuid", textOrNull(header.parentUuid()))
        .put("parentModifyUuid", textOrNull(header.parentModifyUuid()))
        .put("comment", header.comment())
        .put("notes", new JsonArray(header.notes()));
  }

  static JsonObject ofRaw(Path path) throws IOException {
    return new JsonObject()
        .put("file", path.toString())
        .put("format", "raw")
        .put("capacity", Files.size(path))
        .put("fileLength", Files.size(path));
  }

  private static @Nullable String textOrNull(UUID uuid) {
    return uuid.equals(VdiHeader.NO_UUID) ? null : uuid.toString();
  }

  /** The same properties, one on each line, under the same names; empty ones are left out. */
  static String text(JsonObject facts) {
    var sheet = new PropertyList(facts.getString("file"));
    for (String name : facts.fieldNames()) {
      switch (name) {
        case "file" -> {} // the title
        case "capacity", "fileLength" -> sheet.size(name, facts.getLong(name));
        case "notes" -> sheet.each("note", facts.getJsonArray(name));
        default -> sheet.fact(name, facts.getValue(name));
      }
    }
    return sheet.toString();
  }
}
