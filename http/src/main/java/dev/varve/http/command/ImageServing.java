package dev.varve.http.command;

import dev.varve.http.server.CleanStop;
import dev.varve.http.server.DiskServer;
import dev.varve.http.server.ServedDisk;
import dev.varve.http.server.TcpAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code varve serve} for images without machines. For the main thread. */
final class ImageServing {

  private final DiskServer server;
  private final ServingLife life;
  private final ListenOptions listen;
  private final GuestOptions guests;
  private final ForceOption force;

  ImageServing(
      DiskServer server,
      ServingLife life,
      ListenOptions listen,
      GuestOptions guests,
      ForceOption force) {
    this.server = server;
    this.life = life;
    this.listen = listen;
    this.guests = guests;
    this.force = force;
  }

  /** Serves disks until a signal comes. */
  void run(List<ServedDisk> disks, @Nullable TcpAddress metrics, boolean demo)
      throws IOException, InterruptedException {
    try (CleanStop _ = life.stopping(server::close, server::totals, server::failed)) {
      publish(disks, metrics, demo);
      life.ready(server.loops(), server::status);
      server.awaitClosed();
    } finally {
      server.close();
    }
  }

  private void publish(List<ServedDisk> disks, @Nullable TcpAddress metrics, boolean demo)
      throws IOException {
    List<Long> capacities = new ArrayList<>();
    for (ServedDisk disk : disks) force.open(() -> capacities.add(server.serve(disk)));
    if (listen.unix() != null) server.listen(listen.unix());
    Path guestSocket = guests.socket();
    if (guestSocket != null) {
      guestSocket = guestSocket.toAbsolutePath();
      server.listenToGuests(guestSocket);
    }
    TcpAddress address = listen.tcpOrUsual(guestSocket != null);
    if (address != null) address = server.listen(address);
    String scraped =
        metrics == null
            ? null
            : (server.tls() == null ? "http://" : "https://")
                + server.listenMetrics(metrics)
                + "/metrics";
    life.warnOfStrangers(address, server.tls());
    List<PublishedDisk> published = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      ServedDisk disk = disks.get(i);
      published.add(
          new PublishedDisk(
              disk,
              capacities.get(i),
              listen.uris(disk.name(), address, server.tls() != null),
              i == 0 ? guestSocket : null));
    }
    List<String> addresses = new ArrayList<>();
    if (listen.unix() != null) addresses.add(listen.unix().toAbsolutePath().toString());
    if (address != null) addresses.add(address + (server.tls() == null ? "" : " (TLS)"));
    life.log()
        .started(
            "serves "
                + published.stream().map(PublishedDisk::line).collect(Collectors.joining("; and "))
                + (guestSocket == null ? "" : "; vhost-user-blk at " + guestSocket),
            addresses,
            scraped == null ? List.of() : List.of(scraped));
    life.print(text(published, scraped, demo));
  }

  private String text(List<PublishedDisk> published, @Nullable String scraped, boolean demo) {
    if (life.output() == OutputFormat.JSON) return PublishedDisk.json(published, scraped);
    List<String> lines = new ArrayList<>();
    published.forEach(disk -> lines.add(disk.text()));
    if (scraped != null) lines.add("metrics: " + scraped);
    if (demo) lines.add("\n" + DemoChain.suggestions(published).stripTrailing());
    return String.join("\n", lines);
  }
}
