package dev.varve.io.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.core.testing.TestCertificates;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS as a client sees it that begins it byte by byte. */
@Timeout(60)
@NeedsTools("openssl")
class TlsClientTest {

  private static final int MIB = 1 << 20;

  @TempDir static Path folder;
  private static SSLContext context;
  private TestServer server;

  @BeforeAll
  static void makeCertificates() throws Exception {
    TestCertificates.authority(folder, "ca").server("server", "localhost").client("alice");
    context = context("server");
  }

  @BeforeEach
  void start() throws IOException {
    server = TestServer.startWithTls(NbdLimits.DEFAULT, true, TlsClientTest::engine);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private static SSLEngine engine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setWantClientAuth(true);
    return engine;
  }

  // ---- Before TLS

  @Test
  void clientInPlainIsToldToBeginTls() throws IOException {
    try (var client = NbdClient.connect(server.tcp).greet()) {
      var reply = client.option(Wire.OPT_GO, NbdClient.infoData("disk")).getLast();

      assertEquals(Wire.REP_ERR_TLS_REQD, reply.type());
      assertEquals("this server speaks TLS only: begin it first", reply.text());
      assertEquals(Wire.REP_ERR_TLS_REQD, client.option(Wire.OPT_LIST).getLast().type());
      assertEquals(Wire.REP_ACK, client.option(Wire.OPT_ABORT).getLast().type());
    }
  }

  @Test
  void oldWayToChooseADiskEndsTheSession() throws IOException {
    try (var client = NbdClient.connect(server.tcp).greet()) {
      client.sendOption(Wire.OPT_EXPORT_NAME, "disk".getBytes(UTF_8));

      assertTrue(client.isDisconnected());
    }
  }

  @Test
  void whatComesInPlainBehindTheWishForTlsIsNotTaken() throws IOException {
    try (var client = NbdClient.connect(server.tcp).greet()) {
      byte[] go = NbdClient.infoData("disk");
      var both = ByteBuffer.allocate(32 + go.length);
      both.putLong(Wire.OPTION_MAGIC).putInt(Wire.OPT_STARTTLS).putInt(0);
      both.putLong(Wire.OPTION_MAGIC).putInt(Wire.OPT_GO).putInt(go.length).put(go);
      client.send(both.array());

      assertEquals(Wire.REP_ACK, client.optionReply().type());
      assertTrue(client.isDisconnected());
    }
  }

  @Test
  void noTlsInsteadOfTlsEndsTheSession() throws IOException {
    try (var client = NbdClient.connect(server.tcp).greet()) {
      client.option(Wire.OPT_STARTTLS);
      client.sendOption(Wire.OPT_GO, NbdClient.infoData("disk"));
      client.send(new byte[1024]);

      while (!client.isDisconnected()) {
        // an alert of TLS comes first
      }
    }
  }

  @Test
  void clientThatDoesNotFinishTlsIsCut() throws IOException {
    var limits = TestLimits.times(Duration.ofMillis(100), Duration.ofSeconds(30));
    try (var patient = TestServer.startWithTls(limits, true, TlsClientTest::engine);
        var client = NbdClient.connect(patient.tcp).greet()) {
      client.option(Wire.OPT_STARTTLS);

      while (!client.isDisconnected()) {
        // an alert of TLS may come first
      }
    }
  }

  @Test
  void socketOfTheMachineStaysPlain() throws IOException {
    try (var client = server.connect().greet()) {
      assertEquals(Wire.REP_ERR_UNSUP, client.option(Wire.OPT_STARTTLS).getLast().type());
      client.go("disk");
    }
  }

  // ---- Under TLS

  @Test
  void readsAndWritesOfEverySizeComeBackAsTheyWent() throws Exception {
    readsAndWrites(server);
  }

  @Test
  void theSameWithJavasOwnSockets() throws Exception {
    try (var nio = TestServer.startWithTls(NbdLimits.DEFAULT, false, TlsClientTest::engine)) {
      readsAndWrites(nio);
    }
  }

  private static void readsAndWrites(TestServer server) throws Exception {
    long seed = Long.getLong("varve.seed", System.nanoTime());
    var random = new Random(seed);
    byte[] expected = new byte[16 * MIB];
    try (var client = new Client(server, context)) {
      client.go();
      for (int i = 0; i < 60; i++) {
        int length = 1 + random.nextInt(1 << random.nextInt(1, 23));
        int offset = random.nextInt(expected.length - length + 1);
        byte[] data = new byte[length];
        random.nextBytes(data);
        System.arraycopy(data, 0, expected, offset, length);
        client.write(offset, data);
        int from = random.nextInt(expected.length / 2);
        int count = 1 + random.nextInt(1 << random.nextInt(1, 23));
        assertArrayEquals(
            Arrays.copyOfRange(expected, from, from + count),
            client.read(from, count),
            "seed " + seed);
      }
    }
  }

  @Test
  void repliesThatAreNotTakenAreNotEncrypted() throws Exception {
    try (var client = new Client(server, context)) {
      client.go();
      byte[] data = new byte[8 * MIB];
      new Random(1).nextBytes(data);
      client.write(0, data);
      for (int i = 0; i < 16; i++) client.ask(NbdCommand.READ, 0, data.length);
      client.flush(); // 128 MiB are on their way now, and nothing is taken

      for (int i = 0; i < 16; i++) assertArrayEquals(data, client.takeRead(data.length));
    }
  }

