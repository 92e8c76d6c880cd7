package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.Preview.Action;
import dev.varve.core.journal.Steps;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operation says it will do is what it then does, and saying it does nothing. */
class RehearsalTest {

  @TempDir Path folder;
  Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  // ---- each operation, said and then done

  @Test
  void deletedMedium() throws IOException {
    MediumId disk = bench.disk("a");

    Preview preview = saidAndDone(inventory -> inventory.deleteStorage(disk));

    assertEquals(Set.of(Action.DELETED, Action.REWRITTEN, Action.CREATED), actions(preview));
    assertTrue(preview.irreversible());
  }

  @Test
  void closedMediumKeepsItsFile() throws IOException {
    MediumId disk = bench.disk("a");

    Preview preview = saidAndDone(inventory -> inventory.closeMedium(disk));

    assertEquals(0, preview.freedBytes());
    assertFalse(preview.irreversible());
  }

  @Test
  void unregisteredMachine() throws IOException {
    for (UnregisterMode mode : UnregisterMode.values()) {
      MachineId machine = bench.machine("m" + mode, bench.disk("d" + mode));

      Preview preview = saidAndDone(inventory -> inventory.unregister(machine, mode));

      assertFalse(preview.irreversible(), "its files stay");
    }
  }

  @Test
  void deletedSnapshotMergesAndFrees() throws IOException {
    MachineId machine = bench.machine("m", bench.disk("a"));
    SnapshotId first = snapshot(machine, "S1");
    bench.write(bench.attached(machine, 0), 0, "one");
    snapshot(machine, "S2");
    bench.write(bench.attached(machine, 0), 1, "two");
    String session = bench.lock(machine);

    Preview preview = saidAndDone(inventory -> inventory.deleteSnapshot(session, first));

    assertTrue(preview.neededBytes() > 0);
    assertTrue(preview.irreversible());
    assertTrue(preview.changes().contains("machine 'm': snapshot 'S1' is deleted"));
  }

  @Test
  void deletedSnapshotOfAMachineThatRuns() throws IOException {
    MachineId machine = bench.machine("m", bench.disk("a"));
    SnapshotId first = snapshot(machine, "S1");
    snapshot(machine, "S2");
    bench.inventory.start(machine);
    String session = bench.inventory.lock(machine, LockType.SHARED).id();

    Preview preview =
        bench.inventory.rehearse(inventory -> inventory.deleteSnapshot(session, first));

    assertTrue(actions(preview).contains(Action.DELETED));
    assertEquals(MachineState.RUNNING, bench.machine(machine).state());
    assertEquals(2, bench.machine(machine).saved().snapshots().size());
  }

  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void poweredDownMachineEndsTheJobOnItsDisks() throws IOException {
    bench.close();
    var waiting = new ArrayDeque<Runnable>();
    bench = new Bench(folder, new TestImages(), waiting::add, Steps.UNHEARD);
    MachineId machine = bench.machine("m", bench.disk("a"));
    SnapshotId first = snapshot(machine, "S1");
    snapshot(machine, "S2");
    bench.inventory.start(machine);
    String session = bench.inventory.lock(machine, LockType.SHARED).id();
    Job job = bench.inventory.deleteSnapshot(session, first);

    Preview preview = bench.inventory.rehearse(inventory -> inventory.powerDown(machine));

    assertEquals(
        "the job '%s' is cancelled, or waited for if it cannot stop any more"
            .formatted(job.description()),
        preview.changes().getFirst());
    assertTrue(preview.changes().contains("machine 'm' is powered down"), preview::toString);
    assertEquals(Job.State.RUNNING, job.state());
    waiting.remove().run();
    assertEquals(Job.State.DONE, job.state());
  }

  @Test
  void restoredSnapshot() throws IOException {
    MachineId machine = bench.machine("m", bench.disk("a"));
    SnapshotId first = snapshot(machine, "S1");
    bench.write(bench.attached(machine, 0), 0, "lost");
    String session = bench.lock(machine);

    Preview preview = saidAndDone(inventory -> inventory.restoreSnapshot(session, first));

    assertTrue(preview.irreversible());
    assertTrue(preview.freedBytes() > 0);
  }

  @Test
  void mergedMedium() throws IOException {
    MediumId base = bench.disk("base");
    MediumId child = bench.inventory.createDiff(base, bench.at("child.vdi"));
    bench.write(child, 0, "child");

    Preview down = saidAndDone(inventory -> inventory.mergeMedium(child, base));

    assertEquals(
        List.of("'%s' is merged into '%s'".formatted(bench.at("child.vdi"), bench.at("base.vdi"))),
        down.changes().subList(0, 1));
  }

  @Test
  void emptiedMedium() throws IOException {
    MediumId base = bench.disk("base");
    MediumId child = bench.inventory.createDiff(base, bench.at("child.vdi"));
    bench.write(child, 0, "child");

    Preview preview = saidAndDone(inventory -> inventory.resetMedium(child));

    assertTrue(preview.irreversible());
  }

  @Test
  void resizedMedium() throws IOException {
    MediumId disk = bench.disk("a");

    Preview preview = saidAndDone(inventory -> inventory.resizeMedium(disk, 2 * Bench.CAPACITY));

    assertTrue(preview.irreversible());
  }

