package dev.varve.http.server;

import dev.varve.http.log.ProgramLog;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import sun.misc.Signal;

/**
 * Ends the program cleanly after SIGTERM or SIGINT, and after SIGHUP unless that means something
 * else: it closes the server, and the exit status is 0, or 1 if closing failed. Further signals
 * change nothing. Any thread.
 *
 * <p>A program that ends without a signal {@linkplain #close closes} this first, then its server.
 */
public final class CleanStop implements AutoCloseable {

  private static final List<String> ENDS = List.of("TERM", "INT");

  private volatile String why = "the JVM was told to stop";
  private final Thread hook;

  /** Ends the program's work; may block. */
  public interface Stop {
    /**
     * Returns the exit status.
     *
     * @param why what told the program to end, {@code SIGTERM}
     */
    int run(String why) throws IOException;
  }

  /**
   * @param hangups whether SIGHUP ends the program too
   */
  public CleanStop(Stop stop, boolean hangups) {
    // Halts, because the JVM would end with 128 + the signal's number.
    hook = new Thread(() -> Runtime.getRuntime().halt(statusOf(stop)), "clean-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    ENDS.forEach(this::listen);
    if (hangups) listen("HUP");
  }

  /** The JVM runs its hooks without telling which signal it got. One that is ignored stays so. */
  private void listen(String name) {
    try {
      Signal.handle(new Signal(name), this::end);
    } catch (IllegalArgumentException _) {
      // The JVM was started to leave signals alone.
    }
  }

  private void end(Signal signal) {
    why = "SIG" + signal.getName();
    System.exit(128 + signal.getNumber());
  }

  private int statusOf(Stop stop) {
    try {
      return stop.run(why);
    } catch (Throwable _) { // it has said so
      return 1;
    } finally {
      ProgramLog.drain();
    }
  }

  /**
   * Gives signals their usual meaning again. If a signal has come already, this does not return:
   * the program is ending.
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
