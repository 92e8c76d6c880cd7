package dev.varve.http.command;

import dev.varve.core.device.FailureWords;
import dev.varve.http.access.MediaRoots;
import dev.varve.http.access.Policy;
import dev.varve.http.client.ApiClient;
import dev.varve.http.config.ConfigFile;
import dev.varve.http.config.ConfigFileException;
import dev.varve.http.config.Reload;
import dev.varve.http.log.LogLevel;
import dev.varve.http.log.ProgramLog;
import dev.varve.http.server.Descriptors;
import dev.varve.http.server.DiskServer;
import dev.varve.http.server.ReloadSignal;
import dev.varve.http.server.ServedDisk;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.service.InheritedSocket;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code varve serve}: serves machines, or chains of images, until a signal stops it. Runs on the
 * main thread.
 *
 * <p>A configuration file is read only where machines are served, so that no value of a service
 * decides about images that a user names, or contradicts the options for them. Each of its keys is
 * an option ({@link ConfigKeys}): the command line is read a second time, with the file's options
 * before it that neither the command line nor the environment gives. Where there is a file, SIGHUP
 * has it read again; otherwise it ends the server.
 */
@Command(
    name = "serve",
    sortOptions = false,
    description = {
      "Serves disks over NBD and vhost-user until it gets SIGTERM or SIGINT: the disks of machines, or the images that"
          + " are named."
          + " SIGHUP has a server with a configuration file read it again.",
      "",
      "Without IMAGE it serves the machines of a state folder, and answers 'varve machine', 'varve medium' and HTTP"
          + " requests. The disks of machines that run are on nbd.sock in that folder, and where --unix and --tcp say.",
      "",
      "IMAGE is the youngest image of a disk; its parents are found by their uuids, in the same folder, in the folder"
          + " above a folder named Snapshots, and where --search says. Listens on loopback, port 10809, unless"
          + " --unix, --tcp or --vhost-user is given.",
      ""
    })