  @Test
  void startEmptiesImmutableDisks() throws IOException {
    MediumId base = bench.disk("a", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    MachineId machine = bench.machine("m", base);
    bench.write(bench.attached(machine, 0), 0, "run before");

    Preview preview = saidAndDone(inventory -> inventory.start(machine));

    assertTrue(preview.irreversible());
    assertTrue(preview.freedBytes() > 0);

    assertFalse(saidAndDone(inventory -> inventory.powerDown(machine)).irreversible());
  }

  @Test
  void savedAndDiscardedChanges() throws IOException {
    MediumId base = bench.disk("b", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    MachineId machine = bench.machine("m", bench.disk("a"));
    String session = bench.lock(machine);
    bench.attach(session, 1, base); // through a new differencing image

    Preview discarded = bench.inventory.rehearse(inventory -> inventory.discard(session));
    assertTrue(discarded.irreversible());
    assertEquals(Set.of(Action.DELETED), actions(discarded));

    assertFalse(saidAndDone(inventory -> inventory.save(session)).irreversible());
  }

  @Test
  void reloadedMachineLosesWhatIsNotSaved() throws IOException {
    MachineId machine = bench.machine("m", bench.disk("a"));
    String session = bench.lock(machine);
    bench.inventory.detach(session, Bench.sata(0));

    Preview preview = saidAndDone(inventory -> inventory.reload(machine, true));

    assertTrue(preview.irreversible());
  }

  @Test
  void discardedMemory() throws IOException {
    MachineId machine = bench.machine("m", bench.disk("a"));
    bench.saveMemory(machine, "Snapshots/memory.sav");
    String session = bench.lock(machine);

    Preview preview = saidAndDone(inventory -> inventory.discardState(session));

    assertTrue(preview.irreversible());
    assertEquals("memory".length(), preview.freedBytes());
  }

  @Test
  @Timeout(30)
  void filesAreMeasuredWhileOtherCallsGoOn() {
    MediumId disk = bench.disk("a");
    AtomicInteger measured = new AtomicInteger();
    bench.contents.measuring =
        () ->
            CompletableFuture.runAsync(
                    () -> bench.inventory.createMachine("m" + measured.incrementAndGet()))
                .join();

    bench.inventory.rehearse(inventory -> inventory.deleteStorage(disk));

    assertTrue(measured.get() > 0);
  }

  // ---- refusals

  @Test
  void refusalIsTheRealOne() {
    MediumId disk = bench.disk("a");
    bench.machine("m", disk);

    String said =
        Bench.refusal(() -> bench.inventory.rehearse(i -> i.deleteStorage(disk))).getMessage();

    assertEquals(said, Bench.refusal(() -> bench.inventory.deleteStorage(disk)).getMessage());
  }

  @Test
  void fullDiskRefusesTheMergeBefore() throws IOException {
    MediumId base = bench.disk("base");
    MediumId child = bench.inventory.createDiff(base, bench.at("child.vdi"));
    bench.contents.room = new Room(1, 1, false);

    String said =
        Bench.refusal(() -> bench.inventory.rehearse(i -> i.mergeMedium(child, base))).getMessage();

    assertEquals(said, Bench.refusal(() -> bench.inventory.mergeMedium(child, base)).getMessage());
  }

  @Test
  void missingImageFreesNothing() throws IOException {
    MediumId disk = bench.disk("a");
    Files.delete(bench.at("a.vdi"));

    Preview preview = saidAndDone(inventory -> inventory.deleteStorage(disk));

    assertEquals(0, preview.freedBytes());
    assertFalse(actions(preview).contains(Action.DELETED));
  }

  // ---- nothing happens

  /** Rehearses, looks that nothing has changed, does it, and compares. */
  private Preview saidAndDone(Consumer<Inventory> operation) throws IOException {
    Map<Path, FileTime> before = files();
    Map<Path, Long> lengths = lengths(before.keySet());
    View view = bench.inventory.view();
    Preview preview = bench.inventory.rehearse(operation);
    assertEquals(before, files(), "the rehearsal touched a file");
    assertSame(view, bench.inventory.view());
    assertEquals(List.of(), bench.inventory.warnings().all());

    operation.accept(bench.inventory);

    Set<Path> after = files().keySet();
    assertEquals(of(preview, Action.DELETED), without(before.keySet(), after), "deleted");
    assertEquals(
        of(preview, Action.CREATED).stream().map(this::namedAlike).toList(),
        without(after, before.keySet()).stream().map(this::namedAlike).toList(),
        "created");
    long gone = 0;
    for (Path file : without(before.keySet(), after)) gone += lengths.get(file);
    assertTrue(
        gone <= preview.freedBytes(), gone + " bytes went, and were said: " + preview.freedBytes());
    return preview;
  }

  /** Differencing images get new names each time. */
  private String namedAlike(Path file) {
    return folder.relativize(file).toString().replaceFirst("\\{.*}", "{}");
  }

  private static Set<Path> without(Set<Path> some, Set<Path> others) {
    Set<Path> left = new TreeSet<>(some);
    left.removeAll(others);
    return left;
  }

  private static Set<Path> of(Preview preview, Action action) {
    return preview.files().stream()
        .filter(file -> file.action() == action)
        .map(Preview.File::location)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<Action> actions(Preview preview) {
    return preview.files().stream().map(Preview.File::action).collect(Collectors.toSet());
  }

  private Map<Path, FileTime> files() throws IOException {
    Map<Path, FileTime> files = new HashMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList())
        if (!file.toString().contains("/journal/"))
          files.put(file, Files.getLastModifiedTime(file));
    }
    return files;
  }

  private static Map<Path, Long> lengths(Set<Path> files) throws IOException {
    Map<Path, Long> lengths = new HashMap<>();
    for (Path file : new ArrayList<>(files)) lengths.put(file, Files.size(file));
    return lengths;
  }

  private SnapshotId snapshot(MachineId machine, String name) {
    String session = bench.lock(machine);
    SnapshotId snapshot = bench.inventory.takeSnapshot(session, name, "");
    bench.inventory.unlock(session);
    return snapshot;
  }
}
