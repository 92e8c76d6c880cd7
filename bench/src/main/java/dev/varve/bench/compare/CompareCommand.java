package dev.varve.bench.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code varve-bench compare}: Varve, qemu-nbd and nbdkit serve the same disk in turn under the
 * same loads; prints how many times as fast Varve was. Runs on the main thread.
 *
 * <p>The workloads whose names begin with {@code vhost-} reach the disk through memory that client
 * and server share, as a virtual machine does; there qemu-storage-daemon is the other server.
 *
 * <p>Needs qemu-nbd, qemu-img, nbdkit and fio, for vhost-user qemu-storage-daemon. The exit status
 * is 0 when everything was measured, also if goals were missed.
 */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = "Measures Varve side by side with qemu-nbd and nbdkit, and prints the ratios.")
public final class CompareCommand implements Callable<Integer> {

  @Mixin private Settings settings;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-w", "--workload"},
      paramLabel = "NAME",
      split = ",",
      description = "Measures only these workloads; --list names them. Usual: all.")
  private List<String> names = List.of();

  @Option(
      names = "--server",
      paramLabel = "NAME=COMMAND",
      description =
          "One more server of a raw file to compare with: a command that stays in the foreground."
              + " {socket} and {image} in it are replaced.")
  private Map<String, String> others = new LinkedHashMap<>();

  @Option(names = "--list", description = "Lists the workloads and measures nothing.")
  private boolean list;

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      for (Workload workload : new Workloads(Path.of("varve"), List.of()).all()) {
        out.printf(
            "%-10s  %s (%s): %s against %s%n",
            workload.name(),
            workload.title(),
            workload.client().title(),
            workload.contestants().get(0).name(),
            workload.contestants().get(1).name());
      }
      return 0;
    }
    List<Workload> chosen = chosen();
    List<Race.Outcome> outcomes = settings.run(folder -> race(chosen, folder));
    out.println(
        settings.wantsJson() ? Report.json(settings.terms(), outcomes) : Report.markdown(outcomes));
    return outcomes.stream().allMatch(outcome -> outcome.failures().isEmpty()) ? 0 : 1;
  }

  private List<Workload> chosen() throws IOException, InterruptedException {
    var more = new ArrayList<Contestant>();
    others.forEach((name, command) -> more.add(Contestant.other(name, command)));
    List<Workload> all = new Workloads(settings.launcher(), more).all();
    for (String name : names) {
      if (all.stream().noneMatch(workload -> workload.name().equals(name))) {
        throw new ParameterException(
            spec.commandLine(), "there is no workload '" + name + "'; --list names them");
      }
    }
    return all.stream().filter(w -> names.isEmpty() || names.contains(w.name())).toList();
  }

  private List<Race.Outcome> race(List<Workload> chosen, Path folder) throws InterruptedException {
    var outcomes = new ArrayList<Race.Outcome>();
    var disks = new TestDisks(folder);
    PrintWriter progress = spec.commandLine().getErr();
    for (Workload workload : chosen) {
      try (var race = new Race(workload, disks, folder, settings.terms(), progress::println)) {
        outcomes.add(race.run());
      }
    }
    return outcomes;
  }
}
