package dev.varve.http.api;

import dev.varve.core.inventory.DiskClient;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.UuidText;
import dev.varve.http.access.Rights;
import dev.varve.http.access.Scope;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Keeps a client of scope "operate" to its machines: it may change these and the media that only
 * these use. Looking is not bounded. Thread-safe; nothing blocks.
 *
 * <p>What a call names in several ways goes on by its uuid, so that the name cannot come to mean
 * another thing in between.
 */
final class MachineBounds {

  private final Inventory inventory;
  private final ServedDisks disks;

  MachineBounds(Inventory inventory, ServedDisks disks) {
    this.inventory = inventory;
    this.disks = disks;
  }

  /**
   * The call as it may go on.
   *
   * @throws RefusedRequest if its client may not make it
   */
  Call within(Call call) {
    boolean bounded =
        call.grant().rights().scope() == Scope.OPERATE && call.operation().scope() == Scope.OPERATE;
    return bounded ? new Bounds(call, inventory.view()).apply() : call;
  }

  /** Of one call. */
  private final class Bounds {
    private final Call call;
    private final View view;
    private final Set<MachineId> own;

    Bounds(Call call, View view) {
      this.call = call;
      this.view = view;
      this.own = own(call.grant().rights(), view);
    }

    /** An operation of a kind that is not known here is refused. */
    Call apply() {
      if (call.optional("machine") != null) return ofMachine();
      if (call.optional("session") != null) return ofSession(call.text("session"));
      if (call.optional("medium") != null) return ofMedium();
      if (call.optional("client") != null) return ofClient(call.longNumber("client"));
      if (call.optional("job") != null) return ofJob(call.text("job"));
      if (call.optional("lock") != null) return call; // only who made it knows its id
      throw beyond(call.operation().id());
    }

    private Call ofMachine() {
      MachineView machine = Lookup.machine(view, call.text("machine"));
      check(machine.saved().id());
      Call named = call.with("machine", machine.saved().id().toString());
      String medium = call.textOrNull("medium");
      return medium == null
          ? named
          : named.withMember("medium", insertable(medium).medium().id().toString());
    }

    private Call ofSession(String id) {
      check(Lookup.session(view, id).machine());
      return call;
    }

    private Call ofMedium() {
      MediumView medium = medium(call.text("medium"));
      if (!isOwn(medium))
        throw beyond("each machine that uses medium '%s'".formatted(medium.medium().location()));
      return call.with("medium", medium.medium().id().toString());
    }

    /** A medium that only these machines use, and at least one of them. */
    private boolean isOwn(MediumView medium) {
      Set<MachineId> users = new HashSet<>();
      addUsers(medium, users);
      return !users.isEmpty() && own.containsAll(users);
    }

    /** Machines that use a child use its parents too. */
    private void addUsers(MediumView medium, Set<MachineId> users) {
      users.addAll(medium.uses().keySet());
      for (MediumId child : medium.children()) {
        MediumView view = this.view.media().get(child);
        if (view != null) addUsers(view, users);
      }
    }

    /** A medium that these machines have, or a DVD image, which a guest can only read. */
    private MediumView insertable(String text) {
      MediumView medium = medium(text);
      boolean disc = medium.medium().device() == DeviceType.DVD && !medium.medium().isHostDrive();
      if (!disc && !isOwn(medium))
        throw beyond("each machine that uses medium '%s'".formatted(medium.medium().location()));
      return medium;
    }

    /** By its uuid, or its location as it is listed: finding out more could block. */
    private MediumView medium(String text) {
      UUID id = UuidText.parse(text);
      MediumView byId = id == null ? null : view.media().get(new MediumId(id));
      if (byId != null) return byId;
      List<MediumView> there =
          view.media().values().stream()
              .filter(m -> m.medium().location().toString().equals(text))
              .toList();
      if (there.size() == 1) return there.getFirst();
      throw RefusedRequest.unknown(
          "medium '%s' is not registered under this name; use its uuid".formatted(text));
    }

    private Call ofClient(long number) {
      Set<String> exports =
          own.stream()
              .flatMap(machine -> DiskHandlers.exports(disks, machine).stream())
              .collect(Collectors.toSet());
      for (DiskClient client : disks.clients()) {
        if (client.number() != number) continue;
        if (!exports.contains(client.export()))
          throw beyond("the machine of disk '%s'".formatted(client.export()));
        return call;
      }
      throw RefusedRequest.unknown("there is no client %d".formatted(number));
    }

    private Call ofJob(String id) {
      Job job = Lookup.job(inventory, id);
      MachineId machine = job.machine();
      if (machine == null || !own.contains(machine))
        throw beyond("the machine of the job '%s'".formatted(job.description()));
      return call;
    }

    private void check(MachineId machine) {
      if (!own.contains(machine))
        throw beyond("machine '" + Lookup.machine(view, machine.toString()).saved().name() + "'");
    }

    private RefusedRequest beyond(String what) {
      String held =
          view.machines().values().stream()
              .filter(machine -> own.contains(machine.saved().id()))
              .map(machine -> "'" + machine.saved().name() + "'")
              .sorted()
              .collect(Collectors.joining(", "));
      return RefusedRequest.beyond(
          call.grant(),
          "operate of " + (held.isEmpty() ? "machines that are not registered" : held),
          "operate of " + what);
    }
  }

  /** Those of the rights that are registered. A name that two machines have means neither. */
  private static Set<MachineId> own(Rights rights, View view) {
    Set<MachineId> own = new HashSet<>();
    for (String text : rights.machines()) {
      List<MachineView> meant = view.machines(text);
      if (meant.size() == 1) own.add(meant.getFirst().saved().id());
    }
    return own;
  }
}
