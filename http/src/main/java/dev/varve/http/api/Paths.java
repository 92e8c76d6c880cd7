package dev.varve.http.api;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.MediumId;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Where things are, as {@code Location} headers say it. */
final class Paths {

  private static final String ROOT = "/api/v1/";

  private Paths() {}

  static String of(MachineId machine) {
    return ROOT + "machines/" + machine;
  }

  static String ofController(MachineId machine, String controller) {
    return of(machine) + "/controllers/" + encoded(controller);
  }

  static String of(MachineId machine, Slot slot) {
    return of(machine)
        + "/attachments/%s/%d/%d".formatted(encoded(slot.controller()), slot.port(), slot.device());
  }

  static String ofGroup(MachineId machine, String group) {
    return of(machine) + "/bandwidth-groups/" + encoded(group);
  }

  static String of(MachineId machine, SnapshotId snapshot) {
    return of(machine) + "/snapshots/" + snapshot;
  }

  static String ofToken(String id) {
    return ROOT + "tokens/" + id;
  }

  static String of(MediumId medium) {
    return ROOT + "media/" + medium;
  }

  static String ofSession(String session) {
    return ROOT + "sessions/" + session;
  }

  static String ofLock(String lock) {
    return ROOT + "locks/" + lock;
  }

  static String ofJob(String job) {
    return ROOT + "jobs/" + job;
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
