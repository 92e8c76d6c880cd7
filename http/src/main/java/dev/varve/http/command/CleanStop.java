package dev.varve.http.command;

import dev.varve.http.log.ProgramLog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends the program in order when it is told to by SIGTERM, SIGINT or SIGHUP: the server is closed
 * first, and the exit status is 0, or 1 if closing failed. Further signals change nothing.
 *
 * <p>A program that ends by itself {@linkplain #close closes} it before, and closes its server.
 */
final class CleanStop implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(CleanStop.class.getName());

  private final Thread hook;

  /** What is to be done; may block. */
  interface Stop {
    /** Returns the exit status. */
    int run() throws IOException;
  }

  CleanStop(Stop stop) {
    // Halts, because the JVM would end with 128 + the signal's number.
    hook = new Thread(() -> Runtime.getRuntime().halt(statusOf(stop)), "clean-stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private static int statusOf(Stop stop) {
    try {
      return stop.run();
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.ERROR, "not everything could be kept", e);
      return 1;
    } finally {
      ProgramLog.drain();
    }
  }

  /**
   * Gives signals back their usual meaning. Where one has come already, does not return: the
   * program is ending.
   */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      while (true) LockSupport.park(this);
    }
  }
}
