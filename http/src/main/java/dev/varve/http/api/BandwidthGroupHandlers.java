package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks.GroupTraffic;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineId;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.function.Function;

/** The bandwidth groups of machines. */
final class BandwidthGroupHandlers {

  private static final long MILLISECOND = 1_000_000;

  private final Inventory inventory;
  private final SessionHandlers sessions;
  private final Function<MachineId, Map<String, GroupTraffic>> traffic;

  /**
   * @param traffic what passes through a running machine's groups; must not block
   */
  BandwidthGroupHandlers(
      Inventory inventory,
      SessionHandlers sessions,
      Function<MachineId, Map<String, GroupTraffic>> traffic) {
    this.inventory = inventory;
    this.sessions = sessions;
    this.traffic = traffic;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop("listBandwidthGroups", this::list);
    handlers.onEventLoop("getBandwidthGroup", this::get);
    handlers.onChangeThread("createBandwidthGroup", this::create);
    handlers.onChangeThread("changeBandwidthGroup", this::change);
    handlers.onChangeThread("deleteBandwidthGroup", this::delete);
  }

  private Answer list(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    Hardware copy = MachineHandlers.copy(call, machine);
    Map<String, GroupTraffic> now = traffic.apply(machine.saved().id());
    return Answer.ok(
            new JsonObject()
                .put(
                    "bandwidthGroups",
                    JsonParts.array(copy.bandwidthGroups(), group -> live(group, copy, now))))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer get(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    Hardware copy = MachineHandlers.copy(call, machine);
    BandwidthGroup group = Lookup.group(machine, copy, call.text("group"));
    return Answer.ok(live(group, copy, traffic.apply(machine.saved().id())))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private static JsonObject live(
      BandwidthGroup group, Hardware copy, Map<String, GroupTraffic> traffic) {
    JsonObject json = MachineJson.of(group, copy);
    GroupTraffic now = traffic.get(group.name());
    return now == null ? json : json.mergeIn(traffic(now));
  }

  /** A group's members {@code traffic} and {@code members}. */
  private static JsonObject traffic(GroupTraffic traffic) {
    return new JsonObject()
        .put("traffic", traffic(traffic.all()))
        .put(
            "members",
            JsonParts.array(
                traffic.members().entrySet(),
                member ->
                    JsonParts.of(member.getKey()).put("traffic", traffic(member.getValue()))));
  }

  private static JsonObject traffic(LimitStatistics statistics) {
    return new JsonObject()
        .put("bytesPerSecond", statistics.bytesPerSecond())
        .put("operationsPerSecond", statistics.operationsPerSecond())
        .put("bytesRead", statistics.readAnswered())
        .put("bytesWritten", statistics.writtenAnswered())
        .put("operations", statistics.operations())
        .put("waitingRequests", statistics.waitingRequests())
        .put("waitingBytes", statistics.waitingBytes())
        .put("throttledMilliseconds", statistics.throttledNanos() / MILLISECOND);
  }

  private Answer create(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    var group =
        new BandwidthGroup(
            call.textMember("name"),
            call.enumMember("kind", BandwidthGroup.Kind.class, BandwidthGroup.Kind::text),
            LimitsJson.of(call, BandwidthLimits.NONE));
    MachineView after =
        sessions.change(call, machine, session -> inventory.createBandwidthGroup(session, group));
    return Answer.created(Paths.ofGroup(machine.saved().id(), group.name()), json(after, group))
        .with("ETag", MachineJson.etag(after).text());
  }

  private Answer change(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    BandwidthGroup old = Lookup.group(machine, machine.working(), call.text("group"));
    BandwidthGroup group = old.withLimits(LimitsJson.of(call, old.limits()));
    MachineView after =
        sessions.change(call, machine, session -> inventory.setBandwidthLimits(session, group));
    return Answer.ok(json(after, group)).with("ETag", MachineJson.etag(after).text());
  }

  private Answer delete(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    MachineView after =
        sessions.change(
            call, machine, session -> inventory.deleteBandwidthGroup(session, call.text("group")));
    return Answer.done().with("ETag", MachineJson.etag(after).text());
  }

  private static JsonObject json(MachineView machine, BandwidthGroup group) {
    return MachineJson.of(
        Lookup.group(machine, machine.working(), group.name()), machine.working());
  }
}
