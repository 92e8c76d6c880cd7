package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One disk on one socket, for the front-ends of virtual machines (vhost-user-blk): at most one at a
 * time, one after another.
 *
 * <p>Thread-safe; {@link #listen} looks at the file system, nothing else blocks. The export and its
 * device stay the caller's: close the device after {@link #close} has completed.
 */
public final class VhostServer {

  private static final System.Logger LOG = System.getLogger(VhostServer.class.getName());

  private static final int BACKLOG = 4;

  private final EventLoop loop;
  private final FrontEnd.QueueLoops queueLoops;
  private final Export export;
  private final Path path;
  private final DescriptorSocket socket;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private @Nullable LoopDescriptor listening;
  private @Nullable FrontEnd frontEnd;
  private @Nullable DescriptorSocket waiting;
  private boolean closing;

  private VhostServer(
      EventLoop loop,
      FrontEnd.QueueLoops queueLoops,
      Export export,
      Path path,
      DescriptorSocket socket) {
    this.loop = loop;
    this.queueLoops = queueLoops;
    this.export = export;
    this.path = path;
    this.socket = socket;
  }

  /**
   * Listens on a Unix socket for front-ends of {@code export}.
   *
   * @param loop an epoll loop; what blocks never runs on it
   */
  static VhostServer listen(
      EventLoop loop, FrontEnd.QueueLoops queueLoops, Export export, Path path) throws IOException {
    DescriptorSocket socket = DescriptorSocket.listen(path, BACKLOG);
    var server = new VhostServer(loop, queueLoops, export, path, socket);
    loop.execute(server::start);
    return server;
  }

  private void start() {
    try {
      listening = LoopDescriptor.watch(loop, socket.descriptor(), this::accept);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "%s: %s".formatted(path, FailureWords.of(e)));
    }
  }

  private void accept() {
    try {
      DescriptorSocket client = socket.accept();
      if (frontEnd == null) begin(client);
      else replace(frontEnd, client);
    } catch (PosixException e) {
      if (e.errno() != Posix.EAGAIN) log(FailureWords.of(e));
    }
  }

  /** The one before may be gone already, and only not be heard of yet. */
  private void replace(FrontEnd before, DescriptorSocket client) throws PosixException {
    if (before.isGone() && waiting == null) {
      waiting = client;
      return;
    }
    log("it has a front-end already, and another one is refused");
    client.close();
  }

  private void begin(DescriptorSocket client) {
    try {
      log("a front-end connected");
      frontEnd =
          new FrontEnd(
              loop, client, export, FrontEnd.MOST_QUEUES, queueLoops, this::log, this::gone);
    } catch (IOException e) {
      log(FailureWords.of(e));
    }
  }

  private void gone() {
    frontEnd = null;
    DescriptorSocket next = waiting;
    waiting = null;
    if (closing) {
      closed.complete(null);
    } else if (next != null) {
      begin(next);
    }
  }

  private void log(String what) {
    LOG.log(Level.INFO, "disk '%s' on %s: %s".formatted(export.name(), path, what));
  }

  /** The disk has become another one: larger, ejected, mounted. A guest that runs hears of it. */
  public void changed() {
    loop.execute(
        () -> {
          if (frontEnd != null) frontEnd.changed();
        });
  }

  /**
   * Stops listening, answers what is in flight and sends the front-end away. A second call returns
   * the same stage.
   *
   * @return completes when the device is not used any more
   */
  public CompletionStage<Void> close() {
    loop.execute(this::stop);
    return closed;
  }

  private void stop() {
    if (closing) return;
    closing = true;
    try {
      if (listening != null) listening.stop();
      Files.deleteIfExists(path);
      socket.close();
      if (waiting != null) waiting.close();
    } catch (IOException e) {
      log(FailureWords.of(e));
    }
    if (frontEnd == null) closed.complete(null);
    else frontEnd.end("the disk is not served any more");
  }
}
