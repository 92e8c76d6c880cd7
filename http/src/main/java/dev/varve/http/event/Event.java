package dev.varve.http.event;

/**
 * Something that has happened. Immutable.
 *
 * @param id where the event stands in the log; a client that comes back names the last that it has
 *     heard
 * @param kind what it is about, one word
 * @param data a JSON object
 */
public record Event(String id, String kind, String data) {

  /** Its kind where a client has missed events and cannot hear them any more. */
  public static final String GAP = "gap";
}
