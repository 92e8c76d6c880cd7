package dev.varve.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.varve.core.testing.NeedsTools;
import dev.varve.core.testing.TestCertificates;
import dev.varve.http.tls.CertificateFiles;
import dev.varve.http.tls.ClientCertificates;
import dev.varve.http.tls.SecureHttp;
import dev.varve.http.tls.ServerTls;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients of HTTP that connect, and never finish the handshake of TLS. */
@NeedsTools("openssl")
@Timeout(60)
final class UnfinishedHandshakesTest {

  private static final int MOST = 8;

  @TempDir Path folder;
  private Vertx loop;
  private int port;
  private final List<Socket> sockets = new ArrayList<>();

  @BeforeEach
  void listen() throws IOException {
    TestCertificates made = TestCertificates.authority(folder, "ca").server("server", "localhost");
    ServerTls tls =
        ServerTls.open(
            new CertificateFiles(made.certificate("server"), made.key("server"), null),
            ClientCertificates.OPTIONAL,
            ClientCertificates.OPTIONAL);
    loop = EventLoops.serving(null, MOST);
    HttpServer server =
        SecureHttp.server(loop, new HttpServerOptions(), tls)
            .requestHandler(request -> request.response().end("served"));
    port = EventLoops.await(server.listen(0, "127.0.0.1")).actualPort();
  }

  @AfterEach
  void close() throws IOException {
    for (Socket socket : sockets) socket.close();
    EventLoops.await(loop.close());
  }

  private Socket silent() throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    sockets.add(socket);
    return socket;
  }

  @Test
  void theOldestLeavesForTheNewest() throws IOException {
    Socket oldest = silent();
    for (int i = 0; i < MOST; i++) silent();

    assertEquals(-1, oldest.getInputStream().read());
  }

  @Test
  void aClientThatFinishesIsServedAndStays() throws Exception {
    for (int i = 0; i < MOST; i++) silent();
    Socket served = finished();
    ask(served); // the server has finished too
    Socket first = silent();
    for (int i = 0; i < 2 * MOST; i++) silent();
    assertEquals(-1, first.getInputStream().read());

    ask(served);
  }

  private static void ask(Socket client) throws IOException {
    client
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    var answer = new StringBuilder();
    while (!answer.toString().endsWith("served")) {
      int next = client.getInputStream().read();
      if (next < 0) throw new IOException("closed after '" + answer + "'");
      answer.append((char) next);
    }
  }

  private Socket finished() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Credulous()}, new SecureRandom());
    Socket plain = silent();
    var socket =
        (javax.net.ssl.SSLSocket)
            context.getSocketFactory().createSocket(plain, "localhost", port, true);
    socket.startHandshake();
    assertNotNull(socket.getSession());
    return socket;
  }

  /** Certificates are tested elsewhere. */
  private static final class Credulous implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
