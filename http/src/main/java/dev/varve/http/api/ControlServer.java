package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.http.access.MediaRoots;
import dev.varve.http.access.NewDisks;
import dev.varve.http.access.Policy;
import dev.varve.http.access.Tokens;
import dev.varve.http.event.EventLog;
import dev.varve.http.page.WebPage;
import dev.varve.http.tls.SecureHttp;
import dev.varve.http.tls.ServerTls;
import dev.varve.io.ova.Packages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP control plane of an inventory, on a Unix socket and on TCP, which other hosts can reach
 * with TLS only.
 *
 * <p>Thread-safe. No method blocks, except {@link #listenUnix}, which looks at the file system.
 * Everything that is passed in stays the caller's: close the inventory after {@link #close} has
 * completed.
 */
public final class ControlServer {

  /** Of a request's first line, and of its headers together. */
  static final int MAX_HEADERS = 16 * 1024;

  private static final long DRAIN_SECONDS = 5;

  /** Requests that look at files and running disks, at most; more are refused. */
  private static final int MOST_LOOKS = 256;

  /** What the log of events keeps for clients that come back. */
  private static final int MOST_EVENTS = 10_000;

  private static final long MOST_CHARACTERS = 4 << 20;

  private final Vertx vertx;

  /** Apart from the threads of changes: while those wait for the host, lists still work. */
  private final ExecutorService looks =
      new ThreadPoolExecutor(
          0,
          MOST_LOOKS,
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("look-", 1).factory());

  private final Connections.Limits limits;
  private final Connections.Timers timers;
  private final ApiDocument document = ApiDocument.load();
  private final WebPage page = new WebPage();
  private final Handlers handlers;
  private final String run = Long.toString(System.currentTimeMillis(), 36);
  private final EventLog log = new EventLog(run, MOST_EVENTS, MOST_CHARACTERS);
  private final RepeatedRequests repeated =
      new RepeatedRequests(RepeatedRequests.Limits.USUAL, System::nanoTime);
  private final RequestId.Names names = new RequestId.Names(run);
  private final Events events;
  private final Consumer<Throwable> bugs;
  private final Strangers strangers = new Strangers(System::nanoTime);
  private final HttpRequests requests;
  private final Tokens tokens;
  private final Policy policy;
  private final List<HttpServer> servers = new CopyOnWriteArrayList<>();
  private final List<Path> sockets = new CopyOnWriteArrayList<>();

  /**
   * A server that listens nowhere yet.
   *
   * @param vertx whose event loops serve the connections; preferably not the loops of the disks
   * @param changes threads that call the inventory, beside each other; may refuse when too many
   *     wait
   * @param disks those of running machines
   * @param packages where machines are imported from and exported to
   * @param metrics what Prometheus is told, in its text format; called by any thread
   * @param requests counts the requests that are answered
   * @param tokens those that are accepted; the owner's may come later
   * @param policy what users of the socket may do, and where files may be
   * @param bugs hears, on any thread, of failures that are Varve's own
   * @param connections how many connections each listener takes; more are closed
   */
  public ControlServer(
      Vertx vertx,
      Inventory inventory,
      Executor changes,
      ServedDisks disks,
      Packages packages,
      Supplier<String> metrics,
      HttpRequests requests,
      Tokens tokens,
      Policy policy,
      Consumer<Throwable> bugs,
      int connections) {
    this(
        vertx,
        inventory,
        changes,
        disks,
        packages,
        metrics,
        requests,
        tokens,
        policy,
        bugs,
        Connections.Limits.usual(connections),
        timers(vertx));
  }

  static Connections.Timers timers(Vertx vertx) {
    return (millis, action) -> {
      long timer = vertx.setTimer(millis, _ -> action.run());
      return () -> vertx.cancelTimer(timer);
    };
  }

  ControlServer(
      Vertx vertx,
      Inventory inventory,
      Executor changes,
      ServedDisks disks,
      Packages packages,
      Supplier<String> metrics,
      HttpRequests requests,
      Tokens tokens,
      Policy policy,
      Consumer<Throwable> bugs,
      Connections.Limits limits,
      Connections.Timers timers) {
    this.vertx = vertx;
    this.timers = timers;
    this.requests = requests;
    this.bugs = bugs;
    this.limits = limits;
    handlers =
        new Handlers(
            changes,
            looks,
            inventory::comesTurn,
            call -> {
              checkLocations(call, policy.media());
              MachineHandlers.look(call, inventory);
            },
            new MachineBounds(inventory, disks)::within);
    this.tokens = tokens;
    this.policy = policy;
    events =
        new Events(
            vertx,
            log,
            machine -> Lookup.machine(inventory.view(), machine).saved().id().toString(),
            new Changes(vertx, inventory, log)::look);
    events.addTo(handlers);
    disks.watch(new DiskEvents(log, System::nanoTime));
    tokens.onWithdrawal(events::recheck);
    new TokenHandlers(tokens, inventory).addTo(handlers);
    BiConsumer<Inventory, Handlers> operations =
        (of, to) -> addOperations(of, disks, policy.disks(), to);
    operations.accept(inventory, handlers);
    handlers.rehearseWith(new Rehearsals(inventory, operations)::answer);
    new PackageHandlers(inventory, packages).addTo(handlers);
    new MediumContentHandlers(inventory).addTo(handlers);
    new ImageHandlers(inventory).addTo(handlers);
    new JobHandlers(vertx, inventory).addTo(handlers);
    new HostHandlers().addTo(handlers);
    new DiskHandlers(inventory, disks).addTo(handlers);
    new HealthHandlers(
            vertx, changes, inventory::comesTurn, document, inventory.warnings(), metrics)
        .addTo(handlers);
  }

  /** What looks at and changes the machines and media of an inventory. */
  private static void addOperations(
      Inventory inventory, ServedDisks disks, NewDisks newDisks, Handlers handlers) {
    var attachments = new AttachmentJson(inventory, disks::status);
    var sessions = new SessionHandlers(inventory);
    sessions.addTo(handlers);
    new MachineHandlers(inventory, disks, sessions, attachments).addTo(handlers);
    new ControllerHandlers(inventory, sessions).addTo(handlers);
    new AttachmentHandlers(inventory, sessions, attachments, newDisks).addTo(handlers);
    new BandwidthGroupHandlers(inventory, sessions, disks::traffic).addTo(handlers);
    new SnapshotHandlers(inventory, sessions).addTo(handlers);
    new MediumHandlers(inventory, newDisks).addTo(handlers);
  }

  /** What is named elsewhere, in files, meets the same bounds in the kernel. */
  private static void checkLocations(Call call, MediaRoots roots) {
    Operation.Body body = call.operation().body();
    if (body == null) return;
    for (String member : body.locations()) {
      String complaint = call.has(member) ? roots.complaint(call.pathMember(member)) : null;
      if (complaint != null) throw RefusedRequest.forbidden(complaint);
    }
  }

  /** What clients hear that watch. */
  public EventLog events() {
    return log;
  }

  /**
   * Listens on a TCP port; requests need a token.
   *
   * @param host a name or an address; one that others can reach is refused without TLS
   * @param port 0 for one that the system chooses
   * @param tls what is spoken there; null for none
   * @return the address with the actual port, or an {@link IOException} if it is taken
   */
  public Future<SocketAddress> listenTcp(String host, int port, @Nullable ServerTls tls) {
    try {
      if (tls == null && !InetAddress.getByName(host).isLoopbackAddress())
        throw new IOException(
            "%s is not a loopback address, and without TLS the API is for this machine only: listen on 127.0.0.1, or give the server a certificate with --tls-certificate and --tls-key"
                .formatted(host));
    } catch (IOException e) {
      return Future.failedFuture(e);
    }
    return listen(
            SocketAddress.inetSocketAddress(port, host),
            new AccessCheck.Tcp(tokens, tls != null),
            tls)
        .map(server -> SocketAddress.inetSocketAddress(server.actualPort(), host));
  }

  /**
   * Listens on a Unix socket. An existing socket is replaced: the caller has locked the folder, so
   * no other process listens on it. The file is removed when the server is closed.
   *
   * @param access the users that can connect
   */
  public Future<Void> listenUnix(Path socket, SocketAccess access) {
    return PrivateSocket.listen(socket, access, this::listenOn).onSuccess(_ -> sockets.add(socket));
  }

  /**
   * Listens on the Unix socket that this process was started with, which its Vert.x takes for the
   * first one. Its file stays when the server is closed.
   */
  public Future<Void> listenInherited(Path socket) {
    return listenOn(socket).mapEmpty();
  }

  private Future<HttpServer> listenOn(Path socket) {
    return listen(
        SocketAddress.domainSocketAddress(socket.toString()),
        new AccessCheck.Unix(tokens, policy.peers()),
        null);
  }

  private Future<HttpServer> listen(
      SocketAddress address, AccessCheck access, @Nullable ServerTls tls) {
    var connections = new Connections(timers, limits);
    var routes =
        new Routes(
            vertx,
            names,
            repeated,
            document,
            page,
            handlers,
            access,
            connections,
            strangers,
            requests,
            bugs);
    HttpServer server =
        SecureHttp.server(
                vertx,
                new HttpServerOptions()
                    .setMaxHeaderSize(MAX_HEADERS)
                    .setMaxInitialLineLength(MAX_HEADERS)
                    .setHttp2ClearTextEnabled(false)
                    .setTcpNoDelay(true),
                tls)
            .connectionHandler(connections::opened)
            .invalidRequestHandler(routes::refuseMalformed)
            .requestHandler(routes.entrance());
    servers.add(server);
    return server.listen(address);
  }

  /**
   * Stops listening, answers what has been asked, and ends every connection after a few seconds at
   * most. A second call does nothing more.
   */
  public Future<Void> close() {
    events.close();
    strangers.end();
    return Future.join(
            servers.stream().map(s -> s.shutdown(DRAIN_SECONDS, TimeUnit.SECONDS)).toList())
        .<Void>mapEmpty()
        .eventually(() -> Future.join(sockets.stream().map(PrivateSocket::remove).toList()))
        .onComplete(_ -> looks.shutdown());
  }
}
