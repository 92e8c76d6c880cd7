package dev.varve.io.client;

/** The way in which a client reaches its disk. Immutable. */
public enum Transport {
  NBD("NBD"),
  VHOST_USER("vhost-user");

  private final String text;

  Transport(String text) {
    this.text = text;
  }

  /** What people and programs are told. */
  public String text() {
    return text;
  }
}
