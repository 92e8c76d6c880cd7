package dev.varve.http.command;

import dev.varve.http.server.Descriptors;
import dev.varve.io.nbd.NbdLimits;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options for what NBD clients may cost: how many there are, and what is done for them. */
final class ClientOptions {

  /** Longer than the host needs to wake a thread, there is nothing to gain. */
  private static final int MOST_POLL_MICROS = 1000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description =
          "Refuse NBD clients while N are connected (as many as the limit of open files has room for).")
  private @Nullable Integer connections;

  @Option(
      names = "--idle-timeout",
      paramLabel = "DURATION",
      converter = TimeSpan.Converter.class,
      description =
          "Disconnect an NBD client that has sent no request for this time, such as 90s, 10m or 2h (never).")
  private @Nullable Duration idle;

  @Option(
      names = "--poll-us",
      paramLabel = "MICROSECONDS",
      defaultValue = "60",
      description =
          "Poll for the next request for up to this time before an event loop sleeps, while requests come that soon"
              + " and no thread of the machine waits for a processor; 0 for never (${DEFAULT-VALUE}).")
  private int pollMicros;

  void checkPolling() {
    if (pollMicros < 0 || pollMicros > MOST_POLL_MICROS)
      throw new ParameterException(
          command.commandLine(),
          "--poll-us %d: give a number from 0 to %d".formatted(pollMicros, MOST_POLL_MICROS));
  }

  void checkConnections() {
    if (connections != null && connections < 1)
      throw new ParameterException(
          command.commandLine(),
          "--max-connections %d: allow at least 1 client".formatted(connections));
  }

  /** A warning if this process may not reach the number of clients; null for none. */
  @Nullable String warning(Descriptors descriptors) {
    int room = descriptors.clients();
    if (connections == null || connections <= room) return null;
    return "--max-connections %d: there is room for about %d clients in the %d files and sockets that this process may have open; allow more with 'ulimit -n', or with LimitNOFILE= in a systemd unit"
        .formatted(connections, room, descriptors.limit());
  }

  NbdLimits limits() {
    return NbdLimits.DEFAULT
        .clients(
            connections == null ? Integer.MAX_VALUE : connections,
            idle == null ? Duration.ZERO : idle)
        .poll(Duration.of(pollMicros, ChronoUnit.MICROS));
  }
}
