package dev.varve.http.server;

import dev.varve.core.device.FailureTotals;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Ports;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.Warnings;
import dev.varve.core.limit.AlarmClock;
import dev.varve.core.log.Amount;
import dev.varve.http.access.MediaRoots;
import dev.varve.http.access.Policy;
import dev.varve.http.access.Tokens;
import dev.varve.http.api.ControlServer;
import dev.varve.http.api.HttpRequests;
import dev.varve.http.client.FolderAccess;
import dev.varve.http.event.EventLog;
import dev.varve.http.log.LogLevel;
import dev.varve.http.log.LogLine;
import dev.varve.http.log.ProgramLog;
import dev.varve.http.tls.CertificateWatch;
import dev.varve.http.tls.ServerTls;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.file.FolderClaim;
import dev.varve.io.host.Mounts;
import dev.varve.io.loop.ServerTotals;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.ova.Packages;
import dev.varve.io.running.GuestSockets;
import dev.varve.io.running.MachineDisks;
import dev.varve.io.service.InheritedSocket;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhost.VhostServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The machines and media of a state folder, served: the control plane over HTTP, the disks of
 * running machines over NBD and, where it is asked for, over vhost-user. Owns the threads, event
 * loops, inventory and sockets that this needs.
 *
 * <p>Thread-safe; every method may block.
 */
public final class StateServer implements AutoCloseable {

  /** The disks' socket in the state folder. */
  public static final String NBD_SOCKET = "nbd.sock";

  private static final System.Logger LOG = System.getLogger(StateServer.class.getName());

  /** How often leases and the state folder are checked. */
  private static final long TENDING_MILLIS = 1000;

  /** Changes that are under way or wait for the host, at most; more are refused. */
  private static final int MOST_CHANGES = 512;

  /** What ends each part, the last opened first. */
  private final Deque<Consumer<ServerEnd>> closings = new ArrayDeque<>();

  private final List<Executor> loops = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final NbdAddresses nbdAddresses;
  private final @Nullable ServerTls tls;
  private final @Nullable CertificateWatch certificates;
  private final Path folder;
  private final NbdServer nbd;
  private final VhostServer vhost;
  private final MachineDisks disks;
  private final Inventory inventory;
  private final StateSockets sockets;
  private final StartWarnings startWarnings;

  /**
   * Opens a state folder, and makes it if it is missing. Listens on sockets in it, or elsewhere as
   * long as the folder takes none, and for NBD on TCP if an address is given.
   *
   * @param asked where it listens
   * @param limits what NBD clients may cost
   * @param replies how NBD clients get what they read
   * @throws IOException if the folder cannot be opened, another process has it, or an address is
   *     taken; nothing stays open
   */
  public StateServer(Path folder, ServerSockets asked, NbdLimits limits, ReplyStyle replies)
      throws IOException {
    this(folder, asked, limits, replies, Policy.OPEN);
  }

