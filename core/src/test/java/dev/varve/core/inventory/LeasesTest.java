package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.Hold.Holder;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client that died has left ends by itself, and what a living one has does not. */
final class LeasesTest {

  private static final Holder CLIENT = new Holder("process 7 (tool)", Duration.ofSeconds(60));

  @TempDir Path folder;
  @AutoClose private Bench bench;
  private MachineId machine;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
    machine = bench.inventory.createMachine("mail");
  }

  private Session lock() {
    return bench.inventory.lock(machine, LockType.WRITE, CLIENT);
  }

  private List<Session> sessions() {
    return bench.inventory.view().machines().get(machine).sessions();
  }

  @Test
  void aSessionEndsWhenItsLeaseDoesAndItsChangesAreDiscarded() {
    Session session = lock();
    bench.inventory.addController(session.id(), "SATA", StorageBus.SATA, null);

    bench.now = bench.now.plusSeconds(60);
    bench.inventory.endExpired();

    assertEquals(List.of(), sessions());
    assertEquals(0, bench.inventory.view().machines().get(machine).working().controllers().size());
  }

  @Test
  void aSessionThatIsRenewedGoesOn() {
    Session session = lock();

    for (int i = 0; i < 5; i++) {
      bench.now = bench.now.plusSeconds(59);
      bench.inventory.renew(session.id());
      bench.inventory.endExpired();
    }

    assertEquals(1, sessions().size());
    assertEquals(session.hold().since(), sessions().getFirst().hold().since());
  }

  @Test
  void aSessionWithoutALeaseNeverEndsByItself() {
    bench.inventory.lock(machine, LockType.WRITE);

    bench.now = bench.now.plus(Duration.ofDays(400));
    bench.inventory.endExpired();

    assertEquals(1, sessions().size());
  }

  @Test
  void anExpiredSessionIsNotInTheWay() {
    lock();
    bench.now = bench.now.plusSeconds(61);

    Session next = lock();

    assertEquals(List.of(next), sessions());
  }

  @Test
  void aConflictNamesTheHolderAndSinceWhen() {
    lock();

    var refused = assertThrows(ModelException.class, this::lock);

    assertTrue(
        refused.getMessage().contains("process 7 (tool) since 2026-01-01T00:00:00Z"),
        refused.getMessage());
  }

  @Test
  void aMachineThatASessionHoldsDoesNotStartAndSaysWhoHoldsIt() {
    lock();

    var refused = assertThrows(ModelException.class, () -> bench.inventory.start(machine));

    assertTrue(refused.getMessage().contains("process 7 (tool)"), refused.getMessage());
  }

  @Test
  void theLockOfAMediumIsGivenUpWhenItsLeaseEnds() {
    MediumId disk = bench.disk("disk");
    bench.inventory.lockMedium(disk, true, CLIENT);
    assertEquals(MediumState.LOCKED_WRITE, bench.inventory.view().media().get(disk).state());

    bench.now = bench.now.plusSeconds(60);
    bench.inventory.endExpired();

    assertEquals(MediumState.CREATED, bench.inventory.view().media().get(disk).state());
  }

  @Test
  void theLockOfAMediumThatIsRenewedStays() {
    MediumId disk = bench.disk("disk");
    String lock = bench.inventory.lockMedium(disk, true, CLIENT);
    bench.now = bench.now.plusSeconds(59);

    bench.inventory.renewLock(lock);
    bench.now = bench.now.plusSeconds(59);
    bench.inventory.endExpired();

    var refused =
        assertThrows(
            ModelException.class,
            () -> bench.inventory.lockMedium(disk, false, Hold.Holder.THIS_PROGRAM));
    assertTrue(refused.getMessage().contains("process 7 (tool) since"), refused.getMessage());
  }
}
