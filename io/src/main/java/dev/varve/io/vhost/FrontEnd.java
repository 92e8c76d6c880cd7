package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.client.Visit;
import dev.varve.io.loop.DiskLoops;
import dev.varve.io.loop.ServingLoop;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connection to one front-end: takes its messages one after another to the {@link BackEnd},
 * reads none until the one before is carried out, and takes the back-end down when the front-end is
 * gone, in whatever way. Used on the loop of its socket; {@link #sendAway} is for any thread.
 */
final class FrontEnd {

  private static final System.Logger LOG = System.getLogger(FrontEnd.class.getName());

  private static final String CLOSED = "it closed the connection";

  /** Messages in one turn; then others of the loop have theirs. */
  private static final int MESSAGES_PER_TURN = 16;

  private final ServingLoop home;
  private final EventLoop loop;
  private final DescriptorSocket socket;
  private final LoopDescriptor control;
  private final Visit visit;
  private final Consumer<CompletableFuture<Void>> gone;
  private final ControlMessage message = new ControlMessage();
  private final BackEnd backEnd;

  /** A message is being carried out, or the disk is taken away: none is read meanwhile. */
  private boolean busy;

  /** For when it is not busy any more. */
  private @Nullable Runnable afterwards;

  /** The disk is taken away, and nothing uses it. */
  private boolean paused;

  private boolean ended;

  /**
   * Begins to listen to a front-end, on {@code home}, from which it is called.
   *
   * @param socket owned from now on
   * @param visit hears what people should know
   * @param gone hears when the front-end has gone and uses nothing any more; its descriptors are
   *     closed when what it gets completes
   */
  FrontEnd(
      ServingLoop home,
      DescriptorSocket socket,
      Export export,
      DiskLoops<VhostLoop> loops,
      Visit visit,
      Consumer<CompletableFuture<Void>> gone)
      throws IOException {
    this.home = home;
    this.loop = home.executor();
    this.socket = socket;
    this.visit = visit;
    this.gone = gone;
    this.backEnd = new BackEnd(loop, socket, message, export, loops, this::broken);
    this.control = LoopDescriptor.watch(loop, socket.descriptor(), this::readable);
    home.counters().opened();
    visit.uses(export, backEnd::asked, this::sendAway, home.now());
  }

  // ---- Messages

  private void readable() {
    home.beginTurn();
    try {
      for (int left = MESSAGES_PER_TURN; left > 0 && !busy && !ended; left--) {
        switch (message.receive(socket)) {
          case MORE_TO_COME -> {
            return;
          }
          case END -> end(CLOSED);
          case COMPLETE -> handle();
        }
      }
    } catch (ProtocolException | IOException e) {
      fail(e);
    } catch (RuntimeException e) { // a bug must not stop the loop for others
      LOG.log(Level.ERROR, "a message of a front-end could not be carried out", e);
      cut("its message %d could not be carried out".formatted(message.request()));
    } finally {
      home.endTurn();
    }
  }

  private void handle() throws IOException {
    CompletableFuture<Void> done;
    try {
      done = backEnd.carryOut();
    } catch (ProtocolException | IOException e) {
      done = CompletableFuture.failedFuture(e);
    }
    if (done.isDone()) {
      finished(done.isCompletedExceptionally() ? done.exceptionNow() : null);
      return;
    }
    hold();
    done.whenCompleteAsync((_, failure) -> release(failure), loop);
  }

  private void hold() throws IOException {
    busy = true;
    control.listen(false);
  }

  private void release(@Nullable Throwable failure) {
    busy = false;
    try {
      finished(failure);
    } catch (IOException e) {
      fail(e);
    }
    if (!ended) goOn();
  }

  private void goOn() {
    Runnable then = afterwards;
    afterwards = null;
    if (then != null) then.run();
    if (busy || ended) return;
    try {
      control.listen(true);
      readable();
    } catch (IOException e) {
      fail(e);
    }
  }

  /** A message is carried out, or cannot be. */
  private void finished(@Nullable Throwable failure) throws IOException {
    if (ended) {
      tearDown(); // it was put off
      return;
    }
    if (failure != null) {
      fail(failure);
      return;
    }
    try {
      backEnd.acknowledge();
      message.next();
    } catch (ProtocolException e) {
      fail(e);
    }
  }

  // ---- Another disk

  /**
   * Takes the disk away. The front-end stays, and its requests wait for {@link #resume}.
   *
   * @param unused runs when the device of the disk is not used any more, unless the front-end goes
   *     before
   */
  void pause(Runnable unused) {
    assert loop.inEventLoop();
    if (ended) return;
    if (busy) afterwards = () -> pause(unused);
    else beginPause(unused);
  }

  private void beginPause(Runnable unused) {
    try {
      hold();
    } catch (IOException e) {
      fail(e);
      return;
    }
    backEnd
        .rest()
        .whenCompleteAsync(
            (_, _) -> {
              paused = true;
              if (ended) tearDown();
              else unused.run();
            },
            loop);
  }

  /** Serves another disk after a {@link #pause}. A guest that runs hears of the change. */
  void resume(Export next) {
    assert loop.inEventLoop() && paused;
    if (ended) return;
    paused = false;
    backEnd.serve(next).whenCompleteAsync((_, failure) -> resumed(failure), loop);
  }

  private void resumed(@Nullable Throwable failure) {
    if (failure == null && !ended) tellChange();
    busy = false;
    if (ended) tearDown();
    else if (failure != null) fail(failure);
    else goOn();
  }

  private void tellChange() {
    try {
      if (!backEnd.tellChange()) log("does not hear that its disk has changed");
    } catch (PosixException e) {
      log("could not be told that its disk has changed: " + e.getMessage());
    }
  }

  // ---- The end

  /** Whether it has gone, perhaps before all that it has said was heard. */
  boolean isGone() {
    return ended || socket.isAbandoned();
  }

  /** Sends the front-end away for this reason. Any thread. */
  private void sendAway(String reason) {
    loop.execute(() -> end(reason));
  }

  /** Ends the connection because of something that went wrong, here or there. */
  private void fail(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    String words = FailureWords.of(failure);
    switch (cause) {
      case PosixException lost when lost.errno() == Posix.ECONNRESET ->
          end(CLOSED); // unread replies
      case ProtocolException _ -> cut("it broke the protocol: " + words);
      case InternalError _ -> cut("the host cannot get at the memory that it shares");
      case null, default -> cut(words);
    }
  }

  private void cut(String reason) {
    if (!ended) visit.cut(reason);
    end(reason);
  }

  /** Ends the connection when what is in flight is answered. Any reason may be the first. */
  void end(String reason) {
    assert loop.inEventLoop();
    if (ended) return;
    ended = true;
    visit.left(reason);
    if (!busy || paused) tearDown(); // else when the message is carried out
  }

  private void tearDown() {
    backEnd.end().whenCompleteAsync((_, _) -> left(), loop);
  }

  private void left() {
    control.stop();
    home.counters().closed();
    visit.ended(home.now());
    gone.accept(Closing.begin(this::close));
  }

  private void close() throws IOException {
    try (socket;
        var _ = backEnd) {
      message.clear();
    }
  }

  private void broken(String why) {
    visit.log(Level.WARNING, "is not served any more: " + why, home.now());
  }

  private void log(String what) {
    visit.log(Level.INFO, what, home.now());
  }
}
