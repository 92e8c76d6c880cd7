package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file system under one machine's disks does not answer. */
@Timeout(300)
class HangingHostTest {

  private static final int PATIENCE_SECONDS = 30;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId slow;
  private MachineId other;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
    slow = machine("slow");
    other = machine("other");
  }

  @AfterEach
  void close() throws IOException {
    answer.countDown();
    bench.close();
  }

  private MachineId machine(String name) throws IOException {
    MachineId id = bench.machine(name);
    String session = bench.lock(id);
    bench.attach(session, 0, bench.disk(name));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    return id;
  }

  /** From now on the host does not answer for the slow machine's disks. */
  private void hang() {
    bench.disks.hanging =
        machine -> {
          if (!machine.equals(slow)) return;
          asked.countDown();
          await(answer);
        };
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) throw new AssertionError("too long");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private MachineState state(MachineId machine) {
    return bench.machine(machine).state();
  }

  @Test
  void aPowerDownThatDoesNotEndKeepsNoOtherMachineFromAnything() throws Exception {
    bench.inventory.start(slow);
    hang();
    var down = CompletableFuture.runAsync(() -> bench.inventory.powerDown(slow));
    await(asked);

    assertEquals(MachineState.STOPPING, state(slow));
    bench.inventory.start(other);
    bench.inventory.powerDown(other);
    machine("third");

    assertFalse(down.isDone());
    answer.countDown();
    down.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals(MachineState.POWERED_OFF, state(slow));
  }

  @Test
  void aStartThatDoesNotEndKeepsNoOtherMachineFromAnythingAndItsMediaLocked() throws Exception {
    hang();
    var up = CompletableFuture.runAsync(() -> bench.inventory.start(slow));
    await(asked);

    assertEquals(MachineState.STARTING, state(slow));
    assertEquals(
        MediumState.LOCKED_WRITE,
        bench.inventory.view().media().get(bench.attached(slow, 0)).state());
    bench.inventory.start(other);
    bench.inventory.powerDown(other);

    assertFalse(up.isDone());
    answer.countDown();
    up.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals(MachineState.RUNNING, state(slow));
  }

  @Test
  void aMachineOnItsWayIsRefusedEverythingAndTheRefusalSaysWhy() throws Exception {
    hang();
    var up = CompletableFuture.runAsync(() -> bench.inventory.start(slow));
    await(asked);

    for (Runnable change :
        List.<Runnable>of(
            () -> bench.inventory.start(slow),
            () -> bench.inventory.powerDown(slow),
            () -> bench.inventory.lock(slow, LockType.SHARED),
            () -> bench.inventory.unregister(slow, UnregisterMode.UNREGISTER_ONLY))) {
      ModelException refused = Bench.refusal(change);
      assertEquals(ErrorCode.VBOX_E_INVALID_OBJECT_STATE, refused.code());
      assertTrue(refused.getMessage().contains("is being started"), refused.getMessage());
    }
    answer.countDown();
    up.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aSnapshotOfDisksThatDoNotAnswerKeepsNoOtherMachineFromAnything() throws Exception {
    bench.inventory.start(slow);
    String session = bench.inventory.lock(slow, LockType.SHARED).id();
    hang();
    var snapshot =
        CompletableFuture.supplyAsync(() -> bench.inventory.takeSnapshot(session, "S", ""));
    await(asked);

    bench.inventory.start(other);
    bench.inventory.powerDown(other);
    machine("third");
    assertTrue(bench.inventory.comesTurn(Duration.ZERO));

    assertFalse(snapshot.isDone());
    answer.countDown();
    snapshot.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals(1, bench.machine(slow).saved().snapshots().size());
  }

  @Test
  void aSessionThatEndsDuringAPowerDownWaitsForItAndLeavesTheMachineOff() throws Exception {
    bench.inventory.start(slow);
    String session = bench.inventory.lock(slow, LockType.SHARED).id();
    hang();
    var down = CompletableFuture.runAsync(() -> bench.inventory.powerDown(slow));
    await(asked);

    var end = CompletableFuture.runAsync(() -> bench.inventory.unlock(session));
    ModelException refused = Bench.refusal(() -> bench.inventory.save(session));
    assertTrue(refused.getMessage().contains("is being powered down"), refused.getMessage());
    assertEquals(MachineState.STOPPING, state(slow));
    assertFalse(end.isDone());

    answer.countDown();
    down.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals(MachineState.POWERED_OFF, state(slow));
    bench.inventory.start(slow);
  }

  @Test
  void aStartThatFailsInTheEndLeavesTheMachineOffAndItsMediaFree() throws Exception {
    bench.disks.unopenable.put(Bench.sata(0), "no");

    Bench.refusal(() -> bench.inventory.start(slow));

    assertEquals(MachineState.POWERED_OFF, state(slow));
    assertEquals(
        MediumState.CREATED, bench.inventory.view().media().get(bench.attached(slow, 0)).state());
    bench.disks.unopenable.clear();
    bench.inventory.start(slow);
  }

  @Test
  void atTheEndOneThatDoesNotEndIsNamedAndAllOthersHaveEnded() throws Exception {
    bench.inventory.start(slow);
    bench.inventory.start(other);
    hang();

    ModelException told =
        Bench.refusal(
            () -> {
              try {
                bench.inventory.close(Duration.ofMillis(300));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });

    assertTrue(told.getMessage().contains("machine 'slow' has not ended"), told.getMessage());
    assertEquals(MachineState.POWERED_OFF, state(other));
    assertEquals(List.of("start", "start", "stop"), bench.disks.calls());
    answer.countDown();
  }
}
