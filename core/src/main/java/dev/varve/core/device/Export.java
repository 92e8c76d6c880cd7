package dev.varve.core.device;

/**
 * A device under the name by which clients ask for it. Immutable.
 *
 * @param name what a client asks for; at most 4096 bytes of UTF-8, the empty name is the default
 *     export
 * @param description a line for people; may be empty
 * @param device the disk behind it, owned by the publisher of the export
 * @param readOnly whether clients may only read; always true if the device is read-only
 * @param discard whether clients may discard
 * @param rotational whether the disk presents itself as one that spins
 * @param failures where it is counted and told what the device cannot carry out
 * @param traffic where it is counted what clients ask for
 */
public record Export(
    String name,
    String description,
    BlockDevice device,
    boolean readOnly,
    boolean discard,
    boolean rotational,
    DiskFailures failures,
    DiskTraffic traffic) {

  /** One whose failures are told of the image that its description names. */
  public Export(
      String name,
      String description,
      BlockDevice device,
      boolean readOnly,
      boolean discard,
      boolean rotational) {
    this(
        name,
        description,
        device,
        readOnly,
        discard,
        rotational,
        new DiskFailures(name, () -> description, System::nanoTime),
        new DiskTraffic());
  }

  public Export {
    readOnly |= device.readOnly();
    discard &= !readOnly;
  }
}
