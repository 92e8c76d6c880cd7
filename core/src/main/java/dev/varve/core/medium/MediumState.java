package dev.varve.core.medium;

/** Whether a medium's file can be used now, and by whom it is held. Immutable. */
public enum MediumState {
  NOT_CREATED("NotCreated"),
  CREATED("Created"),
  LOCKED_READ("LockedRead"),
  LOCKED_WRITE("LockedWrite"),
  INACCESSIBLE("Inaccessible"),
  /** Its file has not been looked at since the server was started. */
  NOT_CHECKED("NotChecked"),
  CREATING("Creating"),
  DELETING("Deleting");

  private final String text;

  MediumState(String text) {
    this.text = text;
  }

  /** The name in JSON and on the command line. */
  public String text() {
    return text;
  }
}
