package dev.varve.bench.micro;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code varve-bench micro [REGEX] [JMH OPTION...]}: runs the micro-benchmarks, the gc profiler
 * always with them: its {@code gc.alloc.rate.norm} is bytes allocated for each request, by all
 * threads together.
 */
@Command(
    name = "micro",
    customSynopsis = "varve-bench micro [REGEX...] [JMH OPTION...]",
    description = {
      "Runs micro-benchmarks: those whose names match REGEX, or all.",
      "JMH's own options go with it: -f 1 -wi 3 -i 5 -p depth=1,8 -rf json; -l lists the benchmarks."
    })
public final class MicroCommand implements Callable<Integer> {

  @Unmatched private final List<String> arguments = new ArrayList<>();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws RunnerException {
    var options = options();
    var runner =
        new Runner(new OptionsBuilder().parent(options).addProfiler(GCProfiler.class).build());
    if (options.shouldList()) runner.list();
    else runner.run();
    return 0;
  }

  private CommandLineOptions options() {
    try {
      return new CommandLineOptions(arguments.toArray(String[]::new));
    } catch (CommandLineOptionException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
