package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.sata;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.Fuse;
import dev.varve.core.journal.Fuse.Killed;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process is killed at every step that changes something on disk, and starts again; or from
 * that step on nothing can be changed on disk, as when it is full or read-only.
 */
class CrashPointsTest {

  private static final int MORE_THAN_ANY_CALL_HAS = 200;

  /** Of what is told of a full disk there are thousands of lines. */
  private static final Logger TOLD = Logger.getLogger(Warnings.class.getName());

  @BeforeAll
  static void tellNothing() {
    TOLD.setLevel(Level.OFF);
  }

  @AfterAll
  static void tellAgain() {
    TOLD.setLevel(null);
  }

  @TempDir(factory = MemoryFolder.class)
  Path temp;

  /** A call on a machine that has a history. */
  private interface Call {
    void on(History history) throws IOException;
  }

  private record Case(String name, Call call) {}

  @TestFactory
  Stream<DynamicTest> afterACrashTheModelIsTheOneBeforeOrAfter() {
    return cases()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.name(), () -> everywhere(c.name(), c.call(), this::crashAt)));
  }

  @TestFactory
  Stream<DynamicTest> onADiskThatTakesNothingFromSomeStepOnTheModelIsTheOneBeforeOrAfter() {
    return cases()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.name(), () -> everywhere(c.name() + "-full", c.call(), this::fullAt)));
  }

  private static Stream<Case> cases() {
    return Stream.of(
        new Case("attach", h -> h.attachImmutable()),
        new Case(
            "attachAndSave",
            h -> {
              h.attachImmutable();
              h.bench.inventory.save(h.session);
            }),
        new Case(
            "attachAndDiscard",
            h -> {
              h.attachImmutable();
              h.bench.inventory.discard(h.session);
            }),
        new Case(
            "detachAndSave",
            h -> {
              h.bench.inventory.detach(h.session, sata(0));
              h.bench.inventory.save(h.session);
            }),
        new Case("takeSnapshot", h -> h.bench.inventory.takeSnapshot(h.session, "S4", "")),
        new Case(
            "restoreSnapshot", h -> h.bench.inventory.restoreSnapshot(h.session, h.snapshot(0))),
        new Case("deleteFirst", h -> h.bench.inventory.deleteSnapshot(h.session, h.snapshot(0))),
        new Case("deleteMiddle", h -> h.bench.inventory.deleteSnapshot(h.session, h.snapshot(1))),
        new Case("deleteLast", h -> h.bench.inventory.deleteSnapshot(h.session, h.snapshot(2))),
        new Case("mergeForward", h -> h.bench.inventory.mergeMedium(h.x, h.y)),
        new Case("mergeBackward", h -> h.bench.inventory.mergeMedium(h.y, h.x)),
        new Case("mergeIntoBase", h -> h.bench.inventory.mergeMedium(h.y, h.loose)),
        new Case("resize", h -> h.bench.inventory.resizeMedium(h.y, 2 * Bench.CAPACITY)),
        new Case("createMedium", h -> h.bench.disk("fresh")),
        new Case("createDiff", h -> h.bench.inventory.createDiff(h.y, h.bench.at("z.vdi"))),
        new Case("discardState", h -> h.bench.inventory.discardState(h.sleeping())),
        new Case(
            "restoreOnline",
            h -> h.bench.inventory.restoreSnapshot(h.sleeping(), h.ofAsleep("online"))),
        new Case(
            "restoreOffline",
            h -> h.bench.inventory.restoreSnapshot(h.sleeping(), h.ofAsleep("offline"))),
        new Case(
            "deleteOnline",
            h -> h.bench.inventory.deleteSnapshot(h.sleeping(), h.ofAsleep("online"))),
        new Case("deleteStorage", h -> h.bench.inventory.deleteStorage(h.y)),
        new Case(
            "clone",
            h ->
                h.bench.inventory.cloneMedium(
                    h.y, h.bench.at("copy.vdi"), ImageFormat.VDI, MediumVariant.STANDARD)),
        new Case(
            "cloneToRaw",
            h ->
                h.bench.inventory.cloneMedium(
                    h.y, h.bench.at("copy.raw"), ImageFormat.RAW, MediumVariant.STANDARD)),
        new Case(
            "importMachine",
            h ->
                h.bench.inventory.importMachine(
                    new TestPackage(h.bench.images, false), null, false)),
        new Case(
            "exportMachine",
            h ->
                h.bench.inventory.exportMachine(
                    h.machine, null, new TestPacker(h.bench.folder.resolve("vm.ova"), false))),
        new Case(
            "createRaw",
            h ->
                h.bench.inventory.createMedium(
                    h.bench.at("fresh.raw"),
                    ImageFormat.RAW,
                    MediumVariant.STANDARD,
                    Bench.CAPACITY,
                    MediumType.NORMAL)));
  }

  /** What happens at one step; false if the call has fewer. */
  private interface Trial {
    boolean at(String name, Call call, int step, String before, String after) throws IOException;
  }

  private void everywhere(String name, Call call, Trial trial) throws IOException {
    String before;
    String after;
    try (History whole = new History(temp.resolve(name + "-whole"), new Fuse())) {
      before = whole.bench.everything();
      call.on(whole);
      whole.bench.reopen();
      after = whole.bench.everything();
      whole.bench.checkFiles();
    }
    int crashes = 0;
    for (boolean crashed = true; crashed; crashes += crashed ? 1 : 0) {
      assertTrue(crashes < MORE_THAN_ANY_CALL_HAS, "the call never ends");
      crashed = trial.at(name + "-" + crashes, call, crashes, before, after);
    }
    assertTrue(crashes > 0, "nothing of the call reached the disk");
  }

  private boolean crashAt(String name, Call call, int step, String before, String after)
      throws IOException {
    Fuse fuse = new Fuse();
    History history = new History(temp.resolve(name), fuse);
    fuse.killAfter(step);
    try {
      call.on(history);
    } catch (Killed e) {
      // What the process was doing.
    }
    boolean crashed = fuse.isBlown();
    fuse.spare();
    try {
      history.bench.inventory.close();
    } catch (Killed e) {
      // A process that is gone closes nothing but what the kernel closes.
    }
    try (Bench again = new Bench(history.bench.folder, history.bench.ids)) {
      again.reopen();
      String found = again.everything();
      again.checkFiles();
      if (!found.equals(before) && !found.equals(after))
        throw new AssertionError(
            "killed at step %d (%s):%n%s%nbefore:%n%s%nafter:%n%s"
                .formatted(step, fuse.step(), found, before, after));
    }
    return crashed;
  }

  private boolean fullAt(String name, Call call, int step, String before, String after)
      throws IOException {
    Fuse fuse = new Fuse();
    History history = new History(temp.resolve(name), fuse);
    fuse.fillAfter(step);
    try {
      call.on(history);
    } catch (ModelException e) {
      String words = String.valueOf(e.getMessage());
      assertTrue(words.contains(Fuse.FULL) || words.contains("is still"), words);
    }
    assertEquals(List.of(), history.bench.bugs);
    String live = fuse.isBlown() ? history.bench.everything() : after;
    history.bench.inventory.close();
    try (Bench again =
        new Bench(history.bench.folder, fuse.over(new TestImages()), Runnable::run, fuse)) {
      String found = again.everything();
      if (!found.equals(live)) check("on the full disk", fuse, found, before, after); // unsaved
      assertEquals(List.of(), again.bugs);
    }
    try (Bench again = new Bench(history.bench.folder, history.bench.ids)) {
      again.reopen();
      again.checkFiles();
      check("when there is room", fuse, again.everything(), before, after);
      assertEquals(List.of(), again.inventory.warnings().all());
    }
    return fuse.isBlown();
  }

  private static void check(String when, Fuse fuse, String found, String before, String after) {
    if (!found.equals(before) && !found.equals(after))
      throw new AssertionError(
          "full from '%s' on, started again %s:%n%s%nbefore:%n%s%nafter:%n%s"
              .formatted(fuse.step(), when, found, before, after));
  }

  /**
   * A machine with three snapshots and different contents in each, and a chain that is not in use.
   */
  private static final class History implements AutoCloseable {
    final Bench bench;
    final MachineId asleep;
    final MachineId machine;
    final String session;
    final MediumId immutable;
    final MediumId loose;
    final MediumId x;
    final MediumId y;

    History(Path folder, Fuse fuse) throws IOException {
      bench = new Bench(folder, fuse.over(new TestImages()), Runnable::run, fuse);
      asleep = bench.machine("asleep");
      sleep();
      MediumId base = bench.disk("base");
      bench.write(base, 0, "base");
      bench.write(base, 1, "base");
      machine = bench.machine("vm");
      session = bench.lock(machine);
      bench.attach(session, 0, base);
      bench.inventory.save(session);
      for (String name : List.of("S1", "S2", "S3")) {
        bench.inventory.takeSnapshot(session, name, "");
        MediumId top = bench.attached(machine, 0);
        bench.write(top, 0, name);
        if (name.equals("S1")) bench.write(top, 2, "more of " + name);
      }
      immutable = bench.disk("immutable", MediumType.IMMUTABLE, MediumVariant.STANDARD);
      loose = bench.disk("loose");
      bench.write(loose, 0, "loose");
      x = bench.inventory.createDiff(loose, bench.at("x.vdi"));
      bench.write(x, 1, "x");
      y = bench.inventory.createDiff(x, bench.at("y.vdi"));
      bench.write(y, 2, "y");
    }

    /** Its memory is saved, after a snapshot without and one with another saved memory. */
    private void sleep() throws IOException {
      String held = bench.lock(asleep);
      bench.attach(held, 0, bench.disk("asleep"));
      bench.inventory.takeSnapshot(held, "offline", "");
      bench.inventory.unlock(held);
      bench.saveMemory(asleep, "first.sav");
      held = bench.lock(asleep);
      bench.inventory.takeSnapshot(held, "online", "");
      bench.inventory.discardState(held);
      bench.inventory.unlock(held);
      bench.saveMemory(asleep, "second.sav");
    }

    String sleeping() {
      return bench.lock(asleep);
    }

    SnapshotId ofAsleep(String name) {
      return bench.machine(asleep).saved().snapshots().stream()
          .filter(snapshot -> snapshot.name().equals(name))
          .findFirst()
          .orElseThrow()
          .id();
    }

    void attachImmutable() {
      bench.attach(session, 1, immutable);
    }

    SnapshotId snapshot(int index) {
      Snapshot snapshot = bench.machine(machine).saved().snapshots().get(index);
      return snapshot.id();
    }

    @Override
    public void close() throws IOException {
      bench.close();
    }
  }
}
