package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import dev.varve.io.client.Clients;
import dev.varve.io.loop.DiskLoops;
import dev.varve.io.loop.ServerTotals;
import dev.varve.io.loop.ServingLoop;
import dev.varve.io.loop.SocketFile;
import dev.varve.io.loop.StartedLoops;
import dev.varve.io.loop.VertxLoops;
import dev.varve.io.polling.Polling;
import io.netty.channel.EventLoop;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Serves exports to NBD clients, on any number of Unix and TCP sockets; every socket offers every
 * export.
 *
 * <p>Clients come and choose their disk on the event loops of the {@link Vertx} that is passed in,
 * which stays the caller's; one loop is enough. Make it with {@code
 * setPreferNativeTransport(true)}, so that it uses epoll where there is epoll. Disks are served on
 * loops that the server starts for each file system. Devices stay the caller's too: close one after
 * {@link #withdraw} or {@link #close} has completed. All methods are thread-safe; none blocks,
 * except {@link #listenUnix}, which looks at the file system.
 */
public final class NbdServer {

  /**
   * What the kernel may hold of replies on their way; the default is too small for a batch of 4 KiB
   * reads.
   */
  private static final int SEND_BUFFER = 1 << 20;

  private static final AtomicInteger SHARED_PORTS = new AtomicInteger();

  private final Vertx vertx;
  private volatile NbdLimits limits;
  private final ReplyStyle replies;
  private final LongSupplier nanoTime;
  private final Exports exports;
  private final SharedBuffers buffers;
  private final Polling polling;
  private final ConcurrentHashMap<EventLoop, NbdLoop> front = new ConcurrentHashMap<>();
  private final DiskLoops<NbdLoop> loops;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final AtomicReference<@Nullable Future<Void>> closed = new AtomicReference<>();

  /** A server that listens nowhere yet, with the usual limits. */
  public NbdServer(Vertx vertx, ReplyStyle replies) {
    this(vertx, NbdLimits.DEFAULT, replies, System::nanoTime);
  }

  /**
   * A server that listens nowhere yet.
   *
   * @param nanoTime the clock by which {@link ServerTotals#longestStallNanos} is measured
   */
  public NbdServer(Vertx vertx, NbdLimits limits, ReplyStyle replies, LongSupplier nanoTime) {
    this.vertx = vertx;
    this.limits = limits;
    this.exports = new Exports(limits);
    this.buffers = new SharedBuffers(limits.buffers());
    this.replies = replies;
    this.nanoTime = nanoTime;
    this.polling = new Polling(limits.poll(), nanoTime);
    this.loops =
        new DiskLoops<>(
            new StartedLoops<>(
                vertx, polling, "disk-loop", loop -> new NbdLoop(loop, nanoTime, buffers)),
            limits.loops());
  }

  /**
   * Other numbers of clients, and another time that one may be idle, from now on. Clients that are
   * connected stay, and keep the time that they had. Any thread.
   */
  public void limits(NbdLimits changed) {
    limits = changed;
    exports.admission().limits(changed);
  }

  /**
   * Listens on a Unix socket, without TLS. A socket file without a listener, as a killed server
   * leaves it, is replaced; the file is removed when the server is closed.
   *
   * @return the address, or an {@link IOException} if the path is taken or cannot be made
   */
  public Future<SocketAddress> listenUnix(Path path) {
    try {
      SocketFile.removeStale(path);
    } catch (IOException e) {
      return Future.failedFuture(e);
    }
    return listen(SocketAddress.domainSocketAddress(path.toString()), path, null);
  }

  /**
   * Listens on a TCP port.
   *
   * @param port 0 for one that the system chooses
   * @param tls makes the server's side of TLS for each client, on its event loop; clients that do
   *     not speak TLS are refused then. Null for clients that speak without it
   * @return the address with the actual port, or an {@link IOException} if it is taken
   */
  public Future<SocketAddress> listenTcp(String host, int port, @Nullable Supplier<SSLEngine> tls) {
    SocketAddress address =
        port == 0
            ? SocketAddress.sharedRandomPort(SHARED_PORTS.incrementAndGet(), host)
            : SocketAddress.inetSocketAddress(port, host);
    return listen(address, null, tls);
  }

  private Future<SocketAddress> listen(
      SocketAddress address, @Nullable Path path, @Nullable Supplier<SSLEngine> tls) {
    var listener = new Listener(address, path, tls);
    listeners.add(listener);
    if (closed.get() != null) {
      return Future.failedFuture(new IllegalStateException("the NBD server is closed"));
    }
    return listener.start().onFailure(_ -> listeners.remove(listener));
  }

  /**
   * Lets clients ask for {@code export} from now on. A client that asks for the empty name gets the
   * export of that name or, while there is only one export, that one.
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public void publish(Export export) {
    exports.publish(export);
  }

  /**
   * Takes an export away: no client can ask for it any more, and the connections that use it end as
   * soon as what they have in flight has been answered.
   *
   * @return completes when no connection uses the device any more; at once if there is no such
   *     export
   */
  public Future<Void> withdraw(String name) {
    return exports.withdraw(name);
  }

  /** Its clients; other servers of the same disks share them, so that each has its own number. */
  public Clients clients() {
    return exports.clients();
  }

  /** How its loops wait for work; other servers of the same disks share it. */
  public Polling polling() {
    return polling;
  }

  /** What has happened so far. */
  public NbdStats stats() {
    return new NbdStats(
        ServerTotals.of(
            Stream.concat(front.values().stream(), loops.all().stream()).map(ServingLoop::totals)),
        exports.admission().refused(),
        polling.totals());
  }

  /**
   * Stops listening, answers what is in flight, and ends every connection; one that does not take
   * its replies is cut after {@link NbdLimits#drain}. A second call returns the same future.
   *
   * @return completes when there is no connection left and no device is used any more
   */
  public Future<Void> close() {
    Promise<Void> promise = Promise.promise();
    Future<Void> earlier = closed.compareAndExchange(null, promise.future());
    if (earlier != null) return earlier;
    exports.close();
    // A client that cannot be sent away keeps its own export only.
    List<Future<Void>> ends = new ArrayList<>(listeners.stream().map(Listener::stop).toList());
    ends.add(exports.withdrawAll());
    Future.join(ends)
        .<Void>mapEmpty()
        .eventually(loops::close)
        .onComplete(_ -> exports.admission().end())
        .onComplete(promise);
    return promise.future();
  }

  private void accept(NetSocket socket, @Nullable Supplier<SSLEngine> tls) {
    NbdLoop loop =
        front.computeIfAbsent(
            VertxInside.eventLoop(socket), eventLoop -> new NbdLoop(eventLoop, nanoTime, buffers));
    int descriptor = VertxInside.descriptor(VertxInside.channel(socket));
    Admission.Answer answer = exports.admission().ask(descriptor, loop.now());
    boolean makesRoom =
        answer != Admission.Answer.ADMITTED && exports.doorstep().makesRoom(loop.now());
    if (makesRoom && answer == Admission.Answer.SENT_AWAY) answer = exports.admission().letWait();
    if (answer == Admission.Answer.SENT_AWAY) {
      socket.close();
      return;
    }
    VertxInside.install(
        socket, new NbdConnection(exports, limits, replies, loop, loops, answer, tls));
  }

  /** One address, listened on by all event loops of the caller: connections go to them in turn. */
  private final class Listener {
    private final SocketAddress address;
    private final @Nullable Path path;
    private final @Nullable Supplier<SSLEngine> tls;
    private final List<NetServer> servers = new CopyOnWriteArrayList<>();
    private volatile @Nullable String deployment;

    Listener(SocketAddress address, @Nullable Path path, @Nullable Supplier<SSLEngine> tls) {
      this.address = address;
      this.path = path;
      this.tls = tls;
    }

    Future<SocketAddress> start() {
      var options = new DeploymentOptions().setInstances(VertxLoops.count(vertx));
      return vertx
          .deployVerticle(Acceptor::new, options)
          .map(
              id -> {
                deployment = id;
                return actualAddress();
              });
    }

    private SocketAddress actualAddress() {
      if (path != null) return address;
      return SocketAddress.inetSocketAddress(servers.getFirst().actualPort(), address.host());
    }

    Future<Void> stop() {
      return Future.join(servers.stream().map(s -> s.shutdown(limits.drain())).toList())
          .<Void>mapEmpty()
          .eventually(this::undeploy)
          .eventually(this::removeSocket);
    }

    private Future<Void> undeploy() {
      String id = deployment;
      return id == null ? Future.succeededFuture() : vertx.undeploy(id);
    }

    private Future<Void> removeSocket() {
      try {
        if (path != null) Files.deleteIfExists(path);
        return Future.succeededFuture();
      } catch (IOException e) {
        return Future.failedFuture(e);
      }
    }

    private final class Acceptor extends VerticleBase {
      @Override
      public Future<?> start() {
        NetServer server =
            vertx.createNetServer(
                new NetServerOptions()
                    .setTcpNoDelay(true)
                    .setTcpKeepAlive(true)
                    .setSendBufferSize(SEND_BUFFER));
        servers.add(server);
        return server.connectHandler(socket -> accept(socket, tls)).listen(address);
      }
    }
  }
}
