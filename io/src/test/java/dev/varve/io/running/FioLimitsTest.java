package dev.varve.io.running;

import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static dev.varve.io.running.TestMachines.hardDisk;
import static dev.varve.io.running.TestMachines.in;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.testing.Limits;
import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * What fio sees of limits, on the machine's clock; that they are exact is shown on a stepped clock,
 * where they are made.
 */
@Isolated("measures rates")
@NeedsTools("fio")
@Timeout(300)
class FioLimitsTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private TestMachines machines;
  private Disk one;
  private Disk two;

  @BeforeEach
  void listen() throws IOException {
    var images = new MachineImages(folder);
    machines = new TestMachines();
    one = hardDisk("alpha", SATA_0, images.vdi("one", 64 * MIB, 1));
    two = hardDisk("alpha", SATA_1, images.vdi("two", 64 * MIB, 2));
  }

  @AfterEach
  void end() throws IOException {
    machines.disks.stop(ALPHA);
    machines.close();
  }

  @Test
  void bytesAndOperationsArePassedAtTheRateThatTheLimitSays() throws Exception {
    machines.disks.start(ALPHA, List.of(in(bytes(20 * MIB), one), in(operations(2000), two)));

    List<JsonObject> jobs =
        fio(3, job(one, "randread", "64k", 16), job(two, "randwrite", "4k", 8)).jobs();

    assertNear(20 * MIB, jobs.get(0).getJsonObject("read").getDouble("bw_bytes"));
    assertNear(2000, jobs.get(1).getJsonObject("write").getDouble("iops"));
  }

  @Test
  void membersOfAGroupShareItEquallyHoweverLargeAndManyTheirRequestsAre() throws Exception {
    // What one member does not ask for, the other gets. So that both always ask, each has requests
    // for at least 100 ms in flight: a busy machine may keep one of fio's jobs back for so long.
    BandwidthGroup group = bytes(20 * MIB);
    machines.disks.start(ALPHA, List.of(in(group, one), in(group, two)));

    List<JsonObject> jobs =
        fio(5, job(one, "randread", "4k", 256), job(two, "randwrite", "256k", 8)).jobs();

    assertNear(10 * MIB, jobs.get(0).getJsonObject("read").getDouble("bw_bytes"));
    assertNear(10 * MIB, jobs.get(1).getJsonObject("write").getDouble("bw_bytes"));
  }

  @Test
  void newLimitsAndAnotherGroupTakeEffectWhileTheGuestGoesOn() throws Exception {
    machines.disks.start(ALPHA, List.of(in(bytes(20 * MIB), one)));
    Run run = fio(9, job(one, "randread", "64k", 16));

    run.awaitSeconds(4);
    machines.disks.change(ALPHA, in(bytes(60 * MIB), one));
    run.awaitSeconds(3);
    machines.disks.change(ALPHA, in(operations(160), one)); // in another group

    List<Double> rates = run.rates();
    for (double expected : new double[] {20 * MIB, 60 * MIB, 10 * MIB}) {
      long windows = rates.stream().filter(rate -> isNear(expected, rate)).count();
      assertTrue(windows >= 3, () -> "not 3 windows at " + expected + " in " + rates);
    }
    long others =
        rates.stream()
            .filter(r -> !isNear(20 * MIB, r) && !isNear(60 * MIB, r) && !isNear(10 * MIB, r))
            .count();
    assertTrue(others <= 4, () -> others + " windows between the limits in " + rates);
  }

  @Test
  void diskWithoutLimitIsNotSlowedByAnotherThatWaits() throws Exception {
    machines.disks.start(ALPHA, List.of(one, in(bytes(MIB), two)));

    List<String> calm = new ArrayList<>(job(one, "randread", "4k", 4));
    calm.add("--rate_iops=1000");
    JsonObject free = fio(3, calm, job(two, "randread", "256k", 16)).jobs().get(0);

    JsonObject read = free.getJsonObject("read");
    assertNear(1000, read.getDouble("iops"));
    double p99 = read.getJsonObject("clat_ns").getJsonObject("percentile").getDouble("99.000000");
    assertTrue(p99 < 1e9, () -> "p99 is " + p99 + " ns, as long as the other one waits");
  }

  // ---- limits

  private static BandwidthGroup bytes(long perSecond) {
    return new BandwidthGroup("bytes", BandwidthGroup.Kind.DISK, perSecond);
  }

  private static BandwidthGroup operations(long perSecond) {
    return new BandwidthGroup("operations", BandwidthGroup.Kind.DISK, Limits.operations(perSecond));
  }

  private static void assertNear(double expected, double rate) {
    assertTrue(
        isNear(expected, rate), () -> rate + " is not what a limit of " + expected + " lets pass");
  }

  /** Never above; below only as far as a machine that does other things may keep fio back. */
  private static boolean isNear(double expected, double rate) {
    return rate <= expected * 1.05 && rate >= expected / 2;
  }

  // ---- fio

  private List<String> job(Disk disk, String access, String blockSize, int depth) {
    String name = ServedSlot.name(disk);
    return List.of(
        "--name=" + disk.attachment().slot().port(),
        "--ioengine=nbd",
        "--uri=" + machines.uri(name),
        "--rw=" + access,
        "--bs=" + blockSize,
        "--iodepth=" + depth);
  }

  /** Runs jobs side by side for so many seconds, after one that is not counted. */
  @SafeVarargs
  private Run fio(int seconds, List<String>... jobs) throws IOException {
    var command = new ArrayList<>(List.of("fio", "--output-format=json", "--eta=never"));
    for (List<String> job : jobs) {
      command.addAll(job);
      command.addAll(List.of("--thread", "--size=64M", "--time_based"));
      command.addAll(List.of("--norandommap", "--ramp_time=1", "--runtime=" + seconds));
      command.addAll(List.of("--bwavgtime=500", "--log_avg_msec=500", "--write_bw_log=log"));
    }
    Path output = folder.resolve("fio.json");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    return new Run(process, output);
  }

  /** fio, at work. */
  private record Run(Process process, Path output) {

    void awaitSeconds(int seconds) throws InterruptedException {
      assertFalse(process.waitFor(seconds, TimeUnit.SECONDS), "fio has ended early");
    }

    List<JsonObject> jobs() throws Exception {
      try {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "fio hangs");
      } finally {
        process.destroyForcibly();
      }
      String text = Files.readString(output);
      assertEquals(0, process.exitValue(), text);
      var all = new JsonObject(text.substring(text.indexOf('{')));
      return all.getJsonArray("jobs").stream().map(JsonObject.class::cast).toList();
    }

    /** Bytes per second of the only job, for every half of a second. */
    List<Double> rates() throws Exception {
      jobs();
      try (var lines = Files.lines(output.resolveSibling("log_bw.1.log"))) {
        return lines.map(line -> Long.parseLong(line.split(", *")[1]) * 1024.0).toList();
      }
    }
  }
}
