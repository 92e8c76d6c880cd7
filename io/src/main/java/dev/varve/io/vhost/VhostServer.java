package dev.varve.io.vhost;

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
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoHandle;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Serves disks to virtual machines whose memory it maps (vhost-user-blk), each disk on a Unix
 * socket of its own.
 *
 * <p>Front-ends are heard on an event loop of the {@link Vertx} that is passed in, which stays the
 * caller's; it has to use epoll. Each queue is served on a loop that the server starts for the file
 * system of its disk. Devices stay the caller's too: close one after {@link #withdraw}, {@link
 * #remove} or {@link #close} has completed. All methods are thread-safe; none blocks, except {@link
 * #publish}, which looks at the file system.
 */
public final class VhostServer {

  private final Vertx vertx;
  private final Clients clients;
  private final LongSupplier nanoTime;
  private final Map<EventLoop, ServingLoop> front = new ConcurrentHashMap<>();
  private final DiskLoops<VhostLoop> loops;
  private final Map<Path, VhostSocket> sockets = new HashMap<>();
  private @Nullable Future<Void> closed;

  /**
   * A server that listens nowhere yet.
   *
   * @param polling how the loops of its queues wait for work
   * @param clients among which its front-ends are
   */
  public VhostServer(Vertx vertx, Polling polling, Clients clients, LongSupplier nanoTime) {
    this(vertx, polling, clients, nanoTime, DiskLoops.MOST);
  }

  /**
   * @param mostLoops how many each file system gets
   */
  VhostServer(Vertx vertx, Polling polling, Clients clients, LongSupplier nanoTime, int mostLoops) {
    this.vertx = vertx;
    this.clients = clients;
    this.nanoTime = nanoTime;
    this.loops =
        new DiskLoops<>(
            new StartedLoops<>(vertx, polling, "guest-loop", loop -> new VhostLoop(loop, nanoTime)),
            mostLoops);
  }

  /**
   * Serves a disk on a socket. A front-end that has waited there since {@link #withdraw} gets the
   * disk, and its guest hears that it has changed. A socket file without a listener, as a killed
   * server leaves it, is replaced.
   *
   * @throws IOException the path is taken or cannot be made, or the system has no epoll
   */
  public synchronized void publish(Path path, Export export) throws IOException {
    if (closed != null) throw new IOException("the server stops");
    VhostSocket socket = sockets.get(path);
    if (socket == null) {
      socket = listen(path);
      sockets.put(path, socket);
    }
    socket.serve(export);
  }

  private VhostSocket listen(Path path) throws IOException {
    EventLoop loop = VertxLoops.next(vertx);
    if (!(loop instanceof IoEventLoop io && io.isCompatible(EpollIoHandle.class)))
      throw new IOException(
          path + ": vhost-user needs Linux and Netty's native transport, which is not there");
    SocketFile.removeStale(path);
    ServingLoop home = front.computeIfAbsent(loop, each -> new ServingLoop(each, nanoTime));
    return new VhostSocket(home, loops, clients, path, VhostSocket.listen(path));
  }

  /**
   * Takes the disk of a socket away. Its front-end stays connected, and the guest's requests wait
   * for the next {@link #publish}.
   *
   * @return completes when the device is not used any more; at once if there is no such socket
   */
  public synchronized Future<Void> withdraw(Path path) {
    VhostSocket socket = sockets.get(path);
    return socket == null ? Future.succeededFuture() : socket.withdraw();
  }

  /**
   * Closes a socket and removes its file; its front-end is sent away.
   *
   * @return completes when the device is not used any more; at once if there is no such socket
   */
  public synchronized Future<Void> remove(Path path) {
    VhostSocket socket = sockets.remove(path);
    return socket == null
        ? Future.succeededFuture()
        : socket.close("its disk is not served any more");
  }

  /** What has happened so far. Takes no lock. */
  public VhostStats stats() {
    return new VhostStats(
        ServerTotals.of(
            Stream.concat(front.values().stream(), loops.all().stream()).map(ServingLoop::totals)),
        loops.all().stream().mapToLong(loop -> loop.kicks().get()).sum(),
        loops.all().stream().mapToLong(loop -> loop.calls().get()).sum());
  }

  /** Removes all sockets. A second call returns the same future. */
  public synchronized Future<Void> close() {
    if (closed != null) return closed;
    List<Future<Void>> ends =
        sockets.values().stream().map(socket -> socket.close("the server stops")).toList();
    closed = Future.join(ends).<Void>mapEmpty().eventually(loops::close);
    return closed;
  }
}
