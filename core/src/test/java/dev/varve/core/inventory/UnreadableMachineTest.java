package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine's settings file cannot be read when the program starts, and is there again later. */
class UnreadableMachineTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private int endsUntilTheDiskIsFull = Integer.MAX_VALUE;

  @Test
  void aDiskThatWasSavedIsNotTakenForOneThatWasNot() throws IOException {
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
    MediumId top = bench.attached(machine, 0);
    bench.write(top, 0, "saved");
    endsUntilTheDiskIsFull = 1; // the save's own, and not that of what attaching has noted
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    Path settings = bench.machine(machine).saved().settingsFile();
    Path away = settings.resolveSibling("away");

    Files.move(settings, away);
    bench.reopen();
    assertEquals(1, bench.inventory.view().bad().size());
    Files.move(away, settings);
    bench.reopen();

    assertEquals("saved", bench.read(bench.attached(machine, 0), 0));
    assertTrue(bench.inventory.view().bad().isEmpty());
    bench.checkFiles();
    bench.close();
  }
}
