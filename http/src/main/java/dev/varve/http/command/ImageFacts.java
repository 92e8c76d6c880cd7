package dev.varve.http.command;

import dev.varve.core.medium.FileBytes;
import dev.varve.core.settings.KeyStores;
import dev.varve.io.chain.Formats;
import dev.varve.io.chain.FoundImage;
import dev.varve.io.file.HostBytes;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.VdiHeader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The properties of an image, as JSON for programs and as text for people. */
final class ImageFacts {

  private ImageFacts() {}

  static JsonObject of(FoundImage image) throws IOException {
    JsonObject facts =
        switch (image.facts().format()) {
          case RAW -> ofRaw(image.path());
          case VDI -> ofVdi(image.path());
          default -> of(image.path(), image.facts());
        };
    return withBytes(facts, Formats.of(image.facts().format(), image.path()).files(image.path()));
  }

  /** With what its files take on the host. */
  private static JsonObject withBytes(JsonObject facts, List<Path> files) throws IOException {
    FileBytes bytes = FileBytes.NONE;
    for (Path file : files) bytes = bytes.plus(HostBytes.of(file.toRealPath()));
    return facts
        .put("ownBytes", bytes.own())
        .put("sharedBytes", bytes.shared())
        .put("freedBytes", bytes.freed());
  }

  /** The facts of an image of any format but raw. */
  static JsonObject of(Path path) throws IOException {
    LayerFormat format = Formats.ofImage(path);
    return of(new FoundImage(path, format.peek(path)));
  }

  private static JsonObject of(Path path, LayerFacts image) throws IOException {
    LayerFormat format = Formats.of(image.format(), path);
    JsonObject facts = encryption(path, image.id());
    facts
        .put("file", path.toString())
        .put("format", image.format().text().toLowerCase(Locale.ROOT))
        .put("type", image.kind())
        .put("capacity", image.capacity())
        .put("fileLength", lengthOf(format.files(path)));
    List<Path> files = format.files(path);
    if (files.size() > 1)
      facts.put("extents", new JsonArray(files.stream().skip(1).map(Path::toString).toList()));
    return facts
        .put("blockSize", image.blockSize())
        .put("uuid", textOrNull(image.id()))
        .put("modifyUuid", textOrNull(image.modifyId()))
        .put("parentUuid", textOrNull(image.parent()))
        .put("parentModifyUuid", textOrNull(image.parentModifyId()))
        .put("notes", new JsonArray(format.notes(path)));
  }

  private static long lengthOf(List<Path> files) throws IOException {
    long length = 0;
    for (Path file : files) length += Files.size(file);
    return length;
  }

  private static JsonObject encryption(Path path, @Nullable UUID id) {
    KeyStores.Key key = KeyStores.of(path, id);
    JsonObject facts = new JsonObject();
    if (key != null) facts.put("encrypted", true).put("keyStore", key.settingsFile().toString());
    return facts;
  }

  private static JsonObject ofVdi(Path path) throws IOException {
    VdiHeader header = VdiHeader.peek(path);
    return encryption(path, header.uuid())
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

  private static @Nullable String textOrNull(@Nullable UUID uuid) {
    return uuid == null || uuid.equals(VdiHeader.NO_UUID) ? null : uuid.toString();
  }

  /** The same properties, one on each line, under the same names; empty ones are left out. */
  static String text(JsonObject facts) {
    var sheet = new PropertyList(facts.getString("file"));
    for (String name : facts.fieldNames()) {
      switch (name) {
        case "file" -> {} // the title
        case "capacity", "fileLength", "ownBytes", "sharedBytes", "freedBytes" ->
            sheet.size(name, facts.getLong(name));
        case "notes" -> sheet.each("note", facts.getJsonArray(name));
        case "extents" -> sheet.each("extent", facts.getJsonArray(name));
        default -> sheet.fact(name, facts.getValue(name));
      }
    }
    return sheet.toString();
  }
}
