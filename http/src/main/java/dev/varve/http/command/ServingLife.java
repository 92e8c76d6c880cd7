package dev.varve.http.command;

import dev.varve.core.device.FailureTotals;
import dev.varve.core.log.Amount;
import dev.varve.http.server.CleanStop;
import dev.varve.http.server.ServerLog;
import dev.varve.http.server.Supervision;
import dev.varve.http.server.TcpAddress;
import dev.varve.http.tls.ServerTls;
import dev.varve.io.loop.ServerTotals;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The life of a server of {@code varve serve}, from its start to the signal that ends it: what the
 * log, systemd and the user hear of it. For the main thread; its end comes in another one.
 */
final class ServingLife {

  private static final System.Logger LOG = System.getLogger(ServingLife.class.getName());

  private final Supervision systemd = Supervision.ofThisProcess();
  private final ServerLog log = new ServerLog(System::nanoTime);
  private final PrintWriter out;
  private final OutputFormat output;
  private final boolean hangups;

  /**
   * @param out where the user reads what is served
   * @param hangups whether SIGHUP ends the server
   */
  ServingLife(PrintWriter out, OutputFormat output, boolean hangups) {
    this.hangups = hangups;
    this.out = out;
    this.output = output;
  }

  /** What ends a server. */
  interface Closing {
    void close() throws IOException;
  }

  /** Ends the program with its server when a signal comes. */
  CleanStop stopping(
      Closing server, Supplier<ServerTotals> totals, Supplier<FailureTotals> failed) {
    return new CleanStop(why -> stop(why, server, totals, failed), hangups);
  }

  private int stop(
      String why, Closing server, Supplier<ServerTotals> totals, Supplier<FailureTotals> failed)
      throws IOException {
    log.stopping(why);
    systemd.stopping(why);
    try {
      server.close();
      log.stopped(totals.get(), failed.get(), null);
    } catch (IOException | RuntimeException | Error e) {
      log.stopped(totals.get(), failed.get(), e);
      throw e;
    }
    if (output == OutputFormat.TEXT) print(summary(totals.get()));
    return 0;
  }

  static String summary(ServerTotals totals) {
    return "Stopped. %s on %s, %s read, %s written; an event loop was busy for at most %d ms."
        .formatted(
            Amount.of(totals.requests(), "request"),
            Amount.of(totals.accepted(), "connection"),
            Amount.bytes(totals.bytesRead()),
            Amount.bytes(totals.bytesWritten()),
            totals.longestStallNanos() / 1_000_000);
  }

  OutputFormat output() {
    return output;
  }

  ServerLog log() {
    return log;
  }

  /** Clients can connect. */
  void ready(List<Executor> loops, Supplier<String> status) {
    systemd.ready(loops, status);
  }

  /** Has a configuration read again, and tells systemd. */
  void reload(Runnable reload) {
    systemd.reloading(System.nanoTime());
    reload.run();
    systemd.reloaded();
  }

  void print(String text) {
    out.println(text);
    out.flush();
  }

  void warn(String message) {
    LOG.log(Level.WARNING, message);
  }

  /** Other hosts may use the disks without showing who they are. */
  void warnOfStrangers(@Nullable TcpAddress address, @Nullable ServerTls tls) {
    if (address == null || address.isLoopback()) return;
    String all = "anyone who can connect to " + address + " can read and write these disks: ";
    if (tls == null) warn(all + "NBD without TLS has no authentication, and no encryption");
    else if (tls.admitsStrangers())
      warn(all + "clients need no certificate; ask for one with --tls-client-ca");
  }
}
