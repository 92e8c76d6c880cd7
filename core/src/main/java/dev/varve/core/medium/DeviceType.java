package dev.varve.core.medium;

/** What sits in a slot, and what a medium is made for. Immutable. */
public enum DeviceType {
  HARD_DISK("HardDisk"),
  DVD("DVD"),
  FLOPPY("Floppy");

  private final String text;

  DeviceType(String text) {
    this.text = text;
  }

  /** The name in settings files, JSON and on the command line. */
  public String text() {
    return text;
  }

  /** Whether media can be changed while the drive stays. */
  public boolean isRemovable() {
    return this != HARD_DISK;
  }
}
