package dev.varve.bench.compare;

import dev.varve.bench.compare.Load.Access;
import dev.varve.bench.compare.TestDisks.Format;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code varve-bench limits}: Varve's bandwidth groups, nbdkit's rate filter and QEMU's throttle
 * groups in turn. Each serves four disks in two groups under fio while the limits change; then the
 * cost of a limit that is never reached is measured. Runs on the main thread, and starts one for
 * each client.
 */
@Command(
    name = "limits",
    mixinStandardHelpOptions = true,
    description = "Measures how exact, how fair and how cheap limits are, beside nbdkit and QEMU.")
public final class LimitsCommand implements Callable<Integer> {

  private static final double MIB = 1 << 20;

  /** More than any server can pass. */
  private static final long NEVER_REACHED = 1L << 40;

  private static final Load SMALL_READS = new Load(Access.RANDOM_READ, 4 << 10, 32);

  @Mixin private Settings settings;

  @Spec private CommandSpec spec;

  @Option(
      names = "--live",
      paramLabel = "S",
      defaultValue = "60",
      description =
          "How long limits are changed live, in seconds, at least 30. Usual: ${DEFAULT-VALUE}.")
  private int live;

  /** A server by its name, and how it is started. */
  private record Contest(Format format, GroupServer.Launch launch) {}

  /**
   * What a request costs.
   *
   * @param perSecond requests
   * @param cpuMicros of the server for each
   */
  private record Cost(double perSecond, double cpuMicros) {}