  /**
   * The same. If the policy has media roots, the calling thread and each that it starts can use no
   * other files afterwards, also when the server is closed.
   */
  public StateServer(
      Path folder, ServerSockets asked, NbdLimits limits, ReplyStyle replies, Policy policy)
      throws IOException {
    var descriptors = Descriptors.ofThisProcess();
    this.folder = folder.toAbsolutePath().normalize();
    this.tls = asked.tls();
    this.nbdAddresses = new NbdAddresses(tls != null);
    policy = confined(policy, asked);
    try {
      claim(this.folder);
      StorageThreads threads = openStorageThreads();
      AlarmClock alarm = openAlarmClock();
      Vertx front = openFront();
      nbd = openNbd(front, descriptors.share(limits), replies);
      vhost = openVhost(front);
      Path folderOfGuests = asked.guests();
      GuestSockets guests = folderOfGuests == null ? null : new GuestSockets(vhost, folderOfGuests);
      ExecutorService jobs = openJobThreads();
      disks = new MachineDisks(nbd, guests, threads, alarm, System::nanoTime, uris(guests));
      inventory = openInventory(this.folder, threads, disks, jobs, policy.media());
      ExecutorService changes = openChangeThreads(); // they end before the inventory is closed
      if (asked.nbdTcp() != null) nbdAddresses.set(listenTcp(asked.nbdTcp()));
      Vertx apiLoop = openApiLoop(asked.api(), tls == null ? 0 : descriptors.handshakes());
      var machines = new MachineMetrics(inventory, disks);
      var http = new HttpRequests();
      var metrics =
          new ServerMetrics(
              nbd::stats,
              vhost::stats,
              threads,
              List.of(
                  new InventoryMetrics(inventory),
                  machines,
                  new DiskMetrics(machines::served),
                  new HttpMetrics(http)));
      var tokens = new Tokens(this.folder, InstantSource.system(), new SecureRandom());
      var api =
          new ControlServer(
              apiLoop,
              inventory,
              changes,
              disks,
              new Packages(threads),
              metrics::text,
              http,
              tokens,
              policy,
              StateServer::log,
              descriptors.apiConnections());
      tellOfFaults(api.events());
      sockets =
          new StateSockets(
              this.folder, nbd, nbdAddresses, api, tokens, inventory.warnings(), asked);
      listen(sockets, api);
      startWarnings = new StartWarnings(inventory);
      tend(inventory, sockets, startWarnings);
      certificates = watchCertificates(inventory);
    } catch (Throwable e) {
      try {
        close();
      } catch (IOException another) {
        e.addSuppressed(another);
      }
      throw e;
    }
  }

  /** The state folder is a media root too: machines are made in it. */
  private Policy confined(Policy policy, ServerSockets asked) throws IOException {
    if (!policy.media().areGiven()) return policy;
    if (!Files.isDirectory(folder))
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    var with =
        new Policy(policy.peers(), policy.media().with(folder), policy.readable(), policy.disks());
    Confinement.enforce(with, asked.nbdUnix(), asked.guests());
    LOG.log(
        Level.INFO,
        "files are used below {0} only",
        with.media().roots().stream().map(Path::toString).collect(Collectors.joining(", ")));
    return with;
  }

  private void claim(Path folder) throws IOException {
    FolderClaim claim;
    try {
      claim = FolderClaim.of(folder);
    } catch (IOException e) {
      throw FolderAccess.explain(folder, e);
    }
    closings.push(end -> end.run(_ -> claim.close()));
  }

  private StorageThreads openStorageThreads() {
    var threads = new StorageThreads(StorageThreads.DEFAULT_COUNT);
    closings.push(end -> end.await(threads));
    return threads;
  }

  private AlarmClock openAlarmClock() {
    var alarm = new AlarmClock(System::nanoTime);
    closings.push(end -> end.run(_ -> alarm.close()));
    return alarm;
  }

  /** The loop on which clients of disks come. */
  private Vertx openFront() {
    Vertx loop = EventLoops.one();
    loops.add(task -> loop.runOnContext(_ -> task.run()));
    closings.push(end -> end.await(loop.close().toCompletionStage(), "an NBD client"));
    return loop;
  }

  private NbdServer openNbd(Vertx loop, NbdLimits limits, ReplyStyle replies) {
    var server = new NbdServer(loop, limits, replies, System::nanoTime);
    closings.push(end -> end.await(server.close().toCompletionStage(), "an NBD client"));
    return server;
  }

  private VhostServer openVhost(Vertx loop) {
    var server = new VhostServer(loop, nbd.polling(), nbd.clients(), System::nanoTime);
    closings.push(end -> end.await(server.close().toCompletionStage(), "a guest"));
    return server;
  }

  /** Gives the URIs of an export by its name. */
  private Function<String, List<String>> uris(@Nullable GuestSockets guests) {
    if (guests == null) return nbdAddresses::uris;
    return export -> {
      List<String> uris = new ArrayList<>(nbdAddresses.uris(export));
      uris.add(DiskUri.ofGuests(guests.of(export)));
      return uris;
    };
  }

