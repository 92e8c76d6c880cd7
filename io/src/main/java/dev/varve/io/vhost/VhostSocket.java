package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.client.Clients;
import dev.varve.io.client.PeerProcess;
import dev.varve.io.client.Transport;
import dev.varve.io.client.Visit;
import dev.varve.io.loop.DiskLoops;
import dev.varve.io.loop.ServingLoop;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.PeerCredentials;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A socket through which front-ends use one disk: at most one front-end at a time, one after
 * another. While the disk is taken away, a front-end that is there waits for the next one.
 *
 * <p>Thread-safe: everything happens on the loop of the socket.
 */
final class VhostSocket {

  private static final System.Logger LOG = System.getLogger(VhostSocket.class.getName());

  private static final int BACKLOG = 4;
  private static final long REST_MILLIS = 1000;

  private final ServingLoop home;
  private final EventLoop loop;
  private final DiskLoops<VhostLoop> queueLoops;
  private final Clients clients;
  private final Path path;
  private final DescriptorSocket socket;
  private final Promise<Void> closed = Promise.promise();
  private @Nullable LoopDescriptor listening;
  private @Nullable FrontEnd frontEnd;
  private @Nullable DescriptorSocket waiting;

  /** The disk; null while there is none. */
  private @Nullable Export export;

  /** Completes when the disk that is taken away is not used any more. */
  private @Nullable Promise<Void> unused;

  /** Descriptors of the front-end before are still being closed, and no other is let in. */
  private boolean leaving;

  private boolean closing;

  /**
   * @param home an epoll loop on which nothing blocks
   * @param clients among which its front-ends are
   * @param socket listens; owned from now on
   */
  VhostSocket(
      ServingLoop home,
      DiskLoops<VhostLoop> queueLoops,
      Clients clients,
      Path path,
      DescriptorSocket socket) {
    this.home = home;
    this.loop = home.executor();
    this.clients = clients;
    this.queueLoops = queueLoops;
    this.path = path;
    this.socket = socket;
  }

  /**
   * Listens on a Unix socket, whose file must not exist. No front-end is let in before {@link
   * #serve}.
   */
  static DescriptorSocket listen(Path path) throws PosixException {
    return DescriptorSocket.listen(path, BACKLOG);
  }

  // ---- The disk

  /** Serves a disk from now on. For when there is none. */
  void serve(Export next) {
    loop.execute(
        () -> {
          export = next;
          if (unused == null) begin(next);
        });
  }

  private void begin(Export next) {
    if (closing) return;
    accept(true);
    if (frontEnd != null) frontEnd.resume(next);
    else if (waiting != null) admit(next);
  }

  /** Takes the disk away. Completes when its device is not used any more. */
  Future<Void> withdraw() {
    Promise<Void> promise = Promise.promise();
    loop.execute(
        () -> {
          export = null;
          accept(false);
          if (frontEnd == null) {
            promise.complete();
            return;
          }
          unused = promise;
          frontEnd.pause(this::unused);
        });
    return promise.future();
  }

  private void unused() {
    Promise<Void> promise = unused;
    unused = null;
    if (promise != null) promise.complete();
    if (export != null) begin(export);
  }

  // ---- Front-ends

  private void accept(boolean accepting) {
    try {
      if (listening == null && accepting)
        listening = LoopDescriptor.watch(loop, socket.descriptor(), this::accept);
      else if (listening != null) listening.listen(accepting);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "%s: %s".formatted(path, FailureWords.of(e)));
    }
  }

  private void accept() {
    try {
      DescriptorSocket connection = socket.accept();
      boolean another = waiting != null && !waiting.isAbandoned();
      boolean refused = another || frontEnd != null && !frontEnd.isGone();
      if (refused) {
        log("it has a front-end already, and another one is refused");
        refuse(connection);
        return;
      }
      if (waiting != null) refuse(waiting);
      waiting = connection;
      if (frontEnd == null && export != null) admit(export);
    } catch (PosixException e) {
      if (e.errno() == Posix.EAGAIN) return;
      log(FailureWords.of(e));
      rest();
    }
  }

  /** The host has no descriptor for it: tried again at once, it would keep the loop busy. */
  private void rest() {
    accept(false);
    loop.schedule(this::acceptAgain, REST_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void acceptAgain() {
    accept(export != null && !closing);
  }

  /** No other comes meanwhile: each takes a thread. */
  private void refuse(DescriptorSocket connection) {
    accept(false);
    Closing.begin(connection::close).whenCompleteAsync((_, _) -> acceptAgain(), loop);
  }

  private void admit(Export served) {
    DescriptorSocket connection = waiting;
    if (connection == null || leaving) return;
    waiting = null;
    try {
      Visit visit = clients.arrived(Transport.VHOST_USER, peer(connection), home.now());
      frontEnd = new FrontEnd(home, connection, served, queueLoops, visit, this::gone);
    } catch (IOException e) {
      log(FailureWords.of(e));
      refuse(connection);
    }
  }

  private static String peer(DescriptorSocket connection) {
    try {
      var peer = PeerCredentials.of(connection.descriptor());
      return PeerProcess.words(peer.process(), peer.user());
    } catch (PosixException e) {
      return "a local process";
    }
  }

  private void gone(CompletableFuture<Void> descriptorsClosed) {
    frontEnd = null;
    leaving = true;
    descriptorsClosed.whenCompleteAsync((_, failure) -> left(failure), loop);
    if (closing) closed.tryComplete();
    if (unused != null) unused();
  }

  private void left(@Nullable Throwable failure) {
    leaving = false;
    if (failure != null) log(FailureWords.of(failure));
    if (export != null && !closing) admit(export);
  }

  private void log(String what) {
    LOG.log(Level.INFO, "disk at %s: %s".formatted(path, what));
  }

  // ---- The end

  /**
   * Stops listening, answers what is in flight and sends the front-end away. A second call returns
   * the same future.
   *
   * @param why its front-end goes, for people
   * @return completes when no device is used any more
   */
  Future<Void> close(String why) {
    loop.execute(() -> stop(why));
    return closed.future();
  }

  private void stop(String why) {
    if (closing) return;
    closing = true;
    try {
      if (listening != null) listening.stop();
      Files.deleteIfExists(path);
      socket.close();
      if (waiting != null) refuse(waiting);
    } catch (IOException e) {
      log(FailureWords.of(e));
    }
    if (frontEnd == null) closed.tryComplete();
    else frontEnd.end(why);
  }
}
