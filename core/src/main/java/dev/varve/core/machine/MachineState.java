package dev.varve.core.machine;

/** What a machine is doing. */
public enum MachineState {
  POWERED_OFF("PoweredOff"),
  /** Its memory is in a file; nothing but its storage's limits can be changed. */
  SAVED("Saved"),
  RUNNING("Running"),
  PAUSED("Paused"),
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

  /** Whether its disks are being served. */
  public boolean isOnline() {
    return this == RUNNING || this == PAUSED || this == DELETING_SNAPSHOT_ONLINE;
  }
}
