package dev.varve.http.server;

import dev.varve.io.client.Transport;
import dev.varve.io.nbd.NbdStats;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhost.VhostStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of a server in Prometheus' text format. They are collected from the server's own counters
 * for each scrape; nothing is counted for them. Thread-safe; waits for no disk.
 */
final class ServerMetrics {

  private final Supplier<NbdStats> nbd;
  private final Supplier<VhostStats> vhost;
  private final StorageThreads threads;
  private final List<MultiCollector> collectors;

  /** Made at the first scrape: most servers are never scraped. */
  private @Nullable PrometheusMeterRegistry registry;

  /**
   * @param collectors what else there is to tell
   */
  ServerMetrics(
      Supplier<NbdStats> nbd,
      Supplier<VhostStats> vhost,
      StorageThreads threads,
      List<MultiCollector> collectors) {
    this.nbd = nbd;
    this.vhost = vhost;
    this.threads = threads;
    this.collectors = List.copyOf(collectors);
  }

  /** In Prometheus' text format. */
  synchronized String text() {
    if (registry == null) registry = newRegistry();
    return registry.scrape();
  }

  private PrometheusMeterRegistry newRegistry() {
    var made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    made.config()
        .meterFilter(
            MeterFilter.denyNameStartsWith("system.cpu.count")) // no counter in spite of it
        .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time")); // in nanoseconds
    registerNbd(made);
    registerVhostUser(made);
    registerPolling(made);
    registerBuild(made);
    Gauge.builder("varve.disks.hanging", threads, t -> t.hangs().count())
        .description("Disks with a request that the host has not answered for 5 seconds")
        .register(made);
    Gauge.builder("varve.storage.threads", threads, StorageThreads::count)
        .description("Threads for requests that may wait for the host")
        .register(made);
    Gauge.builder("varve.storage.threads.stuck", threads, StorageThreads::stuck)
        .description("Storage threads whose request has waited for a tenth of a second or longer")
        .register(made);
    collectors.forEach(made.getPrometheusRegistry()::register);
    List.of(
            new JvmMemoryMetrics(),
            new JvmGcMetrics(),
            new JvmThreadMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics())
        .forEach(binder -> binder.bindTo(made));
    return made;
  }

  private static void registerBuild(PrometheusMeterRegistry to) {
    BuildFacts build = BuildFacts.ofThisProgram();
    Gauge.builder("varve.build.info", () -> 1)
        .description("The version of Varve, its commit, and the Java that runs it; always 1")
        .tag("version", Objects.requireNonNullElse(build.version(), "unknown"))
        .tag("commit", Objects.requireNonNullElse(build.commit(), "unknown"))
        .tag("java", Runtime.version().toString())
        .register(to);
    FunctionCounter.builder(
            "process.cpu.seconds", ProcessHandle.current(), ServerMetrics::processorSeconds)
        .description("Processor time of the server, in user and system mode")
        .register(to);
  }

  private static double processorSeconds(ProcessHandle process) {
    return process.info().totalCpuDuration().map(time -> time.toNanos() / 1e9).orElse(0.0);
  }

  private void registerNbd(PrometheusMeterRegistry to) {
    to.getPrometheusRegistry()
        .register(new TransportMetrics(Transport.NBD, "NBD clients", () -> nbd.get().totals()));
    FunctionCounter.builder("varve.nbd.refused", nbd, n -> n.get().refused())
        .description("NBD clients that were refused because too many were connected")
        .register(to);
  }

  private void registerVhostUser(PrometheusMeterRegistry to) {
    to.getPrometheusRegistry()
        .register(
            new TransportMetrics(
                Transport.VHOST_USER, "vhost-user front-ends", () -> vhost.get().totals()));
    FunctionCounter.builder("varve.vhost.user.kicks", vhost, v -> v.get().kicks())
        .description("How often kicks of guests were heard, which tell of new requests")
        .register(to);
    FunctionCounter.builder("varve.vhost.user.calls", vhost, v -> v.get().calls())
        .description("How often guests were called, which tells of answers")
        .register(to);
  }

  private void registerPolling(PrometheusMeterRegistry to) {
    FunctionCounter.builder("varve.polling.seconds", nbd, n -> n.get().polling().nanos() / 1e9)
        .description("Processor time that event loops have polled for work instead of sleeping")
        .register(to);
    FunctionCounter.builder("varve.polling.found", nbd, n -> n.get().polling().found())
        .description("How often an event loop has found work by polling, and was not woken for it")
        .register(to);
    FunctionCounter.builder("varve.polling.missed", nbd, n -> n.get().polling().missed())
        .description("How often an event loop has polled in vain, and slept")
        .register(to);
  }
}
