package dev.varve.http.command;

import dev.varve.http.access.Policy;
import dev.varve.http.config.ConfigFile;
import dev.varve.http.log.LogLevel;
import dev.varve.http.log.ProgramLog;
import dev.varve.http.server.Descriptors;
import dev.varve.http.server.DiskServer;
import dev.varve.http.server.ServedDisk;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.service.InheritedSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * {@code varve serve}: serves machines, or chains of images, until a signal stops it. Runs on the
 * main thread.
 *
 * <p>A configuration file is read only where machines are served, so that no value of a service
 * decides about images that a user names, or contradicts the options for them. Each of its keys is
 * an option ({@link ConfigKeys}): the command line is read a second time, with the file's options
 * before it that neither the command line nor the environment gives.
 */
@Command(
    name = "serve",
    sortOptions = false,
    description = {
      "Serves disks over NBD until it gets SIGTERM or SIGINT: the disks of machines, or the images that are named.",
      "",
      "Without IMAGE it serves the machines of a state folder, and answers 'varve machine', 'varve medium' and HTTP"
          + " requests. The disks of machines that run are on nbd.sock in that folder, and where --unix and --tcp say.",
      "",
      "IMAGE is the youngest image of a disk; its parents are found by their uuids, in the same folder, in the folder"
          + " above a folder named Snapshots, and where --search says. Listens on loopback, port 10809, unless"
          + " --unix or --tcp is given.",
      ""
    })
public final class ServeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private MachineOptions machines;

  @Mixin private ConfigOption config;

  @Mixin private ImageOptions images;

  @Mixin private ListenOptions listen;

  @Mixin private TlsOptions tls;

  @Option(
      names = "--read-only",
      description = "Serve the disks read-only and write to no image; also for a --machine.")
  @CommandLineOnly
  private boolean readOnly;

  @Mixin private StartOption without;

  @Option(
      names = "--replies",
      paramLabel = "simple|structured",
      defaultValue = "STRUCTURED",
      description =
          "The form of replies to reads (structured); simple is faster with most clients, but they then see no holes.")
  private ReplyStyle replies;

  @Mixin private ForceOption force;

  @Mixin private ClientOptions clients;

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "TEXT",
      description = "How to print what is served (text).")
  @CommandLineOnly
  private OutputFormat output;

  @Option(
      names = "--log-level",
      paramLabel = "error|warning|info|debug",
      defaultValue = "${env:VARVE_LOG_LEVEL:-info}",
      description =
          "How much to log, on standard error ($VARVE_LOG_LEVEL, or info: events, warnings and"
              + " errors).")
  private LogLevel logLevel;

  /** The keys of the configuration file. */
  static ConfigKeys keys() {
    CommandLine serve = commandLine();
    return new ConfigKeys(
        serve.getCommandSpec(),
        word -> {
          serve.parseArgs(word);
          serve.<ServeCommand>getCommand().checkOptions();
        });
  }

  /** One that only reads options, as the command does. */
  private static CommandLine commandLine() {
    return EnumConverters.registerOn(new CommandLine(new ServeCommand()))
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkOptions();
    var descriptors = Descriptors.ofThisProcess();
    descriptors.check(); // before most of the program is loaded
    descriptors.keepFromImages();
    ProgramLog.serve(logLevel);
    if (!images.areServed()) takeConfiguration(System.getenv());
    ProgramLog.serve(logLevel); // which may be another one now
    tls.check(listen.tcp());
    var life = new ServingLife(spec.commandLine().getOut(), output);
    String few = clients.warning(descriptors);
    if (few != null) life.warn(few);
    if (images.areServed()) serveImages(life);
    else serveMachines(life);
    return 0;
  }

  /** Reads the command line again, with the settings of the configuration file before it. */
  private void takeConfiguration(Map<String, String> environment) throws IOException {
    String folder = environment.getOrDefault("VARVE_STATE", "");
    Path state = machines.state() != null || folder.isEmpty() ? machines.state() : Path.of(folder);
    ConfigFile file = config.file(environment, state);
    if (file == null) return;
    ConfigKeys keys = keys();
    keys.check(file);
    ParseResult given = spec.commandLine().getParseResult();
    List<String> line =
        new ArrayList<>(
            keys.arguments(
                file,
                option ->
                    given.hasMatchedOption(option.longestName())
                        || isInEnvironment(option, environment)));
    line.addAll(given.originalArgs().subList(wordsBefore(given), given.originalArgs().size()));
    spec.commandLine().parseArgs(line.toArray(String[]::new));
    checkOptions();
  }

  private static boolean isInEnvironment(OptionSpec option, Map<String, String> environment) {
    String name = ConfigKeys.ENVIRONMENT.get(option.longestName().substring(2));
    return name != null && !environment.getOrDefault(name, "").isEmpty();
  }

  /** How many words of the command line are before the options of this command. */
  private int wordsBefore(ParseResult given) {
    return spec.parent() == null ? 0 : given.originalArgs().indexOf(spec.name()) + 1;
  }

  /** Whether the options go together. */
  private void checkOptions() {
    images.check();
    if (images.areServed()) checkImageOptions();
    else checkMachineOptions();
    listen.check();
    clients.check();
  }

  private void checkImageOptions() {
    machines.checkAbsent(without.isGiven());
    if (machines.state() != null && !images.areDemo())
      throw wrong("--state is for machines and the demo: remove it, or name no image");
    if (config.isGiven()) throw wrong("--config is for machines: remove it, or name no image");
  }

  private void checkMachineOptions() {
    images.checkAbsent();
    if (readOnly && machines.machines().isEmpty())
      throw wrong("--read-only needs an IMAGE or a --machine: name one");
    if (without.isGiven() && machines.machines().size() != 1)
      throw wrong(
          "--without goes with one --machine; start the others with: varve machine start MACHINE --without SLOT");
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void serveImages(ServingLife life) throws IOException, InterruptedException {
    List<ServedDisk> disks = images.areDemo() ? demo() : images.disks(readOnly);
    var server = new DiskServer(clients.limits(), replies, tls.open());
    new ImageServing(server, life, listen, force).run(disks, images.metrics(), images.areDemo());
  }

  private List<ServedDisk> demo() throws IOException {
    Path folder = machines.demoFolder();
    listen.orOn(folder.resolve("nbd.sock"));
    return images.demo(folder, readOnly);
  }

  private Policy policy() throws IOException {
    return new Policy(machines.sockets().peers(), machines.media().roots(), tls.folders());
  }

  private void serveMachines(ServingLife life) throws IOException, InterruptedException {
    var asked =
        new ServerSockets(
            listen.unix(),
            listen.tcp(),
            machines.sockets().access(),
            InheritedSocket.ofThisProcess(),
            tls.open());
    var server =
        new StateServer(machines.stateFolder(), asked, clients.limits(), replies, policy());
    new StateServing(server, life, machines)
        .run(start -> without.of(start, readOnly, force.isGiven()), spec.commandLine().getErr());
  }
}
