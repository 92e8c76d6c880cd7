package dev.varve.http.api;

import dev.varve.core.inventory.Hold;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.http.access.NewDisks;
import dev.varve.io.vdi.NewImageWarnings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** Virtual disks, DVDs and floppies. */
final class MediumHandlers {

  /** No chain has more images. */
  private static final int MOST_OF_A_CHAIN = 1_000_000;

  private final Inventory inventory;
  private final StorageJson storage;
  private final NewDisks newDisks;

  /**
   * @param newDisks what a request does not say of a new image
   */
  MediumHandlers(Inventory inventory, NewDisks newDisks) {
    this.inventory = inventory;
    this.storage = new StorageJson(inventory.contents());
    this.newDisks = newDisks;
  }

  void addTo(Handlers handlers) {
    handlers.onLookThread("listMedia", this::list);
    handlers.onLookThread("getMedium", this::get);
    handlers.onChangeThread("createMedium", this::create);
    handlers.onChangeThread("openMedium", this::open);
    handlers.onChangeThread("createChild", this::createChild);
    handlers.onChangeThread("changeMedium", this::change);
    handlers.onChangeThread("removeMedium", this::remove);
    handlers.onChangeThread("resetMedium", call -> changed(call, inventory::resetMedium));
    handlers.onChangeThread(
        "resizeMedium",
        call -> changed(call, id -> inventory.resizeMedium(id, call.longMember("capacity"))));
    handlers.onChangeThread("refreshMedium", call -> changed(call, inventory::refreshState));
    handlers.onChangeThread("mergeMedium", this::merge);
    handlers.onChangeThread("cloneMedium", this::copy);
    handlers.onChangeThread("lockMedium", this::lock);
    handlers.onChangeThread("renewLock", this::renewLock);
    handlers.onChangeThread("abandonLock", this::abandonLock);
  }

  private Answer list(Call call) {
    View view = inventory.view();
    String location = call.optional("location");
    Collection<MediumView> found =
        location == null ? view.media().values() : Lookup.at(view, Path.of(location));
    String machine = call.optional("machine");
    MachineId user = machine == null ? null : Lookup.machine(view, machine).saved().id();
    Stream<MediumView> media =
        (call.flag("unused") ? view.unused().stream().filter(found::contains) : found.stream())
            .filter(medium -> user == null || medium.uses().containsKey(user))
            .filter(medium -> call.matches("type", medium.medium().type().text()))
            .filter(medium -> call.matches("format", medium.medium().format().text()))
            .filter(medium -> call.matches("state", medium.state().text()))
            .filter(medium -> call.isPartOf("name", medium.medium().name()));
    String device = call.optional("device");
    if (device != null) media = media.filter(m -> m.medium().device().text().equals(device));
    // Children before their parents, so that they can be deleted in this order.
    Function<MediumView, String> key =
        call.flag("unused")
            ? medium ->
                Page.key(MOST_OF_A_CHAIN - view.chain(medium.medium().id()).size()) + key(medium)
            : MediumHandlers::key;
    return Answer.ok(
        Page.of(call).json("media", media, key, call.flag("sizes") ? this::sized : MediumJson::of));
  }

  private JsonObject sized(MediumView medium) {
    return MediumJson.of(medium).put("storage", storage.of(medium.medium()));
  }

  private static String key(MediumView medium) {
    return Page.key(medium.medium().location().toString(), medium.medium().id());
  }

  private Answer get(Call call) {
    MediumView medium = medium(call);
    ETag etag = MediumJson.etag(medium);
    String seen = call.optional("If-None-Match");
    Answer answer =
        seen != null && etag.isIn(seen)
            ? new Answer(304, Map.of(), null)
            : Answer.ok(MediumJson.of(medium));
    return answer.with("ETag", etag.text());
  }

  private Answer create(Call call) {
    long capacity = call.longMember("capacity");
    String format = call.textOrNull("format");
    return made(
        inventory.createMedium(
            call.pathMember("location").normalize(),
            format == null ? newDisks.format() : ImageFormat.of(format),
            call.has("variant") ? variant(call) : newDisks.variant(),
            capacity,
            call.enumMember("type", MediumType.class, MediumType::text)),
        NewImageWarnings.ofBase(capacity));
  }

