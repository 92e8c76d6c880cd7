package dev.varve.bench.compare;

import dev.varve.bench.compare.Workload.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs one workload on each of its servers, in rounds: A B C, then C B A, and so on, so that no
 * server always follows the same one.
 */
final class Race implements AutoCloseable {

  /**
   * How long and how often.
   *
   * @param seconds of each run
   * @param rampSeconds how long a server that was just started is loaded before it is measured
   * @param size of the usual disk, in bytes
   */
  record Terms(int rounds, double seconds, double rampSeconds, long size) {}

  /** The measurements of one server, round by round. */
  record Runs(String server, List<Measurement> measured) {}

  /**
   * What came out.
   *
   * @param runs of each server, in the order of the workload's
   * @param failures a line for each run that did not come to an end
   */
  record Outcome(Workload workload, List<Runs> runs, List<String> failures) {

    /** How Varve compares with the server that the goal is about. */
    Ratios ratios(Goal goal) {
      return goal.ratios(runs.getFirst().measured(), runs.get(1).measured());
    }

    /** How a further server compares with the server that the goal is about. */
    Ratios ratios(Goal goal, Runs other) {
      return goal.ratios(other.measured(), runs.get(1).measured());
    }
  }

  private static final Load MIX = new Load(Load.Access.RANDOM_MIX, 4096, 16);

  private final Workload workload;
  private final TestDisks disks;
  private final Path folder;
  private final Terms terms;
  private final long size;
  private final Consumer<String> progress;
  private final Map<Contestant, Started> started = new HashMap<>();
  private int folders;

  /** A server that runs, and its images. */
  private record Started(ServerProcess server, List<Path> images) {}

  /**
   * @param folder for images that are written, sockets and logs
   * @param progress told of each run as it begins and ends
   */
  Race(Workload workload, TestDisks disks, Path folder, Terms terms, Consumer<String> progress) {
    this.workload = workload;
    this.disks = disks;
    this.folder = folder;
    this.terms = terms;
    this.size = workload.size(terms.size());
    this.progress = progress;
  }

  Outcome run() throws InterruptedException {
    List<Contestant> contestants = workload.contestants();
    List<Runs> runs = contestants.stream().map(c -> new Runs(c.name(), new ArrayList<>())).toList();
    List<String> failures = new ArrayList<>();
    for (int round = 0; round < terms.rounds(); round++) {
      for (int turn = 0; turn < contestants.size(); turn++) {
        int next = round % 2 == 0 ? turn : contestants.size() - 1 - turn;
        Contestant contestant = contestants.get(next);
        try {
          Measurement m = measure(contestant, round);
          runs.get(next).measured().add(m);
          progress.accept(
              "%s, round %d, %s: %,.0f/s"
                  .formatted(workload.name(), round + 1, contestant.name(), m.perSecond()));
        } catch (IOException e) {
          String failure =
              "%s, %s: %s".formatted(workload.name(), contestant.name(), e.getMessage());
          failures.add(failure);
          progress.accept(failure);
          stop(contestant);
        }
      }
    }
    return new Outcome(workload, runs, failures);
  }

  private Measurement measure(Contestant contestant, int round)
      throws IOException, InterruptedException {
    Started it = started.get(contestant);
    if (it == null) {
      it = start(contestant);
      rehearse(contestant, it.server());
    }
    for (Path image : it.images()) {
      if (workload.state() != State.COLD) PageCache.warm(image);
    }
    Duration before = it.server().cpu();
    Load.Result result =
        contestant
            .transport()
            .client(workload.client())
            .run(it.server().socket(), workload.load(), workload.measured(size), terms.seconds());
    double cpu = it.server().cpu().minus(before).toNanos() / 1e9;
    var measurement = new Measurement(round, result, cpu, it.server().anonymousBytes());
    if (workload.state() != State.WARM) stop(contestant);
    return measurement;
  }

  private Started start(Contestant contestant) throws IOException, InterruptedException {
    Path own = Files.createDirectory(folder.resolve(workload.name() + "-" + folders++));
    List<Path> images =
        workload.readsOnly()
            ? disks.shared(contestant.format(), contestant.layers(), size)
            : disks.writable(contestant.format(), contestant.layers(), size, own);
    for (Path image : images) {
      if (workload.state() == State.COLD) PageCache.drop(image);
      else PageCache.warm(image);
    }
    Path socket = own.resolve("socket");
    List<String> command = contestant.launch().command(socket, images, workload.readsOnly());
    ServerProcess server =
        ServerProcess.start(
            contestant.name(),
            command,
            socket,
            () -> contestant.transport().connect(socket).close());
    var it = new Started(server, images);
    started.put(contestant, it);
    try (DiskSession session = contestant.transport().connect(socket)) {
      Content.check(session, contestant.layers(), size);
    }
    return it;
  }

  /**
   * Warms a server up, which one that compiles itself while it runs needs. Nothing of it remains to
   * be done afterwards.
   */
  private void rehearse(Contestant contestant, ServerProcess server)
      throws IOException, InterruptedException {
    Load.Client client = contestant.transport().client(workload.client());
    Load.Range range = workload.rehearsed(size);
    client.run(server.socket(), workload.load(), range, terms.rampSeconds());
    if (workload.load().once() && !workload.readsOnly()) {
      client.run(server.socket(), MIX, range, terms.rampSeconds());
    }
    if (workload.readsOnly()) return;
    try (DiskSession session = contestant.transport().connect(server.socket())) {
      session.flush();
    }
  }

  private void stop(Contestant contestant) {
    Started it = started.remove(contestant);
    if (it == null) return;
    try {
      it.server().close();
      if (workload.readsOnly()) return;
      Files.delete(it.images().getLast());
    } catch (IOException e) {
      progress.accept("stopping %s: %s".formatted(contestant.name(), e));
    }
  }

  /** Stops the servers that still run. */
  @Override
  public void close() {
    List.copyOf(started.keySet()).forEach(this::stop);
  }
}
