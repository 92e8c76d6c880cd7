package dev.varve.core.machine;

/** How a session holds a machine. Immutable. */
public enum LockType {
  /** Alone, to change it. */
  WRITE("Write"),
  /**
   * Together with the sessions that hold it already; on a free machine the same as {@link #WRITE}.
   */
  SHARED("Shared");

  private final String text;

  LockType(String text) {
    this.text = text;
  }

  /** The name in JSON and on the command line. */
  public String text() {
    return text;
  }
}
