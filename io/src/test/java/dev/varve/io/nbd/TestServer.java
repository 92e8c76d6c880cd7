package dev.varve.io.nbd;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.Export;
import dev.varve.io.testing.MemoryDevice;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** A server on a Unix socket and a TCP port of its own, with one writable export named "disk". */
final class TestServer implements AutoCloseable {

  static final int CAPACITY = 64 << 20;

  final MemoryDevice device;
  final NbdServer server;
  final DiskFailures failures;
  final DiskTraffic traffic = new DiskTraffic();
  final Path socket;
  final InetSocketAddress tcp;
  private final Vertx vertx;
  private final Path folder;

  private TestServer(MemoryDevice device, NbdLimits limits, ReplyStyle replies, boolean epoll)
      throws IOException {
    this(device, limits, replies, epoll, null);
  }

  private TestServer(
      MemoryDevice device,
      NbdLimits limits,
      ReplyStyle replies,
      boolean epoll,
      @Nullable Supplier<SSLEngine> tls)
      throws IOException {
    this.device = device;
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(epoll));
    server = new NbdServer(vertx, limits, replies, System::nanoTime);
    folder = Files.createTempDirectory("nbd");
    socket = folder.resolve("s");
    failures = new DiskFailures("disk", () -> "in memory", System::nanoTime);
    server.publish(new Export("disk", "in memory", device, false, true, false, failures, traffic));
    server.listenUnix(socket).await();
    var address = server.listenTcp("127.0.0.1", 0, tls).await();
    tcp = new InetSocketAddress("127.0.0.1", address.port());
  }

  static TestServer start() throws IOException {
    return start(new MemoryDevice(CAPACITY));
  }

  static TestServer start(MemoryDevice device) throws IOException {
    return start(device, NbdLimits.DEFAULT);
  }

  static TestServer start(MemoryDevice device, NbdLimits limits) throws IOException {
    return new TestServer(device, limits, ReplyStyle.STRUCTURED, true);
  }

  static TestServer startOnNio() throws IOException {
    return new TestServer(
        new MemoryDevice(CAPACITY), NbdLimits.DEFAULT, ReplyStyle.STRUCTURED, false);
  }

  static TestServer startWithSimpleReplies() throws IOException {
    return new TestServer(new MemoryDevice(CAPACITY), NbdLimits.DEFAULT, ReplyStyle.SIMPLE, true);
  }

  /** Its TCP port speaks TLS only. */
  static TestServer startWithTls(NbdLimits limits, boolean epoll, Supplier<SSLEngine> tls)
      throws IOException {
    return new TestServer(new MemoryDevice(CAPACITY), limits, ReplyStyle.STRUCTURED, epoll, tls);
  }

  NbdClient connect() throws IOException {
    return NbdClient.connect(socket);
  }

  /** In the transmission phase, with simple replies. */
  NbdClient client() throws IOException {
    return connect().greet().go("disk");
  }

  /** In the transmission phase, with structured replies and both metadata contexts. */
  NbdClient structuredClient() throws IOException {
    NbdClient client = connect().greet().structured();
    client.option(
        Wire.OPT_SET_META_CONTEXT,
        NbdClient.contextData("disk", "base:allocation", "qemu:allocation-depth"));
    return client.go("disk");
  }

  String uri() {
    return "nbd+unix:///disk?socket=" + socket;
  }

  @Override
  public void close() throws IOException {
    server.close().await();
    device.close();
    vertx.close().await();
    Files.deleteIfExists(folder);
  }
}
