package dev.varve.core.settings;

import dev.varve.core.journal.Fingerprint;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a machine's settings file says at one moment. Only what {@link StateFolder#take} is given
 * counts as read: a file is never written over unless the last reading of it was taken. Immutable.
 */
public final class Reading {

  private final Path file;
  private final Fingerprint fingerprint;
  private final MachineSettings settings;
  private final List<Medium> registry;
  private final List<String> remarks;
  private final Map<MediumId, MovedMedia.Note> moved;
  private final MachineSettings said;
  private final @Nullable MachineSettings before;

  /**
   * @param settings with the media that are known
   * @param moved what to say of media that are elsewhere
   * @param said whatever media are known
   * @param before what it said when it was last read or written here; null if it never was
   */
  Reading(
      Path file,
      Fingerprint fingerprint,
      MachineSettings settings,
      List<Medium> registry,
      List<String> remarks,
      Map<MediumId, MovedMedia.Note> moved,
      MachineSettings said,
      @Nullable MachineSettings before) {
    this.file = file;
    this.fingerprint = fingerprint;
    this.settings = settings;
    this.registry = registry;
    this.remarks = remarks;
    this.moved = moved;
    this.said = said;
    this.before = before;
  }

  public Path file() {
    return file;
  }

  public MachineSettings settings() {
    return settings;
  }

  /**
   * Whether it says of storage and snapshots what it said when it was last read or written here;
   * names, descriptions and times do not count.
   */
  public boolean hasSameStorage() {
    return before != null && StoragePart.of(before).equals(StoragePart.of(said));
  }

  Fingerprint fingerprint() {
    return fingerprint;
  }

  MachineSettings said() {
    return said;
  }

  List<Medium> registry() {
    return registry;
  }

  List<String> remarks() {
    return remarks;
  }

  Map<MediumId, MovedMedia.Note> moved() {
    return moved;
  }
}
