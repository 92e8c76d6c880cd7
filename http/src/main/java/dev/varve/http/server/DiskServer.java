package dev.varve.http.server;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.Export;
import dev.varve.core.device.FailureTotals;
import dev.varve.core.device.FailureWords;
import dev.varve.core.device.ImageWork;
import dev.varve.core.inventory.ServedDisks.DiskLoad;
import dev.varve.core.log.Amount;
import dev.varve.http.tls.CertificateWatch;
import dev.varve.http.tls.ServerTls;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.file.FileSizes;
import dev.varve.io.loop.ServerTotals;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhost.VhostServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Chains of images, open and served over NBD, and one of them over vhost-user. Owns the threads,
 * event loops, disks and sockets that this needs.
 *
 * <p>Thread-safe; every method may block. Closing waits for a disk that is being opened.
 */
public final class DiskServer {

  /** How often to check whether failures that go on have to be logged again. */
  private static final long TICK_MILLIS = 5000;

  private final StorageThreads threads = new StorageThreads(StorageThreads.DEFAULT_COUNT);
  private final Vertx vertx = EventLoops.one();
  private final NbdServer nbd;
  private final VhostServer guests;
  private final @Nullable ServerTls tls;
  private final @Nullable CertificateWatch certificates;
  private final List<Served> disks = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final FileSizes sizes = new FileSizes();
  private @Nullable MetricsServer metricsServer;
  private boolean closing;

  /** An open disk and the way in which it is served. */
  private record Served(
      ServedDisk disk,
      DifferencingChain device,
      DiskFailures failures,
      Map<String, DiskTraffic> traffic) {}

  /**
   * A server of no disk that listens nowhere yet.
   *
   * @param limits what clients may cost
   * @param tls what TCP ports speak; null for none
   */
  public DiskServer(NbdLimits limits, ReplyStyle replies, @Nullable ServerTls tls) {
    this.tls = tls;
    certificates = tls == null ? null : new CertificateWatch(tls, new LoggedCertificates());
    if (certificates != null) certificates.start();
    NbdLimits shared = Descriptors.ofThisProcess().share(limits);
    nbd = new NbdServer(vertx, shared, replies, System::nanoTime);
    guests = new VhostServer(vertx, nbd.polling(), nbd.clients(), System::nanoTime);
    threads.every(TICK_MILLIS, () -> disks.forEach(disk -> disk.failures.tick()));
  }

  /**
   * Opens a chain and lets clients ask for it.
   *
   * @return the capacity of the disk
   * @throws IOException the chain cannot be opened; no file was changed
   */
  public synchronized long serve(ServedDisk disk) throws IOException {
    checkNotClosing();
    var device = DifferencingChain.open(disk.images(), disk.readOnly(), threads);
    var failures = new DiskFailures(disk.name(), () -> disk.leaf().toString(), System::nanoTime);
    Map<String, DiskTraffic> byName = new LinkedHashMap<>();
    disks.add(new Served(disk, device, failures, byName));
    for (String name : disk.names()) {
      byName.put(name, new DiskTraffic());
      nbd.publish(export(disks.getLast(), name));
    }
    return device.capacity();
  }

  private static Export export(Served served, String name) {
    ServedDisk disk = served.disk;
    return new Export(
        name,
        disk.leaf().toString(),
        served.device,
        disk.readOnly(),
        disk.discard(),
        disk.rotational(),
        served.failures,
        Objects.requireNonNull(served.traffic.get(name)));
  }

  /**
   * Serves the first disk on a vhost-user socket; a socket that a killed server left is replaced.
   */
  public synchronized void listenToGuests(Path socket) throws IOException {
    checkNotClosing();
    try {
      Served first = disks.getFirst();
      guests.publish(socket, export(first, first.disk.name()));
    } catch (IOException e) {
      throw cannotListen(socket, "", e);
    }
  }

  /** Listens on a Unix socket; a socket file that a killed server left is replaced. */
  public synchronized void listen(Path socket) throws IOException {
    checkNotClosing();
    try {
      EventLoops.await(nbd.listenUnix(socket));
    } catch (IOException e) {
      throw cannotListen(socket, "", e);
    }
  }

  /** Listens on a TCP port; returns the address with the port that was taken. */
  public synchronized TcpAddress listen(TcpAddress address) throws IOException {
    checkNotClosing();
    try {
      var actual =
          EventLoops.await(
              nbd.listenTcp(address.host(), address.port(), tls == null ? null : tls::engine));
      return new TcpAddress(address.host(), actual.port());
    } catch (IOException e) {
      throw cannotListen(address, "; choose another address with --tcp", e);
    }
  }