  private Answer open(Call call) {
    Path given = call.pathMember("location").normalize();
    String format = call.textOrNull("format");
    MediumId id =
        inventory.openMedium(
            given,
            call.enumMember("device", DeviceType.class, DeviceType::text),
            format == null ? null : ImageFormat.of(format));
    Path found = Lookup.medium(inventory.view(), id.toString()).medium().location();
    return made(
        id,
        found.equals(given)
            ? List.of()
            : List.of("'%s' leads to the medium '%s'".formatted(given, found)));
  }

  private Answer createChild(Call call) {
    String format = call.textOrNull("format");
    return made(
        inventory.createDiff(
            medium(call).medium().id(),
            call.pathMember("location").normalize(),
            format == null ? null : ImageFormat.of(format)));
  }

  private Answer made(MediumId id) {
    return made(id, List.of());
  }

  private Answer made(MediumId id, List<String> warnings) {
    MediumView medium = Lookup.medium(inventory.view(), id.toString());
    JsonObject json = MediumJson.of(medium);
    if (!warnings.isEmpty()) json.put("warnings", new JsonArray(warnings));
    return Answer.created(Paths.of(id), json).with("ETag", MediumJson.etag(medium).text());
  }

  private Answer change(Call call) {
    return changed(
        call,
        id -> {
          if (call.has("type"))
            inventory.setMediumType(
                id, call.enumMember("type", MediumType.class, MediumType::text));
          else inventory.setAutoReset(id, call.flagMember("autoReset"));
        });
  }

  private Answer changed(Call call, Consumer<MediumId> change) {
    MediumView medium = checked(call);
    change.accept(medium.medium().id());
    MediumView after = Lookup.medium(inventory.view(), medium.medium().id().toString());
    return Answer.ok(MediumJson.of(after)).with("ETag", MediumJson.etag(after).text());
  }

  private Answer remove(Call call) {
    Medium medium = checked(call).medium();
    List<String> warnings = new ArrayList<>();
    if (call.flag("deleteStorage")) {
      warnings.addAll(inventory.deleteStorage(medium.id()));
      Path given = Path.of(call.text("medium"));
      if (warnings.isEmpty() && !given.equals(medium.location()) && Files.isSymbolicLink(given))
        warnings.add(
            "'%s' is a symbolic link: the image '%s', to which it led, is deleted, and the link is still there"
                .formatted(given, medium.location()));
    } else {
      inventory.closeMedium(medium.id());
    }
    return warnings.isEmpty()
        ? Answer.done()
        : Answer.ok(new JsonObject().put("warnings", new JsonArray(warnings)));
  }

  private Answer merge(Call call) {
    MediumId source = checked(call).medium().id();
    MediumId target = Lookup.medium(inventory.view(), call.textMember("target")).medium().id();
    return JobHandlers.begun(inventory.mergeMedium(source, target));
  }

  private Answer copy(Call call) {
    return JobHandlers.begun(
        inventory.cloneMedium(
            medium(call).medium().id(),
            call.pathMember("location").normalize(),
            ImageFormat.of(call.textMember("format")),
            variant(call)));
  }

  private Answer lock(Call call) {
    MediumId id = medium(call).medium().id();
    String kind = call.textMember("kind");
    var holder = new Hold.Holder(call.caller(), call.lease());
    String lock = inventory.lockMedium(id, kind.equals("Write"), holder);
    return Answer.created(
        Paths.ofLock(lock),
        new JsonObject()
            .put("id", lock)
            .put("medium", id.toString())
            .put("kind", kind)
            .put("leaseSeconds", call.intMember("leaseSeconds")));
  }

  private Answer renewLock(Call call) {
    inventory.renewLock(call.text("lock"));
    return Answer.done();
  }

  private Answer abandonLock(Call call) {
    inventory.abandonLock(call.text("lock"));
    return Answer.done();
  }

  private static MediumVariant variant(Call call) {
    return call.enumMember("variant", MediumVariant.class, MediumVariant::text);
  }

  private MediumView medium(Call call) {
    return Lookup.medium(inventory.view(), call.text("medium"));
  }

  /** The medium of the path, if it is what the client has seen. */
  private MediumView checked(Call call) {
    MediumView medium = medium(call);
    MediumJson.etag(medium).check(call.ifMatch(), "medium '" + medium.medium().name() + "'");
    return medium;
  }
}
