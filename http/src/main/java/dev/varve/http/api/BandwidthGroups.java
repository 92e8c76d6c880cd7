package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import io.vertx.core.json.JsonObject;

/** The bandwidth groups of machines. */
final class BandwidthGroups {

  private final Inventory inventory;
  private final Sessions sessions;

  BandwidthGroups(Inventory inventory, Sessions sessions) {
    this.inventory = inventory;
    this.sessions = sessions;
  }

  void addTo(Handlers handlers) {
    handlers.reads("listBandwidthGroups", this::list);
    handlers.reads("getBandwidthGroup", this::get);
    handlers.acts("createBandwidthGroup", this::create);
    handlers.acts("changeBandwidthGroup", this::change);
    handlers.acts("deleteBandwidthGroup", this::delete);
  }

  private Answer list(Call call) {
    MachineView machine = machine(call);
    Hardware copy = Machines.copy(call, machine);
    return Answer.ok(
            new JsonObject()
                .put(
                    "bandwidthGroups",
                    MachineJson.array(
                        copy.bandwidthGroups(), group -> MachineJson.of(group, copy))))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer get(Call call) {
    MachineView machine = machine(call);
    Hardware copy = Machines.copy(call, machine);
    return Answer.ok(MachineJson.of(Lookup.group(machine, copy, call.text("group")), copy))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer create(Call call) {
    MachineView machine = machine(call);
    var group =
        new BandwidthGroup(
            call.textMember("name"),
            call.enumMember("kind", BandwidthGroup.Kind.class, BandwidthGroup.Kind::text),
            call.longMember("maxBytesPerSecond"));
    MachineView after =
        sessions.change(call, machine, session -> inventory.createBandwidthGroup(session, group));
    return Answer.created(Paths.ofGroup(machine.saved().id(), group.name()), json(after, group))
        .with("ETag", MachineJson.etag(after).text());
  }

  private Answer change(Call call) {
    MachineView machine = machine(call);
    BandwidthGroup old = Lookup.group(machine, machine.working(), call.text("group"));
    var group = new BandwidthGroup(old.name(), old.kind(), call.longMember("maxBytesPerSecond"));
    MachineView after =
        sessions.change(call, machine, session -> inventory.setBandwidthLimits(session, group));
    return Answer.ok(json(after, group)).with("ETag", MachineJson.etag(after).text());
  }

  private Answer delete(Call call) {
    MachineView machine = machine(call);
    MachineView after =
        sessions.change(
            call, machine, session -> inventory.deleteBandwidthGroup(session, call.text("group")));
    return Answer.done().with("ETag", MachineJson.etag(after).text());
  }

  private static JsonObject json(MachineView machine, BandwidthGroup group) {
    return MachineJson.of(
        Lookup.group(machine, machine.working(), group.name()), machine.working());
  }

  private MachineView machine(Call call) {
    return Lookup.machine(inventory.view(), call.text("machine"));
  }
}