  /** Not virtual threads: a system call that hangs keeps their carrier, and there are few. */
  private ExecutorService openJobThreads() {
    ExecutorService jobs =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().name("job-", 1).factory());
    closings.push(end -> end.await(jobs, "a job"));
    return jobs;
  }

  private Inventory openInventory(
      Path folder,
      StorageThreads threads,
      MachineDisks disks,
      ExecutorService jobs,
      MediaRoots media)
      throws IOException {
    var ports =
        new Ports(
            new ChainFiles(threads, media::complaint),
            disks,
            InstantSource.system(),
            UUID::randomUUID,
            jobs,
            StateServer::log);
    Inventory inventory;
    try {
      inventory = Inventory.open(folder, ports);
    } catch (IOException e) {
      throw FolderAccess.explain(folder, e);
    }
    closings.push(end -> end.run(inventory::close));
    // Closing does not wait for these threads: a host that does not answer keeps them.
    inventory.checkMedia(
        look -> Thread.ofPlatform().daemon().name("media check").start(look), Mounts::of);
    return inventory;
  }

  private ExecutorService openChangeThreads() {
    var changes =
        new ThreadPoolExecutor(
            0,
            MOST_CHANGES,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("change-", 1).factory());
    closings.push(end -> end.run(patience -> finish(changes, patience.dividedBy(4))));
    return changes;
  }

  private TcpAddress listenTcp(TcpAddress wanted) throws IOException {
    return StateSockets.taken(
        wanted,
        "--tcp",
        nbd.listenTcp(wanted.host(), wanted.port(), tls == null ? null : tls::engine));
  }

  /** Not the disks' loop: a long list of machines must not delay a read. */
  private Vertx openApiLoop(@Nullable InheritedSocket inherited, int mostHandshakes) {
    Vertx loop = EventLoops.serving(inherited, mostHandshakes);
    loops.add(task -> loop.runOnContext(_ -> task.run()));
    closings.push(end -> end.await(loop.close().toCompletionStage(), "a request"));
    return loop;
  }

  /** Each fault is one line of the log, so each such line is an event. */
  private void tellOfFaults(EventLog events) {
    ProgramLog.Listening listening =
        ProgramLog.listen(
            line -> {
              if (line.level().isWorseThan(LogLevel.INFO)) events.append("fault", json(line));
            });
    closings.push(_ -> listening.close());
  }

  private static JsonObject json(LogLine line) {
    return new JsonObject()
        .put("time", line.time().toString())
        .put("level", line.level().word())
        .put("source", line.source())
        .put("message", line.text());
  }

  private @Nullable CertificateWatch watchCertificates(Inventory inventory) {
    if (tls == null) return null;
    var watch = new CertificateWatch(tls, new CertificateWarnings(inventory.warnings()));
    closings.push(_ -> watch.close());
    watch.start();
    return watch;
  }

  /** Reads the certificates again; what is wrong with them is a warning. */
  public void reloadCertificates() {
    if (certificates != null) certificates.reload();
  }

  /** What TCP ports speak; null for no TLS. */
  public @Nullable ServerTls tls() {
    return tls;
  }

  private void listen(StateSockets sockets, ControlServer api) throws IOException {
    closings.push(end -> end.run(_ -> sockets.leave()));
    closings.push(end -> end.await(api.close().toCompletionStage(), "a request"));
    closings.push(end -> end.run(_ -> sockets.close()));
    sockets.listen();
  }

  /**
   * Looks at leases, the state folder and the sockets once a second. Two threads, each of which may
   * wait for a file system that hangs: a machine's, or the state folder's.
   */
  private void tend(Inventory inventory, StateSockets sockets, StartWarnings startWarnings) {
    ScheduledExecutorService threads =
        Executors.newScheduledThreadPool(
            2, Thread.ofPlatform().daemon().name("tending-", 1).factory());
    closings.push(_ -> threads.shutdownNow());
    everySecond(threads, inventory::endExpired);
    everySecond(
        threads,
        () -> {
          inventory.tend();
          sockets.tend();
          startWarnings.tend();
        });
  }

  /**
   * Answers requests on TCP too, if they show a token; as soon as the folder has one.
   *
   * @param wanted without TLS a loopback address
   * @throws IOException if the address is taken, or one that has to be encrypted; the server goes
   *     on
   */
  public void listenApi(TcpAddress wanted) throws IOException {
    sockets.listenApi(wanted);
  }

  private static void everySecond(ScheduledExecutorService threads, Runnable task) {
    threads.scheduleWithFixedDelay(
        () -> {
          try {
            task.run();
          } catch (RuntimeException bug) {
            log(bug); // and look again
          }
        },
        TENDING_MILLIS,
        TENDING_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  private static void finish(ExecutorService changes, Duration patience) throws IOException {
    changes.shutdown();
    try {
      if (!changes.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS))
        throw new IOException(
            "a request has not ended within %d s, because the host does not answer; the next start finds out whether its change was made"
                .formatted(patience.toSeconds()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void log(Throwable bug) {
    LOG.log(
        Level.ERROR,
        "a request or a job failed because of a bug in Varve; please report it with these lines",
        bug);
  }

  /** Other limits of NBD clients from now on; those that are connected stay. */
  public void limits(NbdLimits wanted) {
    nbd.limits(Descriptors.ofThisProcess().share(wanted));
  }

  /**
   * Shows that the configuration cannot be used, until it can.
   *
   * @param file which
   * @param why null if it can
   */
  public void configuration(String file, @Nullable String why) {
    if (why == null) inventory.warnings().clear(Warnings.Kind.CONFIGURATION, file);
    else
      inventory
          .warnings()
          .raise(
              Warnings.Kind.CONFIGURATION,
              file,
              "the configuration was not taken, and the values before go on to count: " + why);
  }

  /** What is told of machines that should have started with it. */
  public StartWarnings startWarnings() {
    return startWarnings;
  }

  /** The state folder, absolute. */
  public Path folder() {
    return folder;
  }

  /** Where the control plane answers over TCP; null for nowhere. */
  public @Nullable TcpAddress apiAddress() {
    return sockets.apiAddress();
  }

  /** Where NBD clients can connect over TCP; null for nowhere. */
  public @Nullable TcpAddress nbdAddress() {
    return nbdAddresses.tcp();
  }

  /** Where NBD clients can connect, for people. */
  public List<String> nbdAddresses() {
    return nbdAddresses.texts();
  }

  /** Where the control plane answers, for people. */
  public List<String> apiAddresses() {
    List<String> addresses = new ArrayList<>();
    for (Path socket : sockets.apiSockets()) addresses.add(socket.toString());
    TcpAddress tcp = sockets.apiAddress();
    if (tcp != null) addresses.add((tls == null ? "http://" : "https://") + tcp + "/api/v1");
    return addresses;
  }

  /** Failed requests so far, of machines that have stopped. */
  public FailureTotals failed() {
    return disks.failed();
  }

  /** What the state folder holds, in words. */
  public String contents() {
    View view = inventory.view();
    String known =
        "%s and %s"
            .formatted(
                Amount.of(view.machines().size(), "machine"),
                Amount.of(view.media().size(), "image"));
    int bad = view.bad().size();
    return bad == 0 ? known : known + "; " + Amount.of(bad, "machine") + " cannot be read";
  }

  /** What runs tasks on its event loops. */
  public List<Executor> loops() {
    return List.copyOf(loops);
  }

  /** What it does at the moment, in words. */
  public String status() {
    long running =
        inventory.view().machines().values().stream().filter(m -> m.run() != null).count();
    return "%s, %d of them on; %s"
        .formatted(contents(), running, Amount.of(totals().connections(), "client"));
  }

  /** What it has done so far, for all clients. */
  public ServerTotals totals() {
    return nbd.stats().totals().plus(vhost.stats().totals());
  }

  /** Returns once the server is closed. */
  public void awaitClosed() throws InterruptedException {
    closed.await();
  }

  /**
   * Answers the requests in flight, powers down the running machines, makes everything durable and
   * closes it. A second call does nothing. If the host does not answer, what waits for it is given
   * up after about a minute; everything else has ended by then.
   *
   * @throws IOException if something could not be made durable, or did not end; everything else is
   *     closed all the same
   */
  @Override
  public synchronized void close() throws IOException {
    var end = new ServerEnd();
    while (!closings.isEmpty()) closings.pop().accept(end);
    closed.countDown();
    end.finish();
  }
}
