package dev.varve.core.medium;

/** How a medium takes part in snapshots and in use by several machines. Immutable. */
public enum MediumType {
  NORMAL("Normal"),
  IMMUTABLE("Immutable"),
  WRITETHROUGH("Writethrough"),
  SHAREABLE("Shareable"),
  READONLY("Readonly"),
  MULTI_ATTACH("MultiAttach");

  private final String text;

  MediumType(String text) {
    this.text = text;
  }

  /** The name in settings files, JSON and on the command line. */
  public String text() {
    return text;
  }
}
