package dev.varve.http.server;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.Warnings;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.MediumState;
import dev.varve.io.nbd.NbdStats;
import dev.varve.io.storage.StorageThreads;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of a server in Prometheus' text format. They are collected from the server's own counters
 * for each scrape; nothing is counted for them. Thread-safe; waits for no disk.
 */
final class ServerMetrics {

  private final Supplier<NbdStats> nbd;
  private final StorageThreads threads;
  private final Inventory inventory;
  private final ServedDisks disks;

  /** Made at the first scrape: most servers are never scraped. */
  private @Nullable PrometheusMeterRegistry registry;

  ServerMetrics(
      Supplier<NbdStats> nbd, StorageThreads threads, Inventory inventory, ServedDisks disks) {
    this.nbd = nbd;
    this.threads = threads;
    this.disks = disks;
    this.inventory = inventory;
  }

  /** In Prometheus' text format. */
  synchronized String text() {
    if (registry == null) registry = newRegistry();
    return registry.scrape();
  }

  private PrometheusMeterRegistry newRegistry() {
    var made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registerNbd(made);
    for (MachineState state : MachineState.values())
      Gauge.builder("varve.machines", inventory, i -> machines(i, state))
          .description("Registered machines")
          .tag("state", state.text())
          .register(made);
    for (MediumState state : MediumState.values())
      Gauge.builder("varve.media", inventory, i -> media(i, state))
          .description("Registered media")
          .tag("state", state.text())
          .register(made);
    for (Warnings.Kind kind : Warnings.Kind.values())
      Gauge.builder("varve.warnings", inventory, i -> warnings(i, kind))
          .description("Problems that go on at the moment")
          .tag("kind", kind.text())
          .register(made);
    Gauge.builder("varve.jobs.running", inventory, ServerMetrics::running)
        .description("Running jobs")
        .register(made);
    Gauge.builder("varve.disks.hanging", threads, t -> t.hangs().count())
        .description("Disks with a request that the host has not answered for 5 seconds")
        .register(made);
    Gauge.builder("varve.storage.threads", threads, StorageThreads::count)
        .description("Threads for requests that may wait for the host")
        .register(made);
    Gauge.builder("varve.storage.threads.stuck", threads, StorageThreads::stuck)
        .description("Storage threads whose request has waited for a tenth of a second or longer")
        .register(made);
    var machines = new MachineMetrics(inventory, disks);
    made.getPrometheusRegistry().register(machines);
    made.getPrometheusRegistry().register(new DiskMetrics(machines::served));
    List.of(
            new JvmMemoryMetrics(),
            new JvmThreadMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics())
        .forEach(binder -> binder.bindTo(made));
    return made;
  }

  private void registerNbd(PrometheusMeterRegistry to) {
    gauge(to, "connections", "Connections of NBD clients that are open", NbdStats::connections);
    count(to, "accepted", "Connections of NBD clients so far", NbdStats::accepted);
    count(
        to,
        "refused",
        "NBD clients that were refused because too many were connected",
        NbdStats::refused);
    to.getPrometheusRegistry().register(new TurnMetrics(() -> nbd.get().turns()));
    count(to, "requests", "Requests of NBD clients", NbdStats::requests);
    count(to, "requests.handed.over", "Requests that storage threads served", NbdStats::handedOver);
    count(to, "read.bytes", "Bytes that NBD clients have read", NbdStats::bytesRead);
    count(to, "written.bytes", "Bytes that NBD clients have written", NbdStats::bytesWritten);
  }

  private void gauge(
      PrometheusMeterRegistry to,
      String name,
      String description,
      ToDoubleFunction<NbdStats> value) {
    Gauge.builder("varve.nbd." + name, nbd, stats -> value.applyAsDouble(stats.get()))
        .description(description)
        .register(to);
  }

  private void count(
      PrometheusMeterRegistry to,
      String name,
      String description,
      ToDoubleFunction<NbdStats> value) {
    FunctionCounter.builder("varve.nbd." + name, nbd, stats -> value.applyAsDouble(stats.get()))
        .description(description)
        .register(to);
  }

  private static long machines(Inventory inventory, MachineState state) {
    return inventory.view().machines().values().stream()
        .filter(machine -> machine.state() == state)
        .count();
  }

  private static long media(Inventory inventory, MediumState state) {
    return inventory.view().media().values().stream()
        .filter(medium -> medium.state() == state)
        .count();
  }

  private static long warnings(Inventory inventory, Warnings.Kind kind) {
    return inventory.warnings().all().stream().filter(warning -> warning.kind() == kind).count();
  }

  private static long running(Inventory inventory) {
    return inventory.jobs().stream().filter(job -> job.state() == Job.State.RUNNING).count();
  }
}
