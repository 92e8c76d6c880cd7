package dev.varve.http.api;

import dev.varve.core.inventory.DiskClient;
import dev.varve.core.inventory.DiskWatcher;
import dev.varve.core.log.LineLimit;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.http.event.EventLog;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Appends to the log of events which disks are served, and which clients come and go. Clients that
 * come and go all the time do not push everything else out of the log: a minute has a bounded
 * number of such events, and the next one tells how many had none. Thread-safe; nothing waits.
 */
final class DiskEvents implements DiskWatcher {

  private static final int CLIENTS_A_MINUTE = 600;

  private final EventLog log;
  private final LongSupplier nanoClock;
  private final LineLimit limit = new LineLimit(CLIENTS_A_MINUTE, TimeUnit.MINUTES.toNanos(1));

  /** The machines of the disks that clients can ask for, by the disks' names. */
  private final Map<String, MachineId> machines = new ConcurrentHashMap<>();

  /** Those of the clients, also after their disk was withdrawn. */
  private final Map<Long, MachineId> ofClients = new ConcurrentHashMap<>();

  DiskEvents(EventLog log, LongSupplier nanoClock) {
    this.log = log;
    this.nanoClock = nanoClock;
  }

  @Override
  public void published(MachineId machine, Slot slot, String export) {
    machines.put(export, machine);
    append("published", machine, slot, export);
  }

  @Override
  public void withdrawn(MachineId machine, Slot slot, String export) {
    machines.remove(export, machine);
    append("withdrawn", machine, slot, export);
  }

  private void append(String change, MachineId machine, Slot slot, String export) {
    JsonObject disk = JsonParts.of(slot).put("machine", machine.toString()).put("name", export);
    log.append(
        "export",
        new JsonObject().put("change", change).put("export", disk),
        Set.of(machine.toString()));
  }

  @Override
  public void connected(DiskClient client) {
    MachineId machine = machines.get(client.export());
    if (machine != null) ofClients.put(client.number(), machine);
    append("connected", client, machine, null);
  }

  @Override
  public void disconnected(DiskClient client, String why) {
    append("disconnected", client, ofClients.remove(client.number()), why);
  }

  private void append(
      String change, DiskClient client, @Nullable MachineId machine, @Nullable String why) {
    long before = limit.admit(nanoClock.getAsLong());
    if (before == LineLimit.KEPT_BACK) return;
    JsonObject data =
        new JsonObject()
            .put("change", change)
            .put("client", DiskHandlers.client(client))
            .put("machine", machine == null ? null : machine.toString());
    if (why != null) data.put("reason", why);
    if (before > 0) data.put("keptBack", before);
    log.append("client", data, machine == null ? Set.of() : Set.of(machine.toString()));
  }
}
