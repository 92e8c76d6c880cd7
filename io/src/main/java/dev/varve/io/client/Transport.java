package dev.varve.io.client;

/** The way in which a client reaches its disk. */
public enum Transport {
  NBD("NBD"),
  VHOST_USER("vhost-user");

  private final String word;

  Transport(String word) {
    this.word = word;
  }

  /** What people and programs are told. */
  public String word() {
    return word;
  }
}
