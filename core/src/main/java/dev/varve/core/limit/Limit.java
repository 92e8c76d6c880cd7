package dev.varve.core.limit;

/**
 * The limits of a bandwidth group: the one table of their names. Clients of the API and settings
 * files depend on the names, so none may change. Immutable.
 *
 * <p>A new limit is a constant here and a component of {@link BandwidthLimits}; every other place
 * switches over these constants, so the compiler names it. Schemas in {@code openapi.json} and the
 * options of the command line are compared with this table by tests.
 */
public enum Limit {
  BYTES("maxBytesPerSecond"),
  READ_BYTES("maxReadBytesPerSecond"),
  WRITE_BYTES("maxWriteBytesPerSecond"),
  OPERATIONS("maxOperationsPerSecond"),
  READ_OPERATIONS("maxReadOperationsPerSecond"),
  WRITE_OPERATIONS("maxWriteOperationsPerSecond"),
  BURST("burstMilliseconds");

  private final String key;

  Limit(String key) {
    this.key = key;
  }

  /** Its name in JSON and in settings files; it ends with the unit. */
  public String key() {
    return key;
  }
}
