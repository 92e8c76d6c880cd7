package dev.varve.http.server;

import dev.varve.core.device.FailureWords;
import dev.varve.io.service.NoticeSocket;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What systemd hears of a server that it has started: that it is ready, what it does, that it is
 * alive, and that it stops. Says nothing where no supervisor listens.
 *
 * <p>Thread-safe; no method waits for systemd.
 */
public final class Supervision implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Supervision.class.getName());

  /** How often systemd hears what the server does, if there is no watchdog. */
  private static final Duration USUAL_PERIOD = Duration.ofSeconds(10);

  private final @Nullable NoticeSocket socket;
  private final @Nullable Duration watchdog;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("supervision").factory());
  private String said = "";

  private Supervision(@Nullable NoticeSocket socket, @Nullable Duration watchdog) {
    this.socket = socket;
    this.watchdog = watchdog;
  }

  /** The supervisor that the environment of this process names. */
  public static Supervision ofThisProcess() {
    return of(System.getenv(), ProcessHandle.current().pid());
  }

  /**
   * @param process the number of this process: what is meant for another one is not for it
   */
  static Supervision of(Map<String, String> environment, long process) {
    return new Supervision(NoticeSocket.of(environment), watchdog(environment, process));
  }

  private static @Nullable Duration watchdog(Map<String, String> environment, long process) {
    String owner = environment.getOrDefault("WATCHDOG_PID", Long.toString(process));
    if (!owner.equals(Long.toString(process))) return null;
    try {
      long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
      return micros <= 0 ? null : Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(micros));
    } catch (NumberFormatException _) {
      return null;
    }
  }

  /**
   * Clients can connect. From now on systemd hears what the server does, and that it is alive as
   * long as its event loops are.
   *
   * @param loops run tasks on the server's event loops
   * @param status what it does, in words
   */
  public void ready(List<Executor> loops, Supplier<String> status) {
    if (socket == null) return;
    send("READY=1\n" + news(status));
    Duration period = watchdog == null ? USUAL_PERIOD : watchdog.dividedBy(4);
    var heartbeat = new Heartbeat(loops, period);
    long nanos = period.toNanos();
    thread.scheduleWithFixedDelay(
        () -> tell(heartbeat, status), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void tell(Heartbeat heartbeat, Supplier<String> status) {
    try {
      String news = news(status);
      if (watchdog != null && heartbeat.isThere()) news += "WATCHDOG=1\n";
      if (!news.isEmpty()) send(news);
    } catch (RuntimeException bug) {
      LOG.log(Level.ERROR, "systemd does not hear how the server is, because of a bug", bug);
    }
  }

  private String news(Supplier<String> status) {
    String now = status.get().replace('\n', ' ');
    if (now.equals(said)) return "";
    said = now;
    return "STATUS=" + now + "\n";
  }

  /**
   * The server reads its configuration again.
   *
   * @param nanoTime of the clock of {@link System#nanoTime}
   */
  public void reloading(long nanoTime) {
    send("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(nanoTime) + "\n");
  }

  /** It has done so. */
  public void reloaded() {
    send("READY=1\n");
  }

  /**
   * The server stops, or fails to start.
   *
   * @param why in words
   */
  public void stopping(String why) {
    if (socket == null) return;
    thread.shutdownNow();
    send("STOPPING=1\nSTATUS=stopping: " + why.replace('\n', ' ') + "\n");
  }

  private void send(String message) {
    try {
      if (socket != null) socket.send(message);
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(Level.WARNING, "systemd does not hear of this server: {0}", FailureWords.of(e));
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
