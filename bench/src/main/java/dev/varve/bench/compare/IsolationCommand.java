package dev.varve.bench.compare;

import dev.varve.bench.compare.Load.Access;
import dev.varve.bench.compare.TestDisks.Format;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code varve-bench isolation}: one Varve serves three disks. Measures the 99th percentile of 4
 * KiB reads of a disk that is in memory, first alone, then while a second client writes to another
 * disk as fast as it can and a third reads one that is not in memory.
 *
 * <p>Clients take processor time too, and so does what the host does for them. Therefore the same
 * is measured with a process for each disk: Varve's, qemu-nbd's and nbdkit's. A thread that only
 * sleeps shows how late the machine wakes any thread.
 */
@Command(
    name = "isolation",
    mixinStandardHelpOptions = true,
    description =
        "Measures how much a writer and a cold reader slow down another disk's hot reads, beside"
            + " qemu-nbd and nbdkit.")
public final class IsolationCommand implements Callable<Integer> {

  /** The 99th percentile may become so many times as long. */
  private static final double BOUND = 2;

  /** How large the cold disk is, in usual disks: so large that it stays cold. */
  private static final int COLD_SCALE = 8;

  private static final Load HOT_READS = new Load(Access.RANDOM_READ, 4 << 10, 1);
  private static final Load COLD_READS = new Load(Access.RANDOM_READ, 4 << 10, 32);
  private static final Load WRITES = new Load(Access.WRITE, 1 << 20, 4);

  /** What Varve prints when it stops. */
  private static final Pattern STALL = Pattern.compile("busy for at most (\\d+) ms");

  @Mixin private Settings settings;

  @Spec private CommandSpec spec;

  /**
   * The servers of the disks.
   *
   * @param together one process for all of them, each under its name; else one for each
   */
  private record Contest(String servers, Format format, boolean together, Launch launch) {}

  /** How a process is started. */
  private interface Launch {
    List<String> command(Path socket, List<Disk> disks);
  }

  /** What was found. */
  private record Found(String servers, List<Round> rounds, OptionalInt longestStallMillis) {
    double ratio() {
      return Ratios.median(rounds.stream().mapToDouble(Round::ratio).toArray());
    }
  }

  /**
   * 99th percentiles of the hot disk, and of how late a sleeper woke beside the others; in
   * nanoseconds.
   */
  private record Round(long alone, long besideOthers, long sleeper, long longestSleep) {
    double ratio() {
      return (double) besideOthers / alone;
    }
  }

  private record Disk(String name, Path image, long size, Path socket) {
    /** One of {@code count} equal parts. */
    Load.Range part(int part, int count) {
      return new Load.Range(size / count * part, size / count);
    }

    Load.Range all() {
      return part(0, 1);
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path launcher = settings.launcher();
    Launch varve = (socket, disks) -> varve(launcher, socket, disks);
    List<Contest> contests =
        List.of(
            new Contest("Varve, one process", Format.VDI, true, varve),
            new Contest("Varve, a process for each disk", Format.VDI, false, varve),
            alone(Contestant.qemu(Format.VDI)),
            alone(Contestant.nbdkit()));
    List<Found> found = settings.run(folder -> measureAll(contests, folder));
    spec.commandLine().getOut().println(settings.wantsJson() ? json(found) : markdown(found));
    return 0;
  }

  private static List<String> varve(Path launcher, Path socket, List<Disk> disks) {
    var command = new ArrayList<>(List.of(launcher.toString(), "serve"));
    command.addAll(List.of("--unix", socket.toString()));
    for (Disk disk : disks) {
      command.addAll(List.of("--name", disk.name(), disk.image().toString()));
    }
    return command;
  }

  /** A server of one disk, whose name its clients need not give. */
  private static Contest alone(Contestant rival) {
    return new Contest(
        rival.name() + ", a process for each disk",
        rival.format(),
        false,
        (socket, disks) ->
            rival.launch().command(socket, List.of(disks.getFirst().image()), false));
  }

  private List<Found> measureAll(List<Contest> contests, Path folder)
      throws IOException, InterruptedException {
    List<Found> found = new ArrayList<>();
    for (Contest contest : contests) {
      Path own = Files.createDirectory(folder.resolve("contest-" + found.size()));
      found.add(measure(contest, own));
    }
    return found;
  }

  private Found measure(Contest contest, Path folder) throws IOException, InterruptedException {
    long size = settings.terms().size();
    var made = new TestDisks(folder);
    // No two have the same size, and so none the same uuids.
    List<Disk> disks =
        List.of(
            disk(contest, made, folder, "hot", size),
            disk(contest, made, folder, "written", 2 * size),
            disk(contest, made, folder, "cold", COLD_SCALE * size));
    PageCache.warm(disks.get(0).image());
    PageCache.warm(disks.get(1).image());
    PageCache.drop(disks.get(2).image());
    var servers = new ArrayList<ServerProcess>();
    List<Round> rounds;
    try {
      for (List<Disk> served :
          contest.together() ? List.of(disks) : disks.stream().map(List::of).toList()) {
        Path socket = served.getFirst().socket();
        List<String> command = contest.launch().command(socket, served);
        servers.add(ServerProcess.start(contest.servers(), command, socket));
      }
      rounds = rounds(contest, disks.get(0), disks.get(1), disks.get(2));
    } finally {
      for (ServerProcess server : servers) server.close();
      for (Disk disk : disks) Files.delete(disk.image()); // there may be no room for all of them
    }
    return new Found(contest.servers(), rounds, longestStall(servers));
  }

