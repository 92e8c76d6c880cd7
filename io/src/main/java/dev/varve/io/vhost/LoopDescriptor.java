package dev.varve.io.vhost;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor of another program on an event loop of ours: runs an action whenever there is
 * something to read. Used on the loop, where {@link #stop} takes effect at once.
 */
final class LoopDescriptor implements EpollIoHandle {

  private static final EpollIoOps SIGNALS = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);

  private final IoEventLoop loop;
  private final FileDescriptor descriptor;
  private final Runnable readable;
  private final EpollIoOps heard;
  private final boolean owned;
  private @Nullable IoRegistration registration;

  private LoopDescriptor(
      EventLoop loop, int descriptor, EpollIoOps heard, boolean owned, Runnable readable) {
    this.loop = (IoEventLoop) loop;
    this.descriptor = new FileDescriptor(descriptor);
    this.heard = heard;
    this.owned = owned;
    this.readable = readable;
  }

  /**
   * Watches a descriptor, which stays the caller's, on the loop, from which it is called.
   *
   * @throws IOException the host can watch no more, or not such a one
   */
  static LoopDescriptor watch(EventLoop loop, int descriptor, Runnable readable)
      throws IOException {
    return watch(new LoopDescriptor(loop, descriptor, EpollIoOps.EPOLLIN, false, readable));
  }

  /**
   * Watches an eventfd, which stays the caller's: {@code signalled} runs after each signal, once
   * for all that have come together. Nothing is read, because the counter may be empty again by
   * then, and says no more than the event did; there is no need to, as a signal is an event
   * whatever the counter is.
   */
  static LoopDescriptor watchEvents(EventLoop loop, int descriptor, Runnable signalled)
      throws IOException {
    return watch(new LoopDescriptor(loop, descriptor, SIGNALS, false, signalled));
  }

  /** The same for an eventfd that is closed when the loop ends. */
  static LoopDescriptor ownEvents(EventLoop loop, int descriptor, Runnable signalled)
      throws IOException {
    var own = new LoopDescriptor(loop, descriptor, SIGNALS, true, signalled);
    try {
      return watch(own);
    } catch (IOException e) {
      own.descriptor.close();
      throw e;
    }
  }

  private static LoopDescriptor watch(LoopDescriptor watched) throws IOException {
    watched.listen(true);
    return watched;
  }

  int descriptor() {
    return descriptor.intValue();
  }

  /**
   * Whether to hear of more. It hears nothing at all otherwise: epoll would report a closed
   * connection again and again.
   */
  void listen(boolean listening) throws IOException {
    assert loop.inEventLoop();
    IoRegistration before = registration;
    if (listening == (before != null)) return;
    if (before != null) {
      stop();
      return;
    }
    var registered = loop.register(this); // on the loop it is done at once
    if (!registered.isSuccess())
      throw new IOException("a descriptor cannot be waited for", registered.cause());
    registration = registered.getNow();
    registration.submit(heard);
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    if (registration != null) readable.run(); // the loop wraps it, so that they cannot be compared
  }

  /** Hears of nothing more. For before the descriptor is closed; a second call does nothing. */
  void stop() {
    assert loop.inEventLoop();
    IoRegistration before = registration;
    registration = null;
    if (before != null) before.cancel();
  }

  @Override
  public void close() throws IOException {
    registration = null; // the loop ends
    if (owned) descriptor.close();
  }
}
