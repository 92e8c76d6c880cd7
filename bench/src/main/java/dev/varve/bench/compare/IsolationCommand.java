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
 * <p>The clients take processor time too. Therefore the same follows with each disk in a Varve of
 * its own: what is slower there as well is the machine's doing.
 */
@Command(
    name = "isolation",
    mixinStandardHelpOptions = true,
    description =
        "Measures how much a writer and a cold reader slow down another disk's hot reads.")
public final class IsolationCommand implements Callable<Integer> {

  /** The 99th percentile may become so many times as long. */
  private static final double BOUND = 2;

  /** How large the cold disk is, in usual disks: so large that it stays cold. */
  private static final int COLD_SCALE = 8;

  private static final Load HOT_READS = new Load(Access.RANDOM_READ, 4 << 10, 1);
  private static final Load COLD_READS = new Load(Access.RANDOM_READ, 4 << 10, 32);
  private static final Load WRITES = new Load(Access.WRITE, 1 << 20, 4);

  /** What Varve says of itself when it stops. */
  private static final Pattern STALL = Pattern.compile("busy for (\\d+) ms at most");

  @Mixin private Settings settings;

  @Spec private CommandSpec spec;

  /** How the disks are shared out, and what was found. */
  private record Found(String servers, List<Round> rounds, OptionalInt longestStallMillis) {
    double ratio() {
      return Ratios.median(rounds.stream().mapToDouble(Round::ratio).toArray());
    }
  }

  /** The 99th percentile in nanoseconds. */
  private record Round(long alone, long besideOthers) {
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
    List<Found> found =
        settings.run(
            folder ->
                List.of(
                    measure("one process", launcher, folder.resolve("one"), false),
                    measure("a process for each disk", launcher, folder.resolve("each"), true)));
    spec.commandLine().getOut().println(settings.wantsJson() ? json(found) : markdown(found));
    return 0;
  }

  private Found measure(String title, Path launcher, Path folder, boolean apart)
      throws IOException, InterruptedException {
    Files.createDirectory(folder);
    long size = settings.terms().size();
    var made = new TestDisks(folder);
    // No two have the same size, and so none the same uuids.
    Disk hot = disk(made, folder, "hot", size, apart);
    Disk written = disk(made, folder, "written", 2 * size, apart);
    Disk cold = disk(made, folder, "cold", COLD_SCALE * size, apart);
    PageCache.warm(hot.image());
    PageCache.warm(written.image());
    PageCache.drop(cold.image());
    var servers = new ArrayList<ServerProcess>();
    List<Round> rounds;
    try {
      List<Disk> all = List.of(hot, written, cold);
      for (List<Disk> disks : apart ? all.stream().map(List::of).toList() : List.of(all)) {
        servers.add(serve(launcher, disks));
      }
      rounds = rounds(title, hot, written, cold);
    } finally {
      for (ServerProcess server : servers) server.close();
    }
    return new Found(title, rounds, longestStall(servers));
  }

  private static Disk disk(TestDisks made, Path folder, String name, long size, boolean apart)
      throws IOException, InterruptedException {
    Path own = Files.createDirectory(folder.resolve(name));
    Path image = made.writable(Format.VDI, Layers.SINGLE, size, own).getLast();
    return new Disk(name, image, size, (apart ? own : folder).resolve("socket"));
  }

  private static ServerProcess serve(Path launcher, List<Disk> disks)
      throws IOException, InterruptedException {
    Path socket = disks.getFirst().socket();
    var command = new ArrayList<>(List.of(launcher.toString(), "serve"));
    command.addAll(List.of("--unix", socket.toString()));
    for (Disk disk : disks) {
      command.addAll(List.of("--name", disk.name(), disk.image().toString()));
    }
    return ServerProcess.start("Varve", command, socket);
  }

  private List<Round> rounds(String title, Disk hot, Disk written, Disk cold)
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
        long beside = load(hot, HOT_READS, hot.all(), terms.seconds()).p99Nanos();
        OtherThread.result(reader);
        OtherThread.result(writer);
        rounds.add(new Round(alone, beside));
        PrintWriter progress = spec.commandLine().getErr();
        progress.printf("%s, round %d: p99 %d us alone, ", title, i + 1, alone / 1000);
        progress.printf("%d us beside a writer and a cold reader%n", beside / 1000);
        progress.flush();
      }
    }
    return rounds;
  }

  private static Load.Result load(Disk disk, Load load, Load.Range range, double seconds)
      throws IOException {
    return new LeanClient().run(disk.socket(), disk.name(), load, range, seconds);
  }

  /** The longest that a server told of when it stopped. */
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
    text.append("| servers | p99 alone, us | beside a writer and a cold reader, us | ")
        .append("median ratio, at most 2 | longest stall of an event loop, ms |\n")
        .append("| --- | --- | --- | ---: | ---: |\n");
    for (Found found : all) {
      text.append("| %s | ".formatted(found.servers()));
      text.append(micros(found, Round::alone)).append(" | ");
      text.append(micros(found, Round::besideOthers)).append(" | ");
      text.append("%.2f | ".formatted(found.ratio()));
      text.append(
          found.longestStallMillis().stream().mapToObj(Integer::toString).findAny().orElse(""));
      text.append(" |\n");
    }
    return text.toString();
  }

  private static String micros(Found found, ToLongFunction<Round> of) {
    return found.rounds().stream()
        .map(round -> Long.toString(of.applyAsLong(round) / 1000))
        .collect(Collectors.joining(", "));
  }

  private static String json(List<Found> all) {
    var servers = new JsonArray();
    for (Found found : all) {
      var entry =
          new JsonObject()
              .put("servers", found.servers())
              .put("p99NanosAlone", found.rounds().stream().map(Round::alone).toList())
              .put(
                  "p99NanosBesideOthers", found.rounds().stream().map(Round::besideOthers).toList())
              .put("medianRatio", found.ratio())
              .put("atMost", BOUND)
              .put("reached", found.ratio() <= BOUND);
      found.longestStallMillis().ifPresent(millis -> entry.put("longestStallMillis", millis));
      servers.add(entry);
    }
    return servers.encodePrettily();
  }
}
