package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.bench.compare.Goal.Metric;
import dev.varve.bench.compare.Load.Access;
import dev.varve.bench.compare.TestDisks.Format;
import dev.varve.bench.compare.Workload.State;
import dev.varve.core.testing.NeedsTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Short races between the rivals; nothing is said of who wins. */
@NeedsTools({"qemu-img", "qemu-nbd", "nbdkit", "fio"})
final class RaceTest {

  private static final Race.Terms SHORT = new Race.Terms(2, 0.1, 0.05, 16 << 20);
  private static final Load READS = new Load(Access.RANDOM_READ, 4096, 8);

  @TempDir private Path folder;
  private final List<String> progress = new ArrayList<>();

  @Test
  void everyServerIsMeasuredInEveryRound() throws Exception {
    Race.Outcome outcome =
        race(State.WARM, READS, Contestant.qemu(Format.VDI), Contestant.nbdkit());

    assertEquals(List.of(), outcome.failures());
    for (Race.Runs server : outcome.runs()) {
      assertEquals(List.of(0, 1), server.measured().stream().map(Measurement::round).toList());
    }
    Ratios ratios = outcome.ratios(outcome.workload().goals().getFirst());
    assertEquals(2, ratios.rounds());
    assertTrue(ratios.median() > 0, ratios::toString);
  }

  @Test
  void orderTurnsAroundFromRoundToRound() throws Exception {
    race(State.COLD, READS, Contestant.qemu(Format.RAW), Contestant.nbdkit());

    List<String> order =
        progress.stream().map(line -> line.replaceFirst(".*, (.*):.*", "$1")).toList();
    assertEquals(List.of("qemu-nbd raw", "nbdkit file", "nbdkit file", "qemu-nbd raw"), order);
  }

  @Test
  void freshImagesAreTouchedAndThrownAway() throws Exception {
    var snapshot = new Layers(1, true);
    var touch = new Load(Access.TOUCH, 4096, 4);

    Race.Outcome outcome =
        race(
            State.FRESH,
            touch,
            Contestant.qemuChain(snapshot, "threads"),
            Contestant.qemuChain(snapshot, "io_uring"));

    assertEquals(List.of(), outcome.failures());
    // 64 MiB, of which the last seven eighths are measured.
    assertEquals(56, outcome.runs().getFirst().measured().getFirst().load().operations());
    assertEquals(List.of(), files("race-*/*.qcow2"));
  }

  @Test
  void serverOfWrongDataIsNotMeasured() throws Exception {
    var empty = Contestant.other("empty", "nbdkit -f -U {socket} memory 16M");

    Race.Outcome outcome = race(State.WARM, READS, empty, Contestant.nbdkit());

    assertEquals(2, outcome.failures().size(), outcome.failures()::toString);
    assertTrue(outcome.failures().getFirst().contains("wrong data"), outcome.failures()::toString);
    assertEquals(List.of(), outcome.runs().getFirst().measured());
    assertEquals(2, outcome.runs().getLast().measured().size());
  }

  @Test
  void serverThatDoesNotStartIsReportedWithWhatItSaid() throws Exception {
    var broken = Contestant.other("broken", "nbdkit -f -U {socket} no-such-plugin");

    Race.Outcome outcome = race(State.WARM, READS, broken, Contestant.nbdkit());

    String report = Report.markdown(List.of(outcome));
    assertTrue(report.contains("no-such-plugin"), report);
    assertTrue(report.contains("not measured"), report);
    assertFalse(report.contains("NaN"), report);
  }

  private Race.Outcome race(State state, Load load, Contestant ours, Contestant theirs)
      throws Exception {
    var goal = new Goal(Metric.SPEED, 1, "");
    Tool tool = load.once() ? Tool.FIO : Tool.LEAN;
    var workload = new Workload("race", tool, load, state, List.of(ours, theirs), List.of(goal));
    try (var race = new Race(workload, new TestDisks(folder), folder, SHORT, progress::add)) {
      return race.run();
    }
  }

  private List<Path> files(String glob) throws Exception {
    var matcher = folder.getFileSystem().getPathMatcher("glob:" + folder + "/" + glob);
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(matcher::matches).toList();
    }
  }
}
