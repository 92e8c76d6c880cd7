package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.varve.core.machine.MachineId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file system of one machine's settings does not answer. */
@Timeout(300)
class PatientLookTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId slow;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch host = new CountDownLatch(1);

  @BeforeEach
  void open() throws Exception {
    bench = new Bench(folder);
    slow = bench.machine("slow");
    bench.machine("other");
  }

  @AfterEach
  void close() throws Exception {
    host.countDown();
    bench.close();
  }

  private boolean waitsForTheHost(View.MachineView machine) {
    if (!machine.saved().id().equals(slow)) return true;
    asked.countDown();
    try {
      host.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return true;
  }

  private static Set<String> names(List<View.MachineView> machines) {
    return machines.stream().map(machine -> machine.saved().name()).collect(Collectors.toSet());
  }

  @Test
  void aFileThatIsWaitedForIsLeftOutOfLaterLooksUntilTheHostAnswers() throws Exception {
    Collection<View.MachineView> machines = bench.inventory.view().machines().values();
    var look = new PatientLook(Duration.ofSeconds(30));
    var first = CompletableFuture.supplyAsync(() -> look.changed(machines, this::waitsForTheHost));
    asked.await();

    assertEquals(Set.of("other"), names(look.changed(machines, this::waitsForTheHost)));

    host.countDown();
    first.get();
    assertEquals(Set.of("slow", "other"), names(look.changed(machines, this::waitsForTheHost)));
  }

  @Test
  void aLookThatTakesLongerThanItMayEndsWithoutWhatHangs() {
    Collection<View.MachineView> machines = bench.inventory.view().machines().values();
    var look = new PatientLook(Duration.ofMillis(1));

    assertFalse(names(look.changed(machines, this::waitsForTheHost)).contains("slow"));
  }
}