  private static Disk disk(Contest contest, TestDisks made, Path folder, String name, long size)
      throws IOException, InterruptedException {
    Path image = made.shared(contest.format(), Layers.SINGLE, size).getLast();
    return contest.together()
        ? new Disk(name, image, size, folder.resolve("socket"))
        : new Disk("", image, size, folder.resolve(name + ".socket"));
  }

  private List<Round> rounds(Contest contest, Disk hot, Disk written, Disk cold)
      throws IOException, InterruptedException {
    Race.Terms terms = settings.terms();
    double all = terms.seconds() + 1;
    load(hot, HOT_READS, hot.all(), terms.rampSeconds());
    load(written, WRITES, written.all(), terms.rampSeconds());
    List<Round> rounds = new ArrayList<>();
    var others = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory());
    try (others) {
      for (int i = 0; i < terms.rounds(); i++) {
        long alone = load(hot, HOT_READS, hot.all(), terms.seconds()).p99Nanos();
        // It is cold only once: another part in each round.
        Load.Range part = cold.part(i, terms.rounds());
        Future<?> reader = others.submit(() -> load(cold, COLD_READS, part, all));
        Future<?> writer = others.submit(() -> load(written, WRITES, written.all(), all));
        var sleeper = new Sleeper();
        long beside;
        try (sleeper) {
          beside = load(hot, HOT_READS, hot.all(), terms.seconds()).p99Nanos();
        }
        OtherThread.result(reader);
        OtherThread.result(writer);
        rounds.add(new Round(alone, beside, sleeper.p99Nanos(), sleeper.longestNanos()));
        PrintWriter progress = spec.commandLine().getErr();
        progress.printf("%s, round %d: ", contest.servers(), i + 1);
        progress.printf("p99 %d us alone, %d us beside others%n", alone / 1000, beside / 1000);
        progress.flush();
      }
    }
    return rounds;
  }

  private static Load.Result load(Disk disk, Load load, Load.Range range, double seconds)
      throws IOException {
    return new LeanClient().run(disk.socket(), disk.name(), load, range, seconds);
  }

  /** The longest stall that a server reported when it stopped. */
  private static OptionalInt longestStall(List<ServerProcess> servers) throws IOException {
    OptionalInt longest = OptionalInt.empty();
    for (ServerProcess server : servers) {
      Matcher said = STALL.matcher(server.log());
      if (!said.find()) continue;
      longest = OptionalInt.of(Math.max(longest.orElse(0), Integer.parseInt(said.group(1))));
    }
    return longest;
  }

  private static String markdown(List<Found> all) {
    var text = new StringBuilder();
    text.append("| servers | p99 alone, us | beside a writer and a cold reader, us ")
        .append("| median ratio, at most 2 | longest turn of an event loop, ms ")
        .append("| p99 of a sleeper's delay, us | its longest, ms |\n")
        .append("| --- | --- | --- | ---: | ---: | --- | ---: |\n");
    for (Found found : all) {
      text.append("| %s | ".formatted(found.servers()));
      text.append(micros(found, Round::alone)).append(" | ");
      text.append(micros(found, Round::besideOthers)).append(" | ");
      text.append("%.2f | ".formatted(found.ratio()));
      text.append(
          found.longestStallMillis().stream().mapToObj(Integer::toString).findAny().orElse(""));
      text.append(" | ").append(micros(found, Round::sleeper)).append(" | ");
      text.append(longestSleepMillis(found)).append(" |\n");
    }
    return text.toString();
  }

  private static String micros(Found found, ToLongFunction<Round> of) {
    return found.rounds().stream()
        .map(round -> Long.toString(of.applyAsLong(round) / 1000))
        .collect(Collectors.joining(", "));
  }

  private static long longestSleepMillis(Found found) {
    return found.rounds().stream().mapToLong(Round::longestSleep).max().orElseThrow() / 1_000_000;
  }

  private static String json(List<Found> all) {
    var servers = new JsonArray();
    for (Found found : all) {
      List<Round> rounds = found.rounds();
      var entry =
          new JsonObject()
              .put("servers", found.servers())
              .put("p99NanosAlone", rounds.stream().map(Round::alone).toList())
              .put("p99NanosBesideOthers", rounds.stream().map(Round::besideOthers).toList())
              .put("p99NanosOfSleeper", rounds.stream().map(Round::sleeper).toList())
              .put("longestSleepMillis", longestSleepMillis(found))
              .put("medianRatio", found.ratio())
              .put("atMost", BOUND)
              .put("reached", found.ratio() <= BOUND);
      found.longestStallMillis().ifPresent(millis -> entry.put("longestStallMillis", millis));
      servers.add(entry);
    }
    return servers.encodePrettily();
  }
}
