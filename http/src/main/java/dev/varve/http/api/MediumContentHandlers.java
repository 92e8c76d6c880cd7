package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.MediumContents;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;

/** Answers requests about the contents of media, also while machines use them. */
final class MediumContentHandlers {

  private final Inventory inventory;
  private final MediumContents contents;

  MediumContentHandlers(Inventory inventory) {
    this.inventory = inventory;
    this.contents = inventory.contents();
  }

  void addTo(Handlers handlers) {
    handlers.onLookThread("getMediumMap", this::map);
    handlers.onLookThread("checkMedium", this::check);
  }

  private Answer map(Call call) throws IOException {
    MediumContents.Part part =
        contents.map(id(call), call.longNumber("offset"), call.number("limit"));
    return Answer.ok(
        new JsonObject()
            .put("capacity", part.capacity())
            .put("images", JsonParts.array(part.files(), Path::toString))
            .put(
                "extents",
                JsonParts.array(part.extents(), each -> ExtentJson.of(each, part.files())))
            .put("next", part.next() < part.capacity() ? part.next() : null));
  }

  private Answer check(Call call) throws IOException {
    ImageReport report = contents.check(id(call));
    return Answer.ok(
        new JsonObject()
            .put("file", report.file())
            .put("status", report.status().text())
            .put(
                "findings",
                JsonParts.array(
                    report.findings(),
                    found ->
                        new JsonObject()
                            .put("kind", found.kind())
                            .put("severity", found.severity())
                            .put("message", found.message())))
            .put("served", report.served()));
  }

  private MediumId id(Call call) {
    return Lookup.medium(inventory.view(), call.text("medium")).medium().id();
  }
}
