package dev.varve.core.inventory;

import static dev.varve.core.inventory.Warnings.Kind.CHANGED_OUTSIDE;
import static dev.varve.core.inventory.Warnings.Kind.STUCK_STEP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.inventory.Warnings.Warning;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is wrong is listed until it is mended. */
final class WarningsTest {

  private Instant now = Instant.EPOCH;
  private final Warnings warnings = new Warnings(() -> now);

  @Test
  void aWarningIsListedUntilItIsCleared() {
    warnings.raise(STUCK_STEP, "a.vdi", "a.vdi cannot be deleted");
    warnings.raise(CHANGED_OUTSIDE, "a.vdi", "a.vdi was changed");

    warnings.clear(STUCK_STEP, "a.vdi");

    assertEquals(
        List.of(new Warning(CHANGED_OUTSIDE, "a.vdi", "a.vdi was changed", now)), warnings.all());
  }

  @Test
  void aWarningThatIsRaisedAgainKeepsItsTimeAndTakesTheNewText() {
    warnings.raise(STUCK_STEP, "a.vdi", "the folder is read-only");
    now = now.plusSeconds(60);

    warnings.raise(STUCK_STEP, "a.vdi", "the disk is full");

    assertEquals(
        List.of(new Warning(STUCK_STEP, "a.vdi", "the disk is full", Instant.EPOCH)),
        warnings.all());
  }
}
