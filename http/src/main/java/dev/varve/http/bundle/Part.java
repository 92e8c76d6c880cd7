package dev.varve.http.bundle;

/**
 * A file of the bundle. Immutable.
 *
 * @param about what it holds, for people
 */
public record Part(String name, String about, Source source) {

  /** Finds out what is in a file; any thread, and may block for ever. */
  public interface Source {
    /**
     * The contents, secrets included.
     *
     * @throws Exception if it cannot be had; the message says why
     */
    String text() throws Exception;
  }
}
