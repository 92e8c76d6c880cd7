package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Ports;
import dev.varve.core.limit.AlarmClock;
import dev.varve.http.access.AccessToken;
import dev.varve.http.access.Policy;
import dev.varve.http.access.Rights;
import dev.varve.http.access.Scope;
import dev.varve.http.access.Tokens;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.ova.Packages;
import dev.varve.io.running.MachineDisks;
import dev.varve.io.storage.StorageThreads;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** A control plane over a real inventory, on TCP and on a Unix socket, for tests. */
final class ControlPlane implements AutoCloseable {

  private final Path folder;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final StorageThreads threads = new StorageThreads(2);
  private final AlarmClock alarm = new AlarmClock(System::nanoTime);
  private final NbdServer nbd = new NbdServer(vertx, ReplyStyle.STRUCTURED);
  private final ExecutorService model = Executors.newSingleThreadExecutor();
  private final ExecutorService jobs = Executors.newCachedThreadPool();
  private volatile CountDownLatch mayRun = new CountDownLatch(0);
  private final List<Throwable> bugs = new CopyOnWriteArrayList<>();
  final Inventory inventory;
  private final Tokens tokens;
  private final ControlServer server;
  private final int port;
  private int made;

  ControlPlane(Path folder) throws IOException {
    this(folder, Connections.Limits.usual(256), null);
  }

  /**
   * @param timers null for real ones
   */
  ControlPlane(Path folder, Connections.Limits limits, Connections.@Nullable Timers timers)
      throws IOException {
    this.folder = folder;
    var disks =
        new MachineDisks(
            nbd,
            null,
            threads,
            alarm,
            System::nanoTime,
            export -> List.of("nbd+unix:///" + export));
    inventory =
        Inventory.open(
            folder,
            new Ports(
                new ChainFiles(threads),
                disks,
                InstantSource.system(),
                UUID::randomUUID,
                this::runJob,
                bugs::add));
    tokens = new Tokens(folder, InstantSource.system(), new SecureRandom());
    tokens.setOwner(token(folder));
    var packages = new Packages(threads);
    server =
        new ControlServer(
            vertx,
            inventory,
            model,
            disks,
            packages,
            () -> "up 1\n",
            new HttpRequests(),
            tokens,
            Policy.OPEN,
            bugs::add,
            limits,
            timers == null ? ControlServer.timers(vertx) : timers);
    await(nbd.listenUnix(nbdSocket()));
    SocketAddress address = await(server.listenTcp("127.0.0.1", 0, null));
    port = address.port();
    await(server.listenUnix(socket(), SocketAccess.OWNER));
  }

  private static AccessToken token(Path folder) throws IOException {
    AccessToken there = AccessToken.of(folder);
    return there == null ? AccessToken.make(folder, new SecureRandom()) : there;
  }

  Path socket() {
    return folder.resolve("api.sock");
  }

  Path nbdSocket() {
    return folder.resolve("nbd.sock");
  }

  int port() {
    return port;
  }

  String token() throws IOException {
    return Files.readString(folder.resolve(AccessToken.FILE)).strip();
  }

  /** Failures that the server called its own. */
  List<Throwable> bugs() {
    return bugs;
  }

  RawClient tcp() throws IOException {
    return RawClient.tcp(port);
  }

  RawClient unix() throws IOException {
    return RawClient.unix(socket());
  }

  /** A client that asks by operation, over the Unix socket. */
  Api api() {
    return new Api(vertx, socket(), null);
  }

  /** A client that shows a token. */
  Api api(String token) {
    return new Api(vertx, socket(), token);
  }

  /** Makes a token. */
  String token(Scope scope, String... machines) throws IOException {
    String name = scope.text() + " " + made++;
    return tokens.make(name, Rights.of(scope, List.of(machines)), null).secret();
  }

  Tokens tokens() {
    return tokens;
  }

  /** Keeps the model's thread busy until what is returned is closed. */
  AutoCloseable busyModel() {
    var end = new CountDownLatch(1);
    model.execute(() -> awaitLatch(end));
    return end::countDown;
  }

  private void runJob(Runnable job) {
    CountDownLatch latch = mayRun;
    jobs.execute(
        () -> {
          awaitLatch(latch);
          job.run();
        });
  }

  /** Keeps jobs from beginning until what is returned is closed. */
  AutoCloseable heldJobs() {
    var latch = new CountDownLatch(1);
    mayRun = latch;
    return latch::countDown;
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  @Override
  public void close() throws IOException {
    await(server.close());
    model.close();
    inventory.close();
    jobs.close();
    await(nbd.close());
    await(vertx.close());
    alarm.close();
    threads.close();
  }
}
