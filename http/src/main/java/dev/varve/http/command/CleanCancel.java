package dev.varve.http.command;

import java.util.concurrent.CountDownLatch;

/**
 * Lets a command undo its work when the user stops it: a signal interrupts the thread that made
 * this object, and the program ends only after this object is closed.
 */
final class CleanCancel implements AutoCloseable {

  private final Thread worker = Thread.currentThread();
  private final CountDownLatch undone = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stop, "clean-cancel");

  CleanCancel() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop() {
    worker.interrupt();
    try {
      undone.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    undone.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The program is ending: the hook has been told.
    }
  }
}
