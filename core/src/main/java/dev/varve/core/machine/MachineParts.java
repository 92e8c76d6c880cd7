package dev.varve.core.machine;

/**
 * What a machine is beside its storage, as far as Varve passes it on between settings files and
 * packages; all of it is VirtualBox's to use. Immutable.
 *
 * @param osType the kind of guest by VirtualBox's word, such as {@code Ubuntu_64}
 * @param memoryMebibytes from 4 to 2 TiB
 * @param processors from 1 to 64
 * @param efi whether its firmware is EFI, and not a BIOS
 * @param virtualBox the element {@code vbox:Machine} that a package has for VirtualBox alone, as
 *     XML text; empty for none
 */
public record MachineParts(
    String osType, int memoryMebibytes, int processors, boolean efi, String virtualBox) {

  public static final int MIN_MEMORY = 4;
  public static final int MAX_MEMORY = 2 << 20;
  public static final int MAX_PROCESSORS = 64;

  /** What a new machine has. */
  public static final MachineParts USUAL = new MachineParts("Other", 1024, 1, false);

  /** Parts of which a package has nothing for VirtualBox alone. */
  public MachineParts(String osType, int memoryMebibytes, int processors, boolean efi) {
    this(osType, memoryMebibytes, processors, efi, "");
  }

  public MachineParts {
    if (memoryMebibytes < MIN_MEMORY || memoryMebibytes > MAX_MEMORY)
      throw new IllegalArgumentException(
          "a machine has %d to %d MiB of memory, not %d"
              .formatted(MIN_MEMORY, MAX_MEMORY, memoryMebibytes));
    if (processors < 1 || processors > MAX_PROCESSORS)
      throw new IllegalArgumentException(
          "a machine has 1 to %d processors, not %d".formatted(MAX_PROCESSORS, processors));
  }
}
