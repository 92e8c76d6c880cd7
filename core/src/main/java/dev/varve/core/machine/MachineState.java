package dev.varve.core.machine;

/** What a machine is doing. Immutable. */
public enum MachineState {
  POWERED_OFF("PoweredOff"),
  /** Its memory is in a file; nothing but its storage's limits can be changed. */
  SAVED("Saved"),
  /** Its disks are being opened; nothing of it can be changed. */
  STARTING("Starting"),
  RUNNING("Running"),
  PAUSED("Paused"),
  /** Its disks are being made durable and closed; nothing of it can be changed. */
  STOPPING("Stopping"),
  /** Not running, and a snapshot is being deleted. */
  DELETING_SNAPSHOT("DeletingSnapshot"),
  /** Running, and a snapshot is being deleted. */
  DELETING_SNAPSHOT_ONLINE("DeletingSnapshotOnline");

  private final String text;

  MachineState(String text) {
    this.text = text;
  }

  /** The name in JSON and on the command line. */
  public String text() {
    return text;
  }

  /** Whether it is on the way to another state, and a call that changes it has to wait. */
  public boolean isTransient() {
    return this == STARTING || this == STOPPING;
  }

  /** Whether its disks are being served. */
  public boolean isOnline() {
    return this == RUNNING || this == PAUSED || this == DELETING_SNAPSHOT_ONLINE;
  }
}
