package dev.varve.io.vhost;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Closes what a front-end has sent, on a thread of its own. A descriptor may be of anything: a
 * socket that lingers, or a file of a file system that is a program, makes its last user wait. So
 * does a connection of which messages with such descriptors were not read.
 */
final class Closing {

  /** Closes something. */
  interface Action {
    void run() throws IOException;
  }

  private Closing() {}

  /** Begins it. Completes when it is closed, perhaps never; fails if that was not possible. */
  static CompletableFuture<Void> begin(Action action) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            action.run();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        run -> Thread.ofPlatform().daemon().name("guest-closing").start(run));
  }
}