public final class ServeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private MachineOptions machines;

  @Mixin private ConfigOption config;

  @Mixin private ImageOptions images;

  @Mixin private ListenOptions listen;

  @Mixin private GuestOptions guests;

  @Mixin private TlsOptions tls;

  @Mixin private NewDiskOptions newDisks;

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

  @Mixin private AnswerOptions answer;

  @Option(
      names = "--log-level",
      paramLabel = "error|warning|info|debug",
      defaultValue = "${env:VARVE_LOG_LEVEL:-info}",
      description =
          "How much to log, on standard error ($VARVE_LOG_LEVEL, or info: events, warnings and"
              + " errors).")
  private LogLevel logLevel;

  /** The keys of the configuration file, each with the option that it stands for. */
  public static Map<String, OptionSpec> keys() {
    CommandLine serve = commandLine();
    return new ConfigKeys(serve.getCommandSpec(), serve::parseArgs).all();
  }

  /** One that only reads options, as the command does. */
  private static CommandLine commandLine() {
    return EnumConverters.registerOn(new CommandLine(new ServeCommand()))
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (images.areServed()) rules().forEach(Runnable::run); // else with those of the file
    var descriptors = Descriptors.ofThisProcess();
    descriptors.check(); // before most of the program is loaded
    descriptors.keepFromImages();
    ProgramLog.serve(logLevel);
    if (images.areServed()) {
      serveImages(life(descriptors, true));
      return 0;
    }
    List<String> given = List.copyOf(words());
    ServeConfiguration configuration =
        configured(spec.commandLine(), given, System.getenv()).checked();
    ProgramLog.serve(logLevel); // which may be another one now
    ConfigFile file = configuration.file();
    if (file == null) {
      serveMachines(life(descriptors, true), (_, _) -> {});
      return 0;
    }
    try (var hangups = new ReloadSignal()) {
      serveMachines(
          life(descriptors, false),
          (life, server) -> {
            Reload<ServeCommand> reload = reload(configuration, given, file, server);
            hangups.runs(() -> life.reload(() -> run(reload, file, server)));
          });
    }
    return 0;
  }

  private ServingLife life(Descriptors descriptors, boolean hangupsEnd) {
    var life = new ServingLife(spec.commandLine().getOut(), answer.format(), hangupsEnd);
    String few = clients.warning(descriptors);
    if (few != null) life.warn(few);
    return life;
  }

  /** The values that can change while the server runs, and who takes them. */
  private static Reload<ServeCommand> reload(
      ServeConfiguration configuration, List<String> given, ConfigFile file, StateServer server) {
    return new Reload<ServeCommand>(() -> again(given, file.path()), configuration.texts())
        .on(Set.of("log-level"), now -> ProgramLog.serve(now.logLevel))
        .on(Set.of("max-connections", "idle-timeout"), now -> server.limits(now.clients.limits()))
        .always(Set.of(), _ -> server.reloadCertificates());
  }

  private static Reload.Reading<ServeCommand> again(List<String> given, Path file)
      throws IOException {
    CommandLine serve = commandLine();
    ServeCommand now = serve.getCommand();
    try {
      var configuration =
          ServeConfiguration.read(serve, now.rules(), given, System.getenv(), ConfigFile.read(file))
              .checked();
      return new Reload.Reading<>(now, configuration.texts());
    } catch (ParameterException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static void run(Reload<ServeCommand> reload, ConfigFile file, StateServer server) {
    String path = file.path().toString();
    try {
      reload.run();
      server.configuration(path, null);
    } catch (IOException e) {
      server.configuration(path, FailureWords.of(e).replaceAll("\\s*\\R\\s*", "; "));
    }
  }

  /**
   * What a command line means, with the configuration file that counts for it.
   *
   * @param given the words behind {@code varve serve}
   * @throws IOException the file cannot be used
   * @throws ParameterException the words cannot
   */
  static ServeConfiguration configuration(List<String> given, Map<String, String> environment)
      throws IOException {
    CommandLine serve = commandLine();
    serve.parseArgs(given.toArray(String[]::new));
    return serve.<ServeCommand>getCommand().configured(serve, given, environment).checked();
  }

  /** The same for a command that looks at a server from outside, which may be the system's. */
  static ServeConfiguration lookedAt(List<String> given, Map<String, String> environment)
      throws IOException {
    CommandLine serve = commandLine();
    serve.parseArgs(given.toArray(String[]::new));
    ServeCommand command = serve.getCommand();
    List<String> words = new ArrayList<>(given);
    if (!command.images.areServed()
        && ConfigOption.isSystemLookedAt(
            environment, command.config.given(), command.machines.state()))
      words.addFirst("--config=" + ConfigOption.USUAL);
    return configuration(words, environment);
  }

  /**
   * Checks a configuration file by itself: its settings, and the files, folders, users and groups
   * that they name, as a server does that starts with it.
   *
   * @return the number of its settings
   * @throws ConfigFileException with all that is wrong
   */
  static int check(String path) throws IOException {
    CommandLine serve = commandLine();
    List<String> words = List.of("--config=" + path);
    serve.parseArgs(words.toArray(String[]::new));
    ServeCommand command = serve.getCommand();
    ServeConfiguration configuration = command.configured(serve, words, Map.of());
    ConfigFile file = configuration.file();
    if (file == null) return 0;
    List<String> problems = new ArrayList<>(configuration.problems());
    for (Preparation each : command.preparations())
      try {
        each.run();
      } catch (IOException e) {
        // Where this user has no access the server's user may have it: 'varve doctor' tells.
        boolean denied =
            e instanceof AccessDeniedException || e.getCause() instanceof AccessDeniedException;
        if (!denied) problems.add(ServeConfiguration.blame(file, FailureWords.of(e)));
      }
    if (!problems.isEmpty()) throw new ConfigFileException(problems);
    return file.settings().size();
  }

  /** A step of a start before anything is opened for writing or listened on. */
  private interface Preparation {
    void run() throws IOException;
  }

  private List<Preparation> preparations() {
    List<Preparation> preparations = new ArrayList<>();
    preparations.add(tls::open);
    for (Path root : machines.media().named()) preparations.add(() -> MediaRoots.of(List.of(root)));
    for (SocketScope scope : machines.sockets().scopes()) preparations.add(scope::rule);
    preparations.add(machines.sockets().access()::check);
    return preparations;
  }

  /** Reads the command line again, with the settings of the configuration file before it. */
  private ServeConfiguration configured(
      CommandLine serve, List<String> given, Map<String, String> environment) throws IOException {
    ConfigFile file = config.file(environment, ConfigOption.state(environment, machines.state()));
    return ServeConfiguration.read(serve, rules(), given, environment, file);
  }

  /** The words of the command line that are for this command. */
  private List<String> words() {
    List<String> all = spec.commandLine().getParseResult().originalArgs();
    return spec.parent() == null ? all : all.subList(all.indexOf(spec.name()) + 1, all.size());
  }

  /** Each checks by itself whether some of the options go together. */
  private List<Runnable> rules() {
    return List.of(
        images::check,
        () -> {
          if (images.areServed()) checkImageOptions();
          else checkMachineOptions();
        },
        machines::checkSockets,
        listen::check,
        this::checkPorts,
        clients::checkPolling,
        clients::checkConnections,
        tls::check,
        () -> tls.checkNbd(listen.tcp()),
        () -> tls.checkApi(machines.api()));
  }

  /** The usual address of the API is left to NBD if it is taken: only one that is named counts. */
  private void checkPorts() {
    TcpAddress nbd = listen.tcp();
    TcpAddress api = machines.api() == null ? null : machines.api().tcp();
    if (nbd != null && api != null && nbd.excludes(api))
      throw wrong(
          "--tcp %s and --api-tcp %s: NBD and HTTP cannot share a port; choose another one for one of them"
              .formatted(nbd, api));
  }

  private void checkImageOptions() {
    machines.checkAbsent(without.isGiven());
    if (newDisks.areGiven())
      throw wrong("--default-... is for the disks of machines: remove it, or name no image");
    if (machines.state() != null && !images.areDemo())
      throw wrong("--state is for machines and the demo: remove it, or name no image");
    guests.checkForImages(images.areDemo() ? 1 : images.count());
    if (config.isGiven()) throw wrong("--config is for machines: remove it, or name no image");
  }

  private void checkMachineOptions() {
    images.checkAbsent();
    machines.check();
    checkSockets();
    guests.checkForMachines();
    if (readOnly && machines.machines().isEmpty())
      throw wrong("--read-only needs an IMAGE or a --machine: name one");
    if (without.isGiven() && machines.machines().size() != 1)
      throw wrong(
          "--without goes with one --machine; start the others with: varve machine start MACHINE --without SLOT");
  }

  private void checkSockets() {
    try {
      listen.checkIsNot(machines.stateFolder().resolve(ApiClient.SOCKET));
    } catch (IOException _) {
      // There is no usual state folder: the start says so.
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void serveImages(ServingLife life) throws IOException, InterruptedException {
    List<ServedDisk> disks = images.areDemo() ? demo() : images.disks(readOnly);
    var server = new DiskServer(clients.limits(), replies, tls.open());
    new ImageServing(server, life, listen, guests, force)
        .run(disks, images.metrics(), images.areDemo());
  }

  private List<ServedDisk> demo() throws IOException {
    Path folder = machines.demoFolder();
    listen.orOn(folder.resolve("nbd.sock"));
    guests.orOn(folder.resolve("vhost-user.sock"));
    return images.demo(folder, readOnly);
  }

  private Policy policy() throws IOException {
    return new Policy(
        machines.sockets().peers(), machines.media().roots(), tls.folders(), newDisks.disks());
  }

  /**
   * @param serving what to do as soon as it serves
   */
  private void serveMachines(ServingLife life, BiConsumer<ServingLife, StateServer> serving)
      throws IOException, InterruptedException {
    var asked =
        new ServerSockets(
            listen.unix(),
            listen.tcp(),
            guests.folder(),
            machines.sockets().access(),
            InheritedSocket.ofThisProcess(),
            tls.open());
    var server =
        new StateServer(machines.stateFolder(), asked, clients.limits(), replies, policy());
    new StateServing(server, life, machines)
        .run(
            start -> without.of(start, readOnly, force.isGiven()),
            spec.commandLine().getErr(),
            () -> serving.accept(life, server));
  }
}
