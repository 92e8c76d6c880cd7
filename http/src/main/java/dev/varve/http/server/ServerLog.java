package dev.varve.http.server;

import dev.varve.core.device.FailureTotals;
import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import dev.varve.io.loop.ServerTotals;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Logs the start and the stop of a server. For one thread. */
public final class ServerLog {

  private static final System.Logger LOG = System.getLogger(ServerLog.class.getName());

  private final LongSupplier nanoClock;
  private final long start;
  private String why = "";

  public ServerLog(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    start = nanoClock.getAsLong();
  }

  /**
   * The server listens.
   *
   * @param serving what it serves
   * @param nbd where NBD clients can connect; may be none
   * @param http where the control plane answers; may be none
   */
  public void started(String serving, List<String> nbd, List<String> http) {
    LOG.log(
        Level.INFO,
        "varve %s has started as process %d on JDK %s: %s%s%s"
            .formatted(
                version(),
                ProcessHandle.current().pid(),
                Runtime.version(),
                serving,
                places("NBD", nbd),
                places("HTTP", http)));
  }

  private static String places(String protocol, List<String> addresses) {
    if (addresses.isEmpty()) return "";
    return "; %s at %s".formatted(protocol, String.join(" and ", addresses));
  }

  private static String version() {
    return Objects.requireNonNullElse(
        ServerLog.class.getPackage().getImplementationVersion(), "(not packaged)");
  }

  /** It begins to stop, which may take a while. */
  public void stopping(String why) {
    this.why = why;
    LOG.log(Level.INFO, "stopping: {0}", why);
  }

  /**
   * It has stopped.
   *
   * @param failed the requests that failed while it ran
   * @param failure what could not be saved; null for nothing
   */
  public void stopped(ServerTotals totals, FailureTotals failed, @Nullable Throwable failure) {
    String text =
        "stopped after %s (%s): %s, %s, %s read, %s written"
            .formatted(
                Amount.time(Duration.ofNanos(nanoClock.getAsLong() - start)),
                why,
                Amount.of(totals.accepted(), "connection"),
                Amount.of(totals.requests(), "request"),
                Amount.bytes(totals.bytesRead()),
                Amount.bytes(totals.bytesWritten()));
    if (!failed.text().isEmpty()) text += "; the host could not carry out: " + failed.text();
    if (failure == null) LOG.log(Level.INFO, text);
    else if (failure instanceof IOException)
      LOG.log(Level.ERROR, text + "; not saved: " + reasons(failure));
    else LOG.log(Level.ERROR, text + "; some data may be lost", failure);
  }

  private static String reasons(Throwable failure) {
    return Stream.concat(Stream.of(failure), Stream.of(failure.getSuppressed()))
        .map(FailureWords::of)
        .distinct()
        .collect(Collectors.joining("; "));
  }
}
