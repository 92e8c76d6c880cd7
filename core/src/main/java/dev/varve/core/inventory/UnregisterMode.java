package dev.varve.core.inventory;

/** What becomes of a machine's media when it is unregistered. Immutable. */
public enum UnregisterMode {
  UNREGISTER_ONLY("UnregisterOnly"),
  DETACH_ALL_RETURN_NONE("DetachAllReturnNone"),
  DETACH_ALL_RETURN_HARD_DISKS_ONLY("DetachAllReturnHardDisksOnly"),
  FULL("Full");

  private final String text;

  UnregisterMode(String text) {
    this.text = text;
  }

  /** Its word in the API. */
  public String text() {
    return text;
  }
}
