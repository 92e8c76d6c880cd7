package dev.varve.http.tls;

import dev.varve.core.device.FailureWords;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * What was in the files of a server: its certificate and key, which fit each other, and the
 * authorities of its clients. Immutable; {@link #read} blocks.
 *
 * @param own the server's certificate
 * @param trust null if no client is asked for a certificate
 * @param context makes the server's side of TLS, and remembers sessions that clients can resume
 */
record Certificates(
    X509Certificate own,
    KeyManagerFactory keys,
    @Nullable TrustManagerFactory trust,
    SSLContext context) {

  /** The authorities that a system trusts have less. */
  private static final int MOST_BYTES = 4 << 20;

  private static final Pattern BEGINNING = Pattern.compile("-----BEGIN [A-Z0-9 ]*CERTIFICATE-----");

  /** Algorithms of keys that certificates have. */
  private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA", "RSASSA-PSS");

  /**
   * Reads the files.
   *
   * @throws IOException a file cannot be read, is not what it has to be, or does not fit the others
   */
  static Certificates read(CertificateFiles files) throws IOException {
    String certificate = pem(files.certificate(), "CERTIFICATE", "certificate");
    String key = pem(files.key(), "PRIVATE KEY", "private key");
    if (key.contains("ENCRYPTED"))
      throw new IOException(
          "the key in %s is encrypted with a password; write it without one: openssl pkey -in %s -out NEW.pem"
              .formatted(files.key(), files.key()));
    KeyManagerFactory keys = keys(files, certificate, key);
    X509Certificate own = pair(files, keys);
    TrustManagerFactory trust =
        files.clientAuthority() == null ? null : trust(files.clientAuthority());
    try {
      var context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust == null ? null : trust.getTrustManagers(), null);
      return new Certificates(own, keys, trust, context);
    } catch (GeneralSecurityException e) {
      throw unusable(files.certificate(), e);
    }
  }

  private static String pem(Path file, String kind, String what) throws IOException {
    String text;
    try {
      text = text(file);
    } catch (IOException e) {
      throw new IOException(
          "cannot read the %s %s: %s".formatted(what, file, FailureWords.of(e)), e);
    }
    if (!text.contains(kind + "-----"))
      throw new IOException(
          "%s has no %s in PEM form ('-----BEGIN %s-----')".formatted(file, what, kind));
    return text;
  }

  /**
   * It is read anew while the server runs: a pipe would hold that up, and a disk take all memory.
   */
  private static String text(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file))
      throw new IOException("it is not a file; name one");
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES)
        throw new IOException("it has more than 4 MiB; name the right file");
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  private static KeyManagerFactory keys(CertificateFiles files, String certificate, String key)
      throws IOException {
    try {
      return new PemKeyCertOptions()
          .setCertValue(Buffer.buffer(certificate))
          .setKeyValue(Buffer.buffer(key))
          .getKeyManagerFactory(null);
    } catch (Exception e) { // whatever the parser meets
      throw new IOException(
          "the certificate %s or its key %s is damaged: %s"
              .formatted(files.certificate(), files.key(), FailureWords.of(e)),
          e);
    }
  }

  /**
   * The certificate whose key this is; proven, because TLS would find out with the first client.
   */
  private static X509Certificate pair(CertificateFiles files, KeyManagerFactory keys)
      throws IOException {
    var manager = (X509KeyManager) keys.getKeyManagers()[0];
    try {
      for (String algorithm : ALGORITHMS) {
        String[] aliases = manager.getServerAliases(algorithm, null);
        if (aliases == null || aliases.length == 0) continue;
        X509Certificate own = manager.getCertificateChain(aliases[0])[0];
        if (fit(own, manager.getPrivateKey(aliases[0]))) return own;
        throw new IOException(
            "the key %s does not belong to the certificate %s"
                .formatted(files.key(), files.certificate()));
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "the key %s does not belong to the certificate %s: %s"
              .formatted(files.key(), files.certificate(), FailureWords.of(e)),
          e);
    }
    throw new IOException(
        "the certificate %s has a kind of key that TLS cannot use here; use an EC, RSA or Ed25519 key"
            .formatted(files.certificate()));
  }

  private static boolean fit(X509Certificate own, PrivateKey key) throws GeneralSecurityException {
    String signature =
        switch (key.getAlgorithm().toUpperCase(Locale.ROOT)) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> key.getAlgorithm();
        };
    byte[] probe = "Varve".getBytes(StandardCharsets.US_ASCII);
    var signing = Signature.getInstance(signature);
    signing.initSign(key);
    signing.update(probe);
    byte[] signed = signing.sign();
    signing.initVerify(own.getPublicKey());
    signing.update(probe);
    return signing.verify(signed);
  }

  /** Trusts what the authorities in a file have signed, and nothing else. */
  static TrustManagerFactory trust(Path file) throws IOException {
    String text = pem(file, "CERTIFICATE", "certificate of an authority");
    try {
      Collection<? extends Certificate> authorities = certificates(file, text);
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (Certificate authority : authorities)
        store.setCertificateEntry("authority-" + number++, authority);
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      return trust;
    } catch (GeneralSecurityException e) {
      throw unusable(file, e);
    }
  }

  /** All of a file; the JDK leaves out one that is cut off at the end, and says nothing. */
  private static Collection<? extends Certificate> certificates(Path file, String text)
      throws IOException {
    var bytes = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
    long begun = BEGINNING.matcher(text).results().count();
    try {
      var whole = CertificateFactory.getInstance("X.509").generateCertificates(bytes);
      if (!whole.isEmpty() && whole.size() == begun) return whole;
    } catch (CertificateException _) {
      // What the parser says names its own classes.
    }
    throw new IOException(
        "%s is damaged or cut off: it has to be certificates of authorities in PEM form, and nothing else; put back a whole copy"
            .formatted(file));
  }

  private static IOException unusable(Path file, GeneralSecurityException e) {
    return new IOException("%s cannot be used: %s".formatted(file, FailureWords.of(e)), e);
  }

  /**
   * Of the authorities of clients, those that may sign no certificates. Such a one admits only the
   * client that shows this very certificate.
   */
  List<X509Certificate> authoritiesThatCannotSign() {
    if (trust == null) return List.of();
    return Arrays.stream(trust.getTrustManagers())
        .flatMap(each -> Arrays.stream(((X509TrustManager) each).getAcceptedIssuers()))
        .filter(each -> each.getVersion() >= 3 && each.getBasicConstraints() < 0)
        .toList();
  }

  /** Which server it is for and when it holds, for people. */
  String words() {
    return "%s, valid from %s until %s"
        .formatted(
            own.getSubjectX500Principal().getName(),
            own.getNotBefore().toInstant(),
            own.getNotAfter().toInstant());
  }

  /** Why clients refuse it at this time; null if its time has come and is not over. */
  @Nullable String faultAt(Instant now) {
    if (now.isBefore(own.getNotBefore().toInstant())) return "is not valid yet";
    return now.isAfter(own.getNotAfter().toInstant()) ? "has expired" : null;
  }
}