  /**
   * Answers {@code GET /metrics} on a TCP port of the loopback address; returns the address with
   * the port that was taken.
   */
  public synchronized TcpAddress listenMetrics(TcpAddress address) throws IOException {
    checkNotClosing();
    var metrics =
        new ServerMetrics(
            nbd::stats, guests::stats, threads, List.of(new DiskMetrics(this::loads)));
    metricsServer = new MetricsServer(metrics::text, tls);
    threads.every(
        TICK_MILLIS,
        () ->
            sizes.look(
                disks.stream().flatMap(each -> each.disk.images().files().stream()).toList()));
    try {
      return metricsServer.listen(address);
    } catch (IOException e) {
      throw cannotListen(address, "; choose another address with --metrics", e);
    }
  }

  /** What clients ask of each name of each disk. A disk's images are told with its first name. */
  private List<DiskMetrics.Served> loads() {
    List<DiskMetrics.Served> loads = new ArrayList<>();
    for (Served each : disks)
      each.traffic.forEach(
          (name, traffic) -> {
            boolean first = name.equals(each.disk.name());
            Map<Path, Long> images = first ? sizes.of(each.disk.images().files()) : Map.of();
            loads.add(
                new DiskMetrics.Served(
                    "",
                    each.disk.name(),
                    new DiskLoad(
                        name,
                        traffic.totals(),
                        0,
                        0,
                        images,
                        first ? each.device.work() : ImageWork.NONE)));
          });
    return loads;
  }

  static IOException cannotListen(Object where, String advice, IOException e) {
    String why = FailureWords.of(e).replaceFirst("^bind\\(.*?error\\(-\\d+\\): ", "");
    String wayOut = why.contains("choose another") ? "" : advice; // it says one itself
    return new IOException("cannot listen on %s: %s%s".formatted(where, why, wayOut), e);
  }

  /** What TCP ports speak; null for no TLS. */
  public @Nullable ServerTls tls() {
    return tls;
  }

  /** What runs tasks on its event loop. */
  public List<Executor> loops() {
    return List.of(task -> vertx.runOnContext(_ -> task.run()));
  }

  /** What it does at the moment, in words. */
  public String status() {
    return "%s, %s"
        .formatted(Amount.of(disks.size(), "disk"), Amount.of(totals().connections(), "client"));
  }

  /** What it has done so far, for all clients. */
  public ServerTotals totals() {
    return nbd.stats().totals().plus(guests.stats().totals());
  }

  /** What has failed so far. */
  public FailureTotals failed() {
    var totals = new FailureTotals();
    disks.forEach(disk -> totals.add(disk.failures));
    return totals;
  }

  /** Returns once the server is closed. */
  public void awaitClosed() throws InterruptedException {
    closed.await();
  }

  /**
   * Stops listening, answers the requests in flight, makes every disk durable and closes it. A
   * second call does nothing. If the host does not answer, what waits for it is given up after
   * about a minute; everything else has ended by then.
   *
   * @throws IOException a disk could not be made durable, or was given up; the others are closed
   *     all the same
   */
  public synchronized void close() throws IOException {
    if (closing) return;
    closing = true;
    if (certificates != null) certificates.close();
    var end = new ServerEnd();
    var listening = nbd.close().toCompletionStage();
    Future<Void> guestsGone = guests.close();
    List<CompletionStage<Void>> closings =
        disks.stream().map(disk -> close(disk, guestsGone)).toList();
    for (int i = 0; i < closings.size(); i++)
      end.await(closings.get(i), "the disk " + disks.get(i).disk.leaf());
    if (metricsServer != null) end.await(metricsServer.close(), "a scrape of metrics");
    end.await(listening, "an NBD client");
    end.await(threads);
    end.await(vertx.close().toCompletionStage(), "an NBD client");
    closed.countDown();
    end.finish();
  }

  /** Closes a disk once its clients and the guests have gone. */
  private CompletionStage<Void> close(Served served, Future<Void> guestsGone) {
    List<Future<Void>> withdrawn = new ArrayList<>();
    withdrawn.add(guestsGone);
    for (String name : served.disk.names()) withdrawn.add(nbd.withdraw(name));
    return Future.join(withdrawn)
        .toCompletionStage()
        .thenCompose(
            _ -> {
              served.failures.end();
              return served.device.close();
            });
  }

  private void checkNotClosing() {
    if (closing) throw new IllegalStateException("the server is closed");
  }
}
