package dev.varve.http.api;

import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.DiskTraffic.OperationTotals;
import dev.varve.core.inventory.DiskClient;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.ServedDisks.DiskLoad;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.MachineId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Comparator;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What clients ask of the disks that are served, from the same counters as the metrics, and the
 * clients themselves. Looks take no lock and wait for nothing.
 */
final class DiskHandlers {

  private final Inventory inventory;
  private final ServedDisks disks;

  DiskHandlers(Inventory inventory, ServedDisks disks) {
    this.inventory = inventory;
    this.disks = disks;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop("listDisks", _ -> list());
    handlers.onEventLoop("listClients", this::clients);
    handlers.onEventLoop("disconnectClient", this::disconnect);
  }

  private Answer list() {
    var all = new JsonArray();
    inventory.view().machines().values().stream()
        .filter(machine -> machine.state().isOnline())
        .sorted(Comparator.comparing(machine -> machine.saved().name()))
        .forEach(machine -> add(machine, all));
    return Answer.ok(new JsonObject().put("disks", all));
  }

  private void add(MachineView machine, JsonArray all) {
    disks
        .loads(machine.saved().id())
        .forEach(
            (slot, load) ->
                all.add(
                    json(load)
                        .put("machine", machine.saved().id().toString())
                        .put("machineName", machine.saved().name())
                        .put("disk", slot.toString())));
  }

  private static JsonObject json(DiskLoad load) {
    DiskTraffic.Totals totals = load.requests();
    var operations = new JsonObject();
    totals
        .operations()
        .forEach(
            (op, of) ->
                operations.put(op.name().toLowerCase(Locale.ROOT), json(of, totals.failed(op))));
    return new JsonObject()
        .put("export", load.export())
        .put("clients", totals.clients())
        .put("inFlight", totals.inFlight())
        .put("waitingRequests", load.waitingRequests())
        .put("throttledNanos", load.throttledNanos())
        .put("operations", operations);
  }

  private static JsonObject json(OperationTotals operation, long errors) {
    var buckets = new JsonArray();
    operation
        .answered()
        .buckets()
        .forEach(
            (nanos, count) ->
                buckets.add(new JsonObject().put("upToNanos", nanos).put("count", count)));
    return new JsonObject()
        .put("answered", operation.answered().count())
        .put("errors", errors)
        .put("bytes", operation.bytes())
        .put("handedOver", operation.handedOver())
        .put("sumNanos", operation.answered().sumNanos())
        .put("durations", buckets);
  }

  private Answer clients(Call call) {
    Set<String> exports = exports(call.optional("machine"));
    return Answer.ok(
        Page.of(call)
            .json(
                "clients",
                disks.clients().stream()
                    .filter(client -> exports == null || exports.contains(client.export()))
                    .filter(client -> call.matches("export", client.export())),
                client -> Page.key(client.number()),
                DiskHandlers::client));
  }

  /** The names of a machine's disks for clients; null for those of all. */
  private @Nullable Set<String> exports(@Nullable String machine) {
    if (machine == null) return null;
    return exports(disks, Lookup.machine(inventory.view(), machine).saved().id());
  }

  /** The same of one machine. */
  static Set<String> exports(ServedDisks disks, MachineId machine) {
    return disks.loads(machine).values().stream().map(DiskLoad::export).collect(Collectors.toSet());
  }

  static JsonObject client(DiskClient client) {
    return new JsonObject()
        .put("client", client.number())
        .put("transport", client.transport())
        .put("peer", client.peer())
        .put("export", client.export())
        .put("connectedSeconds", client.connectedNanos() / 1_000_000_000)
        .put("requests", client.requests())
        .put("bytesRead", client.bytesRead())
        .put("bytesWritten", client.bytesWritten())
        .put("inFlight", client.inFlight());
  }

  private Answer disconnect(Call call) {
    long number = call.longNumber("client");
    if (!disks.disconnect(number))
      throw RefusedRequest.unknown(
          "there is no client %d; GET /api/v1/clients lists them".formatted(number));
    return Answer.done();
  }
}
