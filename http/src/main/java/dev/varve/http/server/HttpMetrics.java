package dev.varve.http.server;

import dev.varve.http.api.HttpRequests;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/** Metrics of the control plane's HTTP. Thread-safe. */
final class HttpMetrics implements MultiCollector {

  private final HttpRequests requests;

  HttpMetrics(HttpRequests requests) {
    this.requests = requests;
  }

  @Override
  public MetricSnapshots collect() {
    var answered =
        new Family.Counter(
            "varve_http_requests", "Requests of the API that were answered, by route and status");
    requests
        .counts()
        .forEach(
            (kind, count) ->
                answered.add(
                    Labels.of(
                        "method", kind.method(),
                        "route", kind.route(),
                        "status", Integer.toString(kind.status())),
                    count));
    var seconds =
        new Family.Histogram(
            "varve_http_request_seconds",
            "Requests of the API but streams, by the time from their header to the end of the answer");
    seconds.add(Labels.EMPTY, requests.durations());
    return MetricSnapshots.of(answered.snapshot(), seconds.snapshot());
  }
}
