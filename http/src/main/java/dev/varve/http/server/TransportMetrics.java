package dev.varve.http.server;

import dev.varve.io.client.Transport;
import dev.varve.io.loop.ServerTotals;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Metrics of a server of disks and its event loops, which are the same for each transport.
 * Thread-safe; takes no lock.
 */
final class TransportMetrics implements MultiCollector {

  private final String prefix;
  private final String clients;
  private final Supplier<ServerTotals> totals;

  /**
   * @param clients what those of this transport are called
   */
  TransportMetrics(Transport transport, String clients, Supplier<ServerTotals> totals) {
    this.prefix = "varve_%s_".formatted(transport.name().toLowerCase(Locale.ROOT));
    this.clients = clients;
    this.totals = totals;
  }

  @Override
  public MetricSnapshots collect() {
    ServerTotals now = totals.get();
    var connections =
        new Family.Gauge(
            prefix + "connections", "Connections of %s that are open".formatted(clients));
    connections.add(Labels.EMPTY, now.connections());
    var turns =
        new Family.Histogram(
            prefix + "turn_seconds",
            "Turns of event loops for %s, by how long they took".formatted(clients));
    turns.add(Labels.EMPTY, now.turns());
    return new MetricSnapshots(
        Stream.of(
                connections,
                turns,
                count("accepted", "Connections of %s so far", now.accepted()),
                count("requests", "Requests of %s", now.requests()),
                count(
                    "requests_handed_over",
                    "Requests of %s that storage threads served",
                    now.handedOver()),
                count("read_bytes", "Bytes that %s have read", now.bytesRead()),
                count("written_bytes", "Bytes that %s have written", now.bytesWritten()))
            .map(Family::snapshot)
            .toList());
  }

  private Family count(String name, String help, long value) {
    var counter = new Family.Counter(prefix + name, help.formatted(clients));
    counter.add(Labels.EMPTY, value);
    return counter;
  }
}