  @Test
  void manyRequestsAtOnceAreAllAnswered() throws Exception {
    try (var client = new Client(server, context)) {
      client.go();
      byte[] data = new byte[64 << 10];
      new Random(2).nextBytes(data);
      for (int i = 0; i < 200; i++) client.send(NbdCommand.WRITE, i * data.length, data);
      client.flush();
      for (int i = 0; i < 200; i++) client.takeSuccess();
      assertArrayEquals(data, client.read(199 * data.length, data.length));
    }
  }

  @Test
  void certificateOfAClientIsShownWithIt() throws Exception {
    try (var client = new Client(server, context("alice"))) {
      client.go();
      client.read(0, 512);

      String peer = server.server.clients().views().getFirst().peer();
      assertTrue(peer.endsWith(", TLSv1.3, CN=alice"), peer);
    }
  }

  @Test
  void clientThatClosesTlsIsGone() throws Exception {
    try (var client = new Client(server, context)) {
      client.go();
      client.read(0, 512);
      client.socket.shutdownOutput();

      assertEquals(-1, client.socket.getInputStream().read());
    }
  }

  @Test
  void oldVersionOfTlsIsRefused() throws Exception {
    try (var client = NbdClient.connect(server.tcp).greet()) {
      client.option(Wire.OPT_STARTTLS);
      Socket plain = client.socket().socket();
      try (var tls =
          (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", 1, false)) {
        tls.setEnabledProtocols(new String[] {"TLSv1.1"});

        assertThrows(SSLException.class, tls::startHandshake);
      }
    }
  }

  /** Knows the key and the certificate of this name, and trusts the authority. */
  private static SSLContext context(String name)
      throws IOException, GeneralSecurityException, InterruptedException {
    Path store = folder.resolve(name + ".p12");
    Process openssl =
        new ProcessBuilder(
                "openssl",
                "pkcs12",
                "-export",
                "-in",
                folder.resolve(name + "-cert.pem").toString(),
                "-inkey",
                folder.resolve(name + "-key.pem").toString(),
                "-passout",
                "pass:secret",
                "-out",
                store.toString())
            .start();
    assertEquals(0, openssl.waitFor());
    var keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(KeyStore.getInstance(store.toFile(), "secret".toCharArray()), "secret".toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(folder.resolve("ca-cert.pem"))) {
      Certificate authority = CertificateFactory.getInstance("X.509").generateCertificate(in);
      trusted.setCertificateEntry("ca", authority);
    }
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    var made = SSLContext.getInstance("TLS");
    made.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return made;
  }

  /** A client that begins TLS, then speaks with simple replies. */
  private static final class Client implements AutoCloseable {
    final SSLSocket socket;
    final OutputStream out;
    final DataInputStream in;

    Client(TestServer server, SSLContext context) throws IOException {
      Socket raw = new Socket(server.tcp.getAddress(), server.tcp.getPort());
      raw.getInputStream().readNBytes(18);
      var begin = ByteBuffer.allocate(20);
      begin.putInt(Wire.FLAG_FIXED_NEWSTYLE | Wire.FLAG_NO_ZEROES);
      begin.putLong(Wire.OPTION_MAGIC).putInt(Wire.OPT_STARTTLS).putInt(0);
      raw.getOutputStream().write(begin.array());
      assertEquals(Wire.REP_ACK, ByteBuffer.wrap(raw.getInputStream().readNBytes(20)).getInt(12));
      socket =
          (SSLSocket)
              context.getSocketFactory().createSocket(raw, "localhost", raw.getPort(), true);
      out = new BufferedOutputStream(socket.getOutputStream(), 1 << 20);
      in = new DataInputStream(socket.getInputStream());
    }

    void go() throws IOException {
      byte[] data = NbdClient.infoData("disk");
      var go = ByteBuffer.allocate(16 + data.length);
      go.putLong(Wire.OPTION_MAGIC).putInt(Wire.OPT_GO).putInt(data.length).put(data);
      out.write(go.array());
      out.flush();
      for (int type = 0; type != Wire.REP_ACK; ) {
        in.skipNBytes(12);
        type = in.readInt();
        in.skipNBytes(in.readInt());
      }
    }

    void ask(NbdCommand command, long offset, int length) throws IOException {
      out.write(NbdClient.header(0, command.ordinal(), 1, offset, length));
    }

    void send(NbdCommand command, long offset, byte[] data) throws IOException {
      ask(command, offset, data.length);
      out.write(data);
    }

    void flush() throws IOException {
      out.flush();
    }

    void write(long offset, byte[] data) throws IOException {
      send(NbdCommand.WRITE, offset, data);
      flush();
      takeSuccess();
    }

    void takeSuccess() throws IOException {
      assertEquals(Wire.SIMPLE_REPLY_MAGIC, in.readInt());
      assertEquals(0, in.readInt());
      in.readLong();
    }

    byte[] read(long offset, int length) throws IOException {
      ask(NbdCommand.READ, offset, length);
      flush();
      return takeRead(length);
    }

    byte[] takeRead(int length) throws IOException {
      takeSuccess();
      return in.readNBytes(length);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
