package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.Steps;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine's settings file cannot be read when the program starts, and is there again later. */
class UnreadableMachineTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private int endsUntilTheDiskIsFull = Integer.MAX_VALUE;

  @Test
  void aDiskThatWasSavedIsNotTakenForOneThatWasNot() throws IOException {
    Bench bench = benchThatNotesASavedDiskAsUnsaved();
    Path settings = settingsOf(bench, "mail");
    Path away = settings.resolveSibling("away");

    Files.move(settings, away);
    bench.reopen();
    assertEquals(1, bench.inventory.view().bad().size());
    Files.move(away, settings);
    bench.reopen();

    assertEquals("saved", bench.read(bench.attached(machine(bench, "mail"), 0), 0));
    assertTrue(bench.inventory.view().bad().isEmpty());
    bench.checkFiles();
    bench.close();
  }

  /** The end of a save is not noted, so that the journal still calls the disk one of nobody. */
  private Bench benchThatNotesASavedDiskAsUnsaved() throws IOException {
    var bench =
        new Bench(
            folder,
            new TestImages(),
            Runnable::run,
            step -> {
              if (step.startsWith("end change") && endsUntilTheDiskIsFull-- <= 0)
                throw new IOException("disk full");
            });
    MediumId base = bench.disk("base", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    MachineId machine = bench.machine("mail");
    String session = bench.lock(machine);
    bench.attach(session, 0, base);
    bench.write(bench.attached(machine, 0), 0, "saved");
    endsUntilTheDiskIsFull = 1; // the save's own, and not that of what attaching has noted
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    return bench;
  }

  @Test
  void whatAMachineMayHaveSavedStaysWhenItIsTakenOffTheList() throws IOException {
    Bench bench = benchThatNotesASavedDiskAsUnsaved();
    Path top = bench.chain(bench.attached(machine(bench, "mail"), 0)).getLast();
    Path settings = settingsOf(bench, "mail");
    Path away = settings.resolveSibling("away");
    Files.move(settings, away);
    bench.reopen();

    Unlisted given = bench.inventory.unlist(settings);

    assertEquals(new Unlisted(List.of(top), List.of()), given);
    assertEquals(List.of(), bench.inventory.view().bad());
    assertEquals(List.of(), journal());
    bench.reopen();
    Files.move(away, settings);
    bench.inventory.openMachine(settings);
    assertEquals("saved", bench.read(bench.attached(machine(bench, "mail"), 0), 0));
    bench.checkFiles();
    bench.close();
  }

  @Test
  void workThatWaitsForOneUnreadableMachineIsGivenUpWithItAndThatOfAnotherGoesOnLater()
      throws IOException {
    var goOn = new AtomicBoolean();
    OtherMerge untilCancelled =
        (_, progress) -> {
          while (progress.at(0, 1)) if (goOn.get()) return true;
          return false;
        };
    try (var jobs = Executors.newVirtualThreadPerTaskExecutor()) {
      var bench = new Bench(folder, untilCancelled.of(new TestImages()), jobs, Steps.UNHEARD);
      MachineId lost = busyMachine(bench, "lost");
      MachineId away = busyMachine(bench, "away");
      Path lostFile = settingsOf(bench, "lost");
      Path awayFile = settingsOf(bench, "away");
      bench.inventory.close();
      Files.delete(lostFile);
      Files.move(awayFile, awayFile.resolveSibling("x"));
      bench.reopen();
      assertEquals(2, journal().size());
      assertEquals(
          List.of(lost, away),
          bench.inventory.view().bad().stream().map(View.BadMachine::id).toList());

      Unlisted given = bench.inventory.unlist(lostFile);

      assertEquals(1, given.work().size());
      assertTrue(given.work().getFirst().endsWith("of machine " + lost), given::toString);
      assertEquals(1, journal().size());
      Files.move(awayFile.resolveSibling("x"), awayFile);
      bench.reopen();
      assertEquals(Job.State.DONE, bench.inventory.jobs().getFirst().state());
      assertEquals(0, bench.machine(away).saved().snapshots().size());
      assertEquals(List.of(), journal());
      bench.close();
    }
  }

  /** A machine of which a snapshot is being deleted. */
  private static MachineId busyMachine(Bench bench, String name) {
    MachineId machine = bench.machine(name);
    String session = bench.lock(machine);
    bench.attach(session, 0, bench.disk(name));
    bench.inventory.deleteSnapshot(session, bench.inventory.takeSnapshot(session, "S1", ""));
    return machine;
  }

  @Test
  void aMergeThatWaitsForAnyUnreadableMachineIsGivenUpWithTheLast() throws IOException {
    OtherMerge untilCancelled =
        (_, progress) -> {
          while (progress.at(0, 1)) Thread.onSpinWait();
          return false;
        };
    try (var jobs = Executors.newVirtualThreadPerTaskExecutor()) {
      var bench = new Bench(folder, untilCancelled.of(new TestImages()), jobs, Steps.UNHEARD);
      MediumId base = bench.disk("base");
      MediumId child = bench.inventory.createDiff(base, bench.at("child.vdi"));
      MediumId top = bench.inventory.createDiff(child, bench.at("top.vdi"));
      String session = bench.lock(bench.machine("lost"));
      bench.attach(session, 0, top);
      bench.inventory.save(session);
      bench.inventory.mergeMedium(child, base);
      bench.machine("other");
      Path lost = settingsOf(bench, "lost");
      Path other = settingsOf(bench, "other");
      bench.inventory.close();
      Files.delete(lost);
      Files.delete(other);
      bench.reopen();

      Unlisted first = bench.inventory.unlist(other);
      Unlisted last = bench.inventory.unlist(lost);

      assertEquals(List.of(), first.work());
      assertEquals(1, last.work().size());
      assertTrue(last.work().getFirst().startsWith("merge medium " + child), last::toString);
      assertEquals(List.of(), journal());
      bench.close();
    }
  }

  @Test
  void onlyAMachineThatCannotBeUsedIsTakenOffTheListByItsFile() throws IOException {
    var bench = new Bench(folder);
    bench.machine("mail");
    Path settings = settingsOf(bench, "mail");

    assertEquals(
        ErrorCode.VBOX_E_OBJECT_NOT_FOUND, Bench.refused(() -> bench.inventory.unlist(settings)));

    assertEquals(1, bench.inventory.view().machines().size());
    bench.close();
  }

  @Test
  void aMachineWhoseFileVanishesWhileItIsKnownIsUnregisteredAsAnyOther() throws IOException {
    var bench = new Bench(folder);
    MachineId machine = bench.machine("mail");
    Files.delete(settingsOf(bench, "mail"));

    bench.inventory.unregister(machine, UnregisterMode.UNREGISTER_ONLY);
    bench.reopen();

    assertEquals(Map.of(), bench.inventory.view().machines());
    assertEquals(List.of(), bench.inventory.view().bad());
    bench.close();
  }

  private static MachineId machine(Bench bench, String name) {
    return bench.inventory.view().machines().values().stream()
        .filter(machine -> machine.saved().name().equals(name))
        .findFirst()
        .orElseThrow()
        .saved()
        .id();
  }

  private static Path settingsOf(Bench bench, String name) {
    return bench.machine(machine(bench, name)).saved().settingsFile();
  }

  /** The changes that have not ended. */
  private List<String> journal() throws IOException {
    Path journal = folder.resolve("state").resolve("journal");
    if (!Files.isDirectory(journal)) return List.of();
    try (Stream<Path> files = Files.list(journal)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
