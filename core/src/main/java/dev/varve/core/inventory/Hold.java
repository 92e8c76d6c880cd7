package dev.varve.core.inventory;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * For whom something is held, and since when. A hold with a lease ends by itself when its holder
 * gives no sign of life for so long: what a client that died has left does not stand in the way for
 * good. Immutable.
 *
 * @param holder in words: {@code process 4711 (python3)}
 * @param since when it began
 * @param lease how long it lasts after the holder's last request; null: until it is given up
 * @param renewed when the holder's last request came
 */
public record Hold(String holder, Instant since, @Nullable Duration lease, Instant renewed) {

  /**
   * Who asks for a hold.
   *
   * @param name in words
   * @param lease as {@link Hold#lease}
   */
  public record Holder(String name, @Nullable Duration lease) {

    /** A part of this program, which does not die by itself. */
    public static final Holder THIS_PROGRAM = new Holder("this program", null);

    Hold begin(Instant now) {
      return new Hold(name, now, lease, now);
    }
  }

  /** When it ends, if nothing more is heard of the holder; null: never. */
  public @Nullable Instant expires() {
    return lease == null ? null : renewed.plus(lease);
  }

  Hold renewedAt(Instant now) {
    return new Hold(holder, since, lease, now);
  }

  boolean hasExpired(Instant now) {
    Instant end = expires();
    return end != null && !now.isBefore(end);
  }

  /** For messages. */
  @Override
  public String toString() {
    return holder + " since " + since;
  }
}
