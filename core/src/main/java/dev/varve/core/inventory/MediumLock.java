package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.MediumId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One lock on a medium. A medium has any number of locks for reading, or one for writing.
 *
 * @param token names the locks that are released together
 * @param holder for people: {@code machine 'mail'}
 * @param hold since when and how long a caller has it; null for what this program does itself
 */
record MediumLock(
    String token, MediumId medium, boolean write, Kind kind, String holder, @Nullable Hold hold) {

  MediumLock(String token, MediumId medium, boolean write, Kind kind, String holder) {
    this(token, medium, write, kind, holder, null);
  }

  /** The token of the locks that a machine holds while it runs. */
  static String ofRun(MachineId machine) {
    return "machine " + machine;
  }

  /** A lock that a caller asks for by name. */
  static MediumLock of(Hold hold, String token, MediumId medium, boolean write) {
    return new MediumLock(
        token, medium, write, Kind.CALLER, "%s (lock %s)".formatted(hold, token), hold);
  }

  MediumLock renewedAt(Instant now) {
    return hold == null ? this : of(hold.renewedAt(now), token, medium, write);
  }

  boolean hasExpired(Instant now) {
    return hold != null && hold.hasExpired(now);
  }

  /** On whose behalf. */
  enum Kind {
    /** A caller asked for it by name. */
    CALLER,
    /** A machine runs. */
    MACHINE,
    /** A job reads or changes the file. */
    JOB
  }
}
