package dev.varve.http.event;

import java.util.Set;

/**
 * Something that has happened. Immutable.
 *
 * @param id where the event stands in the log; a client that comes back names the last that it has
 *     heard
 * @param kind what it is about, one word
 * @param data a JSON object
 * @param machines the uuids of the machines that it is about; empty if it is about none
 */
public record Event(String id, String kind, String data, Set<String> machines) {

  public Event {
    machines = Set.copyOf(machines);
  }

  /** One about no machine. */
  public Event(String id, String kind, String data) {
    this(id, kind, data, Set.of());
  }

  /** Whether a client hears it that asks for one machine: it is about that one, or about none. */
  public boolean isAbout(String machine) {
    return machines.isEmpty() || machines.contains(machine);
  }

  /** Its kind where a client has missed events and cannot hear them any more. */
  public static final String GAP = "gap";
}
