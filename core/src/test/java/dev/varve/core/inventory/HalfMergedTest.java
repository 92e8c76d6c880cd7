package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refused;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.Steps;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A merge into a lower image fails in the middle: that image is neither the old disk nor the new
 * one, and it is never shown.
 */
class HalfMergedTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private boolean diskFails = true;
  private Bench bench;
  private MachineId machine;
  private String session;
  private MediumId base;
  private SnapshotId first;

  @BeforeEach
  void aMachineWithTwoSnapshots() throws IOException {
    bench = new Bench(folder, failing(), waiting::add, Steps.UNHEARD);
    base = bench.disk("base");
    bench.write(base, 0, "as in S1");
    machine = bench.machine("mail");
    session = bench.lock(machine);
    bench.attach(session, 0, base);
    first = bench.inventory.takeSnapshot(session, "S1", "");
    bench.write(bench.attached(machine, 0), 0, "as in S2");
    bench.inventory.takeSnapshot(session, "S2", "");
    bench.write(bench.attached(machine, 0), 1, "now");
  }

  /** Images of which a merge changes the target and then fails. */
  private ImageFiles failing() {
    OtherMerge merge =
        (usual, _) -> {
          boolean done = usual.run();
          if (diskFails) throw new HalfMergedException(new IOException("the disk fails"));
          return done;
        };
    return merge.of(new TestImages());
  }

  private Job deleteFirst() {
    Job job = bench.inventory.deleteSnapshot(session, first);
    waiting.remove().run();
    return job;
  }

  @Test
  void aSnapshotOfWhichAPartIsGoneCannotBeRestored() throws IOException {
    assertEquals(Job.State.FAILED, deleteFirst().state());

    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE,
        refused(() -> bench.inventory.restoreSnapshot(session, first)));
    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE,
        refused(
            () ->
                bench.inventory.cloneMedium(
                    base, bench.at("copy.vdi"), ImageFormat.VDI, MediumVariant.STANDARD)));
    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE,
        refused(() -> bench.inventory.createDiff(base, bench.at("diff.vdi"))));
    assertEquals(MachineState.POWERED_OFF, bench.machine(machine).state());
    assertShowsTheCurrentState();
    bench.checkFiles();
  }

  @Test
  void deletingItAgainFinishesTheWork() throws IOException {
    deleteFirst();
    diskFails = false;

    Job again = deleteFirst();

    assertEquals(Job.State.DONE, again.state());
    assertDeleted();
    bench.reopen();
    assertDeleted();
    assertEquals(0, bench.inventory.jobs().size());
  }

  @Test
  void deletingItAgainCannotBeCancelledAnyMore() throws IOException {
    deleteFirst();
    diskFails = false;

    Job again = bench.inventory.deleteSnapshot(session, first);
    again.cancel();
    waiting.remove().run();

    assertEquals(Job.State.DONE, again.state());
    assertDeleted();
  }

  @Test
  void theNextRunFinishesIt() throws IOException {
    deleteFirst();

    bench.reopen();

    assertEquals(Job.State.DONE, bench.inventory.jobs().getFirst().state());
    assertDeleted();
  }

  @Test
  void whatTheNextRunCannotFinishStaysClosedToo() throws IOException {
    deleteFirst();
    MediumId middle = bench.medium(bench.attached(machine, 0)).parent();
    Path away = bench.at("away");
    Files.move(bench.medium(middle).location(), away);

    bench.reopen();
    Files.move(away, bench.medium(middle).location());

    assertEquals(Job.State.FAILED, bench.inventory.jobs().getFirst().state());
    session = bench.inventory.lock(machine, LockType.WRITE).id();
    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE,
        refused(() -> bench.inventory.restoreSnapshot(session, first)));
    bench.inventory.deleteSnapshot(session, first);
    assertDeleted();
  }

  @Test
  void aSnapshotBeforeItCannotPassItOn() throws IOException {
    SnapshotId second = bench.machine(machine).saved().snapshots().get(1).id();
    MediumId middle = bench.medium(bench.attached(machine, 0)).parent();
    bench.write(middle, 2, "so that it is the larger one");
    Job job = bench.inventory.deleteSnapshot(session, second);
    waiting.remove().run();
    assertTrue(job.failure().getMessage().contains("a part is done"), job.failure()::getMessage);

    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE, refused(() -> bench.inventory.deleteSnapshot(session, first)));
  }

  private void assertShowsTheCurrentState() throws IOException {
    MediumId top = bench.attached(machine, 0);
    assertEquals("as in S2", bench.read(top, 0));
    assertEquals("now", bench.read(top, 1));
  }

  private void assertDeleted() throws IOException {
    assertEquals(1, bench.machine(machine).saved().snapshots().size());
    assertShowsTheCurrentState();
    bench.checkFiles();
  }
}
