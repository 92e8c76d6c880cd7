package dev.varve.http.api;

import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Comparator;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Media as JSON. */
final class MediumJson {

  private MediumJson() {}

  /** Covers registered properties, not uses, locks or the state of the file. */
  static ETag etag(MediumView view) {
    return ETag.of(registered(view.medium()));
  }

  static JsonObject of(MediumView view) {
    return registered(view.medium())
        .put("children", JsonParts.array(view.children(), MediumId::toString))
        .put("state", view.state().text())
        .put("needsDifferencing", view.needsDifferencing())
        .put("uses", uses(view))
        .put("holders", new JsonArray(view.holders()))
        .put("encrypted", view.encrypted())
        .put("accessError", view.medium().isChecked() ? view.medium().accessError() : null);
  }

  private static JsonObject registered(Medium medium) {
    var properties = new JsonObject();
    new TreeMap<>(medium.properties()).forEach(properties::put);
    return new JsonObject()
        .put("id", medium.id().toString())
        .put("location", medium.location().toString())
        .put("format", medium.format().text())
        .put("device", medium.device().text())
        .put("type", medium.type().text())
        .put("variant", medium.variant().text())
        .put("parent", text(medium.parent()))
        .put("capacity", medium.capacity())
        .put("autoReset", medium.autoReset())
        .put(
            "registries",
            JsonParts.array(
                medium.registries().stream().map(UUID::toString).sorted().toList(), id -> id))
        .put("description", medium.description())
        .put("properties", properties);
  }

  private static JsonArray uses(MediumView view) {
    var uses = new JsonArray();
    view.uses().entrySet().stream()
        .sorted(Comparator.comparing(use -> use.getKey().toString()))
        .forEach(
            use ->
                uses.add(
                    new JsonObject()
                        .put("machine", use.getKey().toString())
                        .put("current", use.getValue().current())
                        .put(
                            "snapshots",
                            JsonParts.array(
                                use.getValue().snapshots().stream()
                                    .map(Object::toString)
                                    .sorted()
                                    .toList(),
                                id -> id))));
    return uses;
  }

  private static @Nullable String text(@Nullable Object id) {
    return id == null ? null : id.toString();
  }
}
