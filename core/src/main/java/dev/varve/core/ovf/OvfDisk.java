package dev.varve.core.ovf;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A hard disk of a packed machine. Immutable.
 *
 * @param id unique in the descriptor
 * @param capacity in bytes; 0 if it is not said
 * @param unit in which the descriptor counts the capacity, in bytes: it is rounded to that
 * @param format the address of its specification, as the descriptor has it; may be empty
 * @param file null for a disk that holds nothing yet
 * @param uuid under which VirtualBox's own part of the descriptor names the disk, or null
 */
public record OvfDisk(
    String id,
    long capacity,
    long unit,
    String format,
    @Nullable OvfFile file,
    @Nullable UUID uuid) {

  /** A disk that VirtualBox's own part does not name. */
  public OvfDisk(String id, long capacity, long unit, String format, @Nullable OvfFile file) {
    this(id, capacity, unit, format, file, null);
  }
}
