package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.journal.Steps;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotOrderTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  @Test
  void snapshotsAreListedInTheOrderOfTheSettingsFileAlsoBeforeItIsReadAgain() throws IOException {
    var bench = new Bench(folder, new TestImages(), Runnable::run, Steps.UNHEARD);
    MachineId machine = bench.machine("mail");
    String session = bench.lock(machine);
    SnapshotId first = bench.inventory.takeSnapshot(session, "S1", "");
    SnapshotId second = bench.inventory.takeSnapshot(session, "S2", "");
    bench.inventory.restoreSnapshot(session, first);
    bench.inventory.takeSnapshot(session, "another after S1", "");
    bench.inventory.restoreSnapshot(session, second);

    bench.inventory.takeSnapshot(session, "S3", "");

    List<String> order = List.of("S1", "S2", "S3", "another after S1");
    assertEquals(order, names(bench, machine));
    bench.reopen();
    assertEquals(order, names(bench, machine));
  }

  private static List<String> names(Bench bench, MachineId machine) {
    return bench.machine(machine).saved().snapshots().stream().map(Snapshot::name).toList();
  }
}
