package dev.varve.http.command;

import dev.varve.core.device.FailureTotals;
import dev.varve.core.machine.Names;
import dev.varve.http.client.StateFolders;
import dev.varve.http.log.LogLevel;
import dev.varve.http.log.ProgramLog;
import dev.varve.http.server.CleanStop;
import dev.varve.http.server.Descriptors;
import dev.varve.http.server.DiskServer;
import dev.varve.http.server.NbdUri;
import dev.varve.http.server.ServedDisk;
import dev.varve.http.server.ServerLog;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.http.server.Supervision;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.nbd.NbdStats;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.service.InheritedSocket;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code varve serve}: serves machines, or chains of VDI images, until a signal stops it. Runs on
 * the main thread.
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

  private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

  /** What fits into the kernel's address of a Unix socket. */
  private static final int MAX_SOCKET_PATH = 107;

  /** Leaves room for the name that a socket has before it is ready: 2 folders deep, 26 bytes. */
  private static final int MAX_STATE_FOLDER = MAX_SOCKET_PATH - 26;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "0..*",
      description = "Images (VDI, VMDK, VHD, QCOW2), each the top of a disk.")
  private List<Path> leaves = List.of();

  @Option(
      names = "--machine",
      paramLabel = "FILE.vbox",
      description =
          "Open a machine, made by VirtualBox or Varve, and start it; may be repeated. It stays registered in the state"
              + " folder.")
  private List<Path> machines = List.of();

  @Option(
      names = "--state",
      paramLabel = "FOLDER",
      description =
          "Where machines are kept ($VARVE_STATE, or ~/.local/state/varve); with --demo, where the demo is (demo in"
              + " that folder).")
  private @Nullable Path state;

  @Option(
      names = "--api-tcp",
      paramLabel = "HOST:PORT|off",
      converter = ApiAddress.Converter.class,
      description =
          "Where HTTP requests with the state folder's token are answered, beside api.sock in that folder"
              + " (127.0.0.1:10810).")
  private @Nullable ApiAddress api;

  @Mixin private ParentOptions parents;

  @Option(
      names = "--chain",
      paramLabel = "BASE,...,IMAGE",
      converter = ListedChain.Converter.class,
      description =
          "All images of a disk, base first, instead of IMAGE; a comma in a name is written '\\,'. May be repeated.")
  private List<ListedChain> chains = List.of();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description =
          "The name of the disk for clients (the file name without .vdi); repeat it for the next disk.")
  private List<String> names = List.of();

  @Option(names = "--unix", paramLabel = "PATH", description = "Listen on a Unix socket.")
  private @Nullable Path unix;

  @Option(
      names = "--tcp",
      paramLabel = "HOST:PORT",
      converter = TcpAddressConverter.class,
      description = "Listen on TCP; without HOST on 127.0.0.1, without PORT on 10809.")
  private @Nullable TcpAddress tcp;

  @Mixin private SocketOptions sockets;

  @Option(
      names = "--metrics",
      paramLabel = "HOST:PORT",
      converter = TcpAddressConverter.class,
      description =
          "Answer Prometheus at http://HOST:PORT/metrics, on loopback; for images, because a server of machines answers"
              + " on its API.")
  private @Nullable TcpAddress metrics;

  @Option(
      names = "--read-only",
      description = "Serve the disks read-only and write to no image; also for a --machine.")
  private boolean readOnly;

  @Mixin private StartOption without;

  @Option(
      names = "--discard",
      paramLabel = "on|off",
      defaultValue = "ON",
      description = "Whether clients may discard (on).")
  private Switch discard;

  @Option(
      names = "--non-rotational",
      description = "Present the disk as non-rotational, like an SSD.")
  private boolean nonRotational;

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
      names = "--demo",
      description =
          "Serve a demo chain instead of IMAGE: an ext4 file system as it was on three days. It is made on first"
              + " use, and served on a Unix socket beside it.")
  private boolean demo;

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "TEXT",
      description = "How to print what is served (text).")
  private OutputFormat output;

  @Option(
      names = "--log-level",
      paramLabel = "error|warning|info|debug",
      defaultValue = "${env:VARVE_LOG_LEVEL:-info}",
      description =
          "How much to log, on standard error ($VARVE_LOG_LEVEL, or info: events, warnings and"
              + " errors).")
  private LogLevel logLevel;

  private final Supervision systemd = Supervision.ofThisProcess();

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkOptions();
    var descriptors = Descriptors.ofThisProcess();
    descriptors.check(); // before most of the program is loaded
    descriptors.keepFromImages();
    ProgramLog.serve(logLevel);
    String few = clients.warning(descriptors);
    if (few != null) warn(few);
    if (!demo && leaves.isEmpty() && chains.isEmpty()) return serveMachines();
    List<ServedDisk> disks = demo ? demoDisks() : disks();
    var server = new DiskServer(clients.limits(), replies);
    var log = new ServerLog(System::nanoTime);
    try (var _ =
        new CleanStop(why -> stop(why, log, server::close, server::stats, server::failed))) {
      publish(server, disks, log);
      systemd.ready(server.loops(), server::status);
      server.awaitClosed();
    } finally {
      server.close();
    }
    return 0;
  }

  private void checkOptions() {
    int count = leaves.size() + chains.size();
    if (demo && count > 0)
      throw wrong("--demo serves a disk of its own: remove it, or name no image");
    if (!demo && count == 0) checkMachineOptions();
    else if (api != null || !machines.isEmpty() || without.isGiven() || sockets.areGiven())
      throw wrong(
          "--machine, --without, --api-tcp, --socket-mode and --socket-group are for machines: remove them, or name no image");
    if (count > 0 && state != null)
      throw wrong("--state is for machines and the demo: remove it, or name no image");
    if (names.size() > count)
      throw wrong(
          "there are %d names for %d disks: give each disk at most one --name"
              .formatted(names.size(), count));
    if (unix != null) checkSocketPath(unix);
    clients.check();
  }

  private void checkMachineOptions() {
    if (metrics != null)
      throw wrong(
          "--metrics is for images: a server of machines answers /metrics where its API does");
    if (nonRotational || discard == Switch.OFF)
      throw wrong(
          "--discard and --non-rotational are for images; a machine's disks have their own flags,"
              + " see 'varve machine set --help'");
    if (readOnly && machines.isEmpty())
      throw wrong("--read-only needs an IMAGE or a --machine: name one");
    if (without.isGiven() && machines.size() != 1)
      throw wrong(
          "--without goes with one --machine; start the others with: varve machine start MACHINE --without SLOT");
    if (!names.isEmpty() || parents.areSearched())
      throw wrong("--name and --search are for images: name an IMAGE to serve");
  }

  private Path stateFolder() throws IOException {
    Path folder = state == null ? StateFolders.usual(System.getenv()) : state.toAbsolutePath();
    int length = folder.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_STATE_FOLDER) {
      throw wrong(
          "%s: the path of a state folder may have at most %d bytes, because sockets are in it, and this path has %d; choose another with --state"
              .formatted(folder, MAX_STATE_FOLDER, length));
    }
    return folder;
  }

  private int serveMachines() throws IOException, InterruptedException {
    var log = new ServerLog(System::nanoTime);
    var asked = new ServerSockets(unix, tcp, sockets.access(), InheritedSocket.ofThisProcess());
    var server = new StateServer(stateFolder(), asked, clients.limits(), replies);
    try (var _ =
        new CleanStop(why -> stop(why, log, server::close, server::stats, server::failed))) {
      listenApi(server);
      log.started(
          "serves the machines of " + server.folder() + ", " + server.contents(),
          server.nbdAddresses(),
          server.apiAddresses());
      PrintWriter err = spec.commandLine().getErr();
      String served =
          new MachineServing(server, start -> without.of(start, readOnly, force.isGiven()), err)
              .start(machines, output);
      warnOfStrangers(server.nbdAddress());
      spec.commandLine().getOut().println(served);
      spec.commandLine().getOut().flush();
      systemd.ready(server.loops(), server::status);
      server.awaitClosed();
    } catch (IOException | RuntimeException e) {
      log.stopping("not everything could be started");
      throw e;
    } finally {
      server.close();
    }
    return 0;
  }

  /** The usual port may be another server's: then the socket in the state folder is enough. */
  private void listenApi(StateServer server) throws IOException {
    if (api != null) {
      if (api.tcp() != null) server.listenApi(api.tcp());
      return;
    }
    try {
      server.listenApi(ApiAddress.USUAL);
    } catch (IOException e) {
      warn(
          "%s; the API answers on its socket only: %s"
              .formatted(e.getMessage(), String.join(", ", server.apiAddresses())));
    }
  }

  private void checkSocketPath(Path socket) {
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_SOCKET_PATH) {
      throw wrong(
          "%s: the path of a socket may have at most %d bytes, and this path has %d; choose another with --unix"
              .formatted(socket, MAX_SOCKET_PATH, length));
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private List<ServedDisk> demoDisks() throws IOException {
    Path folder =
        state == null
            ? StateFolders.usual(System.getenv()).resolve("demo")
            : state.toAbsolutePath();
    if (unix == null && tcp == null) unix = folder.resolve("nbd.sock");
    if (unix != null) checkSocketPath(unix);
    return DemoChain.in(folder).disks(readOnly, discard == Switch.ON, !nonRotational);
  }

  /** The disks that the options name, their parents found. */
  private List<ServedDisk> disks() throws IOException {
    var finder = parents.finder();
    List<FoundChain> found = new ArrayList<>();
    for (Path leaf : leaves) found.add(finder.find(leaf));
    for (ListedChain chain : chains) found.add(parents.listed(chain));
    Set<String> taken = new HashSet<>();
    List<ServedDisk> disks = new ArrayList<>();
    for (FoundChain chain : found) {
      EncryptedImages.refuse(chain);
      chain.warnings().forEach(this::warn);
      String name =
          disks.size() < names.size() ? names.get(disks.size()) : nameOf(chain.leaf().path());
      checkExportName(name);
      if (!taken.add(name))
        throw wrong("two disks are named '" + name + "'; give them different names with --name");
      disks.add(
          new ServedDisk(
              namesOf(name, disks.isEmpty()),
              chain.chain(),
              readOnly,
              discard == Switch.ON,
              !nonRotational));
    }
    return disks;
  }

  /** The first disk is also what a client gets that asks for no name. */
  private static List<String> namesOf(String name, boolean first) {
    return first && !name.isEmpty() ? List.of(name, "") : List.of(name);
  }

  private void checkExportName(String name) {
    boolean folder = name.equals(".") || name.equals("..");
    String fault = folder ? "is that of a folder" : name.isEmpty() ? null : Names.fault(name);
    if (fault != null)
      throw wrong(
          "a disk cannot be served as '%s': the name %s; give the disk another name with --name"
              .formatted(Names.shown(name), fault));
  }

  static String nameOf(Path image) {
    return image.getFileName().toString().replaceFirst("(?i)\\.vdi$", "");
  }

  private void publish(DiskServer server, List<ServedDisk> disks, ServerLog log)
      throws IOException {
    List<Long> capacities = new ArrayList<>();
    for (ServedDisk disk : disks) force.open(() -> capacities.add(server.serve(disk)));
    if (unix != null) server.listen(unix);
    TcpAddress address = address();
    if (address != null) address = server.listen(address);
    String scraped =
        metrics == null ? null : "http://" + server.listenMetrics(metrics) + "/metrics";
    warnOfStrangers(address);
    List<PublishedDisk> published = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      published.add(
          new PublishedDisk(disks.get(i), capacities.get(i), uris(disks.get(i), address)));
    }
    List<String> addresses = new ArrayList<>();
    if (unix != null) addresses.add(unix.toAbsolutePath().toString());
    if (address != null) addresses.add(address.toString());
    log.started(
        "serves "
            + published.stream().map(PublishedDisk::line).collect(Collectors.joining("; and ")),
        addresses,
        scraped == null ? List.of() : List.of(scraped));
    print(published, scraped);
  }

  private void warnOfStrangers(@Nullable TcpAddress address) {
    if (address != null && !address.isLoopback()) {
      warn(
          "anyone who can connect to "
              + address
              + " can read and write these disks: NBD has no authentication");
    }
  }

  private void print(List<PublishedDisk> published, @Nullable String scraped) {
    PrintWriter out = spec.commandLine().getOut();
    if (output == OutputFormat.JSON) {
      out.println(PublishedDisk.json(published, scraped));
    } else {
      published.forEach(disk -> out.println(disk.text()));
      if (scraped != null) out.println("metrics: " + scraped);
      if (demo) out.print("\n" + DemoChain.suggestions(published));
    }
    out.flush();
  }

  private @Nullable TcpAddress address() {
    if (tcp != null || unix != null) return tcp;
    return new TcpAddress(TcpAddress.LOOPBACK, TcpAddress.NBD_PORT);
  }

  private List<String> uris(ServedDisk disk, @Nullable TcpAddress address) {
    List<String> uris = new ArrayList<>();
    if (unix != null) uris.add(NbdUri.of(unix.toAbsolutePath(), disk.name()));
    if (address != null) uris.add(NbdUri.of(address, disk.name()));
    return uris;
  }

  /** What ends a server. */
  private interface Closing {
    void close() throws IOException;
  }

  private int stop(
      String why,
      ServerLog log,
      Closing server,
      Supplier<NbdStats> stats,
      Supplier<FailureTotals> failed)
      throws IOException {
    log.stopping(why);
    systemd.stopping(why);
    try {
      server.close();
      log.stopped(stats.get(), failed.get(), null);
    } catch (IOException | RuntimeException | Error e) {
      log.stopped(stats.get(), failed.get(), e);
      throw e;
    }
    if (output == OutputFormat.TEXT) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(summary(stats.get()));
      out.flush();
    }
    return 0;
  }

  static String summary(NbdStats stats) {
    return "Stopped. %d requests on %d connections, %d MiB read, %d MiB written; an event loop was busy for at most %d ms."
        .formatted(
            stats.requests(),
            stats.accepted(),
            stats.bytesRead() >> 20,
            stats.bytesWritten() >> 20,
            stats.longestStallNanos() / 1_000_000);
  }

  private void warn(String message) {
    LOG.log(Level.WARNING, message);
  }
}