  /** What was found of a server; a cost for each round. */
  private record Found(LimitFigures figures, List<Cost> free, List<Cost> limited) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path launcher = settings.launcher();
    LimitSchedule schedule = LimitSchedule.over(Math.max(30, live));
    List<Contest> contests =
        List.of(
            new Contest(
                Format.VDI, (folder, images) -> VarveGroups.start(launcher, folder, images)),
            new Contest(Format.RAW, NbdkitGroups::start),
            new Contest(Format.RAW, QemuGroups::start));
    List<Found> found = settings.run(folder -> measureAll(contests, schedule, folder));
    spec.commandLine().getOut().println(settings.wantsJson() ? json(found) : markdown(found));
    return 0;
  }

  private List<Found> measureAll(List<Contest> contests, LimitSchedule schedule, Path folder)
      throws IOException, InterruptedException {
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < contests.size(); i++) {
      Path own = Files.createDirectory(folder.resolve("server" + i));
      found.add(measure(contests.get(i), schedule, own));
    }
    return found;
  }

  private Found measure(Contest contest, LimitSchedule schedule, Path folder)
      throws IOException, InterruptedException {
    long size = settings.terms().size();
    List<Path> images = images(contest.format(), size, folder);
    Path run = Files.createDirectory(folder.resolve("run"));
    try (GroupServer server = contest.launch().start(run, images)) {
      LimitFigures figures = follow(server, schedule, run, size);
      say(
          "%s: %.2f %% off its limits on average",
          server.name(), 100 * mean(Arrays.stream(figures.errors()).map(Math::abs).toArray()));
      List<Cost> free = new ArrayList<>();
      List<Cost> limited = new ArrayList<>();
      load(server, size, settings.terms().rampSeconds());
      for (int round = 0; round < settings.terms().rounds(); round++) {
        server.limit(0, 0);
        free.add(load(server, size, settings.terms().seconds()));
        server.limit(0, NEVER_REACHED);
        limited.add(load(server, size, settings.terms().seconds()));
        say(
            "%s, round %d: %.0f requests/s without a limit, %.0f within one",
            server.name(), round + 1, free.getLast().perSecond(), limited.getLast().perSecond());
      }
      return new Found(figures, free, limited);
    } finally {
      for (Path image : images) Files.delete(image); // there may not be room for all servers'
    }
  }

  /** One for each disk, in memory. No two have the same size, and so none the same uuids. */
  private static List<Path> images(Format format, long size, Path folder)
      throws IOException, InterruptedException {
    var disks = new TestDisks(folder);
    List<Path> images = new ArrayList<>();
    for (int disk = 0; disk < GroupServer.DISKS; disk++) {
      Path image =
          disks.shared(format, Layers.SINGLE, size + disk * (long) Content.MEBIBYTE).getLast();
      PageCache.warm(image);
      images.add(image);
    }
    return images;
  }

  /** Loads all disks, and changes the limits as the schedule says. */
  private static LimitFigures follow(
      GroupServer server, LimitSchedule schedule, Path folder, long size)
      throws IOException, InterruptedException {
    for (LimitSchedule.Step step : schedule.steps())
      if (step.second() == 0) server.limit(step.group(), step.bytesPerSecond());
    Duration cpu = server.cpu();
    ExecutorService fio = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    try (fio) {
      long start = System.nanoTime();
      Future<double[][]> rates =
          fio.submit(() -> GroupLoad.run(server, folder, size, schedule.seconds()));
      for (LimitSchedule.Step step : schedule.steps()) {
        if (step.second() == 0) continue;
        long left = start + step.second() * 1_000_000_000L - System.nanoTime();
        Thread.sleep(Duration.ofNanos(left));
        server.limit(step.group(), step.bytesPerSecond());
      }
      return new LimitFigures(
          server.name(), schedule, OtherThread.result(rates), server.cpu().minus(cpu));
    }
  }

  private static Cost load(GroupServer server, long size, double seconds) throws IOException {
    Duration cpu = server.cpu();
    Load.Result result =
        new LeanClient()
            .run(server.socket(0), server.export(0), SMALL_READS, new Load.Range(0, size), seconds);
    double used = server.cpu().minus(cpu).toNanos() / 1e3;
    return new Cost(result.perSecond(), used / result.operations());
  }

  private void say(String format, Object... arguments) {
    PrintWriter progress = spec.commandLine().getErr();
    progress.printf(format + "%n", arguments);
    progress.flush();
  }

  // ---- what is told

  private static String markdown(List<Found> all) {
    var text = new StringBuilder();
    text.append("| server | off the limit over 1 s: mean, worst | ")
        .append("Jain's index over 1 s, of requests unlike in size: median, worst | ")
        .append("of requests unlike in number: median, worst | slowest change, s | ")
        .append(
            "CPU for a request that may have to wait, us | a limit never reached: requests/s, of those without one | ")
        .append("CPU for a request, us, without one |\n")
        .append("| --- | --- | --- | --- | ---: | ---: | --- | --- |\n");
    for (Found found : all) {
      LimitFigures figures = found.figures();
      double[] errors = Arrays.stream(figures.errors()).map(Math::abs).toArray();
      text.append("| %s | ".formatted(figures.server()))
          .append("%.2f %%, %.2f %% | ".formatted(100 * mean(errors), 100 * highest(errors)))
          .append(fairness(figures, 0))
          .append(fairness(figures, 1))
          .append("%.2f | ".formatted(figures.slowestChange()))
          .append("%.0f | ".formatted(figures.cpuMicros()))
          .append("%.0f, %.0f | ".formatted(perSecond(found.limited()), perSecond(found.free())))
          .append("%.2f, %.2f |\n".formatted(micros(found.limited()), micros(found.free())));
    }
    return text.append('\n').append(timeline(all)).toString();
  }

  private static String fairness(LimitFigures figures, int group) {
    double[] indices = figures.fairness(group);
    return "%.3f, %.3f | ".formatted(Ratios.median(indices), lowest(indices));
  }

  /** MiB/s of the two disks of each group, over a thirtieth of the time each. */
  private static String timeline(List<Found> all) {
    LimitSchedule schedule = all.getFirst().figures().schedule();
    int step = schedule.seconds() / 30;
    String servers = all.stream().map(f -> f.figures().server()).collect(Collectors.joining(" | "));
    var text = new StringBuilder();
    text.append(
        "| s | group 0, limit in MiB/s | %1$s | group 1, limit | %1$s |\n".formatted(servers));
    text.append("| ---: | ---: |").repeat(" ---: |", 2 * all.size() + 1).append('\n');
    for (int second = 0; second + step <= schedule.seconds(); second += step) {
      text.append("| %d |".formatted(second));
      for (int group = 0; group < GroupServer.GROUPS; group++) {
        text.append(" %.0f |".formatted(schedule.limit(group, second) / MIB));
        for (Found found : all) {
          text.append(
              " %.2f + %.2f |"
                  .formatted(
                      found.figures().rate(2 * group, second, second + step) / MIB,
                      found.figures().rate(2 * group + 1, second, second + step) / MIB));
        }
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static String json(List<Found> all) {
    var servers = new JsonArray();
    for (Found found : all) {
      LimitFigures figures = found.figures();
      servers.add(
          new JsonObject()
              .put("server", figures.server())
              .put("errors", array(figures.errors()))
              .put("fairnessOfUnlikeSizes", array(figures.fairness(0)))
              .put("fairnessOfUnlikeNumbers", array(figures.fairness(1)))
              .put("slowestChangeSeconds", figures.slowestChange())
              .put("cpuMicros", figures.cpuMicros())
              .put("requestsPerSecondWithoutLimit", perSecond(found.free()))
              .put("requestsPerSecondWithinLimit", perSecond(found.limited()))
              .put("cpuMicrosWithoutLimit", micros(found.free()))
              .put("cpuMicrosWithinLimit", micros(found.limited()))
              .put("windowMillis", GroupLoad.WINDOW_MILLIS)
              .put(
                  "bytesPerSecond",
                  new JsonArray(
                      Arrays.stream(figures.rates()).map(LimitsCommand::array).toList())));
    }
    return servers.encodePrettily();
  }

  private static JsonArray array(double[] values) {
    return new JsonArray(Arrays.stream(values).boxed().toList());
  }

  private static double perSecond(List<Cost> costs) {
    return Ratios.median(costs.stream().mapToDouble(Cost::perSecond).toArray());
  }

  private static double micros(List<Cost> costs) {
    return Ratios.median(costs.stream().mapToDouble(Cost::cpuMicros).toArray());
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  private static double highest(double[] values) {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }

  private static double lowest(double[] values) {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }
}
