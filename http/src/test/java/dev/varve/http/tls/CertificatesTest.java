package dev.varve.http.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.core.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is read from files of certificates, what is refused, and when they are read again. */
@NeedsTools("openssl")
class CertificatesTest {

  @TempDir static Path once;
  private static TestCertificates original;

  @TempDir Path folder;
  private TestCertificates made;

  @BeforeAll
  static void make() throws IOException {
    original = TestCertificates.authority(once, "ca").server("server", "localhost");
  }

  @BeforeEach
  void copy() throws IOException {
    made = original.copiedTo(folder);
  }

  @Test
  void certificateAndKeyThatFitAreTaken() throws Exception {
    Certificates read = Certificates.read(files("server", "server"));

    assertTrue(read.words().startsWith("CN=localhost, valid from "), read.words());
  }

  @Test
  void keysInOldFormsAreTaken() throws Exception {
    Path old = folder.resolve("old-key.pem");
    run("openssl", "ec", "-in", made.key("server").toString(), "-out", old.toString());
    assertTrue(Files.readString(old).contains("EC PRIVATE KEY"));

    Certificates.read(new CertificateFiles(made.certificate("server"), old, null));
  }

  @Test
  void keyOfAnotherCertificateIsRefused() throws Exception {
    made.client("other");

    assertRefused(files("server", "other"), "does not belong to the certificate");
  }

  @Test
  void missingFileIsNamed() {
    Path missing = folder.resolve("missing.pem");
    var files = new CertificateFiles(missing, made.key("server"), null);

    assertRefused(files, "cannot read the certificate " + missing);
  }

  @Test
  void fileOfAnotherKindIsNamed() {
    var files = new CertificateFiles(made.key("server"), made.key("server"), null);

    assertRefused(files, made.key("server") + " has no certificate in PEM form");
  }

  @Test
  void keyWithAPasswordIsRefusedWithTheWayOut() throws Exception {
    Path locked = folder.resolve("locked.pem");
    String key = made.key("server").toString();
    run("openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked.toString());

    assertRefused(
        new CertificateFiles(made.certificate("server"), locked, null), "openssl pkey -in");
  }

  @Test
  void damagedCertificateIsRefused() throws Exception {
    Path damaged = folder.resolve("damaged.pem");
    Files.writeString(
        damaged, Files.readString(made.certificate("server")).replaceFirst("MII", "AAA"));

    assertRefused(new CertificateFiles(damaged, made.key("server"), null), "is damaged");
  }

  /** What a copy, an editor or a wrong name makes of the authority's file. */
  enum BrokenAuthority {
    EMPTY,
    CUT_OFF,
    SECOND_CUT_OFF,
    DAMAGED,
    NO_CERTIFICATE,
    END_WITHOUT_BEGINNING,
    WITH_A_KEY,
    KEY_ALONE,
    FOLDER,
    MISSING;

    void make(Path file, String good, String key) throws IOException {
      switch (this) {
        case EMPTY -> Files.writeString(file, "");
        case CUT_OFF -> Files.writeString(file, beginning(good));
        case SECOND_CUT_OFF -> Files.writeString(file, good + beginning(good));
        case DAMAGED -> Files.writeString(file, good.replaceFirst("MII", "AAA"));
        case NO_CERTIFICATE ->
            Files.writeString(
                file, "-----BEGIN CERTIFICATE-----\nno!\n-----END CERTIFICATE-----\n");
        case END_WITHOUT_BEGINNING -> Files.writeString(file, "-----END CERTIFICATE-----\n");
        case WITH_A_KEY -> Files.writeString(file, good + key);
        case KEY_ALONE -> Files.writeString(file, key);
        case FOLDER -> Files.createDirectory(file);
        case MISSING -> {}
      }
    }

    private static String beginning(String text) {
      return text.substring(0, text.length() / 2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBrokenAuthorityOfClientsIsRefusedByItsName(BrokenAuthority broken) throws Exception {
    Path file = folder.resolve("clients.pem");
    broken.make(file, Files.readString(made.authority()), Files.readString(made.key("server")));
    var files = new CertificateFiles(made.certificate("server"), made.key("server"), file);

    String said = assertRefused(files, file.toString());

    assertFalse(said.matches(".*(java|sun)\\..*"), said);
  }

  @Test
  void severalAuthoritiesAreTakenWithWhatStandsBetweenThem() throws Exception {
    TestCertificates.authority(folder, "second");
    Path both = folder.resolve("both.pem");
    Files.writeString(
        both,
        "the first:\n%s\nthe second:\n%s\nno more\n"
            .formatted(
                Files.readString(made.authority()), Files.readString(made.certificate("second"))));

    Certificates read =
        Certificates.read(
            new CertificateFiles(made.certificate("server"), made.key("server"), both));

    assertEquals(List.of(), read.authoritiesThatCannotSign());
  }

  @Test
  void aCertificateOfAClientInPlaceOfItsAuthorityIsTold() throws Exception {
    made.client("alice");
    var files =
        new CertificateFiles(
            made.certificate("server"), made.key("server"), made.certificate("alice"));

    ServerTls tls = ServerTls.open(files, ClientCertificates.REQUIRED, ClientCertificates.OPTIONAL);

    String said = String.join("", tls.complaintsOfAuthorities());
    assertTrue(said.startsWith("CN=alice in " + files.clientAuthority()), said);
  }

  @Test
  void newFilesAreReadOnceTheyStayTheSame() throws Exception {
    made.server("next", "next.example");
    var tls = tls();
    var heard = new Heard();
    var watch = new CertificateWatch(tls, heard);

    replace("next-cert.pem", "server-cert.pem");
    watch.look(); // it has just changed, and the key comes in a moment
    replace("next-key.pem", "server-key.pem");
    watch.look();
    assertEquals(List.of(), heard.said);
    watch.look();
    assertEquals(List.of("in use"), heard.said);
    watch.look();
    assertEquals(List.of("in use"), heard.said);
    watch.close();
  }

  @Test
  void filesThatCannotBeUsedChangeNothingUntilTheyAreMended() throws Exception {
    var tls = tls();
    var before = tls.engine().getSSLParameters().getProtocols();
    var heard = new Heard();
    var watch = new CertificateWatch(tls, heard);
    String good = Files.readString(made.certificate("server"));

    Files.writeString(made.certificate("server"), "nothing");
    watch.look();
    watch.look();
    watch.look();
    assertEquals(1, heard.said.size());
    assertTrue(
        heard.said.getFirst().contains("New clients get the old ones"), heard.said::toString);
    assertEquals(before.length, tls.engine().getSSLParameters().getProtocols().length);

    Files.writeString(made.certificate("server"), good);
    watch.look();
    watch.look();
    assertEquals("in use", heard.said.getLast());
    watch.close();
  }

  @Test
  void anExpiredCertificateDoesNotTakeThePlaceOfAGoodOne() throws Exception {
    made.expired("old", "localhost");
    var tls = tls();
    var heard = new Heard();
    var watch = new CertificateWatch(tls, heard);

    replace("old-cert.pem", "server-cert.pem");
    replace("old-key.pem", "server-key.pem");
    watch.reload();

    assertTrue(heard.said.getFirst().contains("has expired"), heard.said::toString);
    assertTrue(
        heard.said.getFirst().contains("New clients get the old ones"), heard.said::toString);
    watch.close();
  }

  @Test
  void aCertificateWhoseTimeEndsWhileItIsInUseIsToldOnce() throws Exception {
    made.expired("old", "localhost");
    var tls =
        ServerTls.open(
            files("old", "old"), ClientCertificates.REQUIRED, ClientCertificates.OPTIONAL);
    var heard = new Heard();
    var watch = new CertificateWatch(tls, heard);

    watch.look();
    watch.look();

    assertEquals(1, heard.said.size(), heard.said::toString);
    assertTrue(heard.said.getFirst().contains("has expired"), heard.said::toString);
    watch.close();
  }

  @Test
  @Timeout(10)
  void aPipeHoldsNothingUp() throws Exception {
    Path pipe = folder.resolve("pipe.pem");
    run("mkfifo", pipe.toString());

    assertRefused(new CertificateFiles(pipe, made.key("server"), null), "it is not a file");
    assertRefused(
        new CertificateFiles(Path.of("/dev/zero"), made.key("server"), null), "it is not a file");
  }

  @Test
  void aFailureDoesNotEndTheLooks() throws Exception {
    var failing =
        new CertificateWatch.Listener() {
          @Override
          public void broken(Path certificate, String why) {
            throw new IllegalStateException("a bug");
          }

          @Override
          public void inUse(Path certificate) {}
        };
    var watch = new CertificateWatch(tls(), failing);
    Files.writeString(made.certificate("server"), "nothing");

    watch.lookOn();
    watch.lookOn();

    watch.close();
  }

  private ServerTls tls() throws IOException {
    return ServerTls.open(
        files("server", "server"), ClientCertificates.REQUIRED, ClientCertificates.OPTIONAL);
  }

  private CertificateFiles files(String certificate, String key) {
    return new CertificateFiles(made.certificate(certificate), made.key(key), null);
  }

  private void replace(String with, String file) throws IOException {
    Files.move(folder.resolve(with), folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
  }

  private static String assertRefused(CertificateFiles files, String part) {
    String said = assertThrows(IOException.class, () -> Certificates.read(files)).getMessage();
    assertTrue(said.contains(part), said);
    return said;
  }

  private static void run(String... command) throws Exception {
    assertEquals(0, new ProcessBuilder(command).start().waitFor());
  }

  private static final class Heard implements CertificateWatch.Listener {
    final List<String> said = new ArrayList<>();

    @Override
    public void broken(Path certificate, String why) {
      said.add(why);
    }

    @Override
    public void inUse(Path certificate) {
      said.add("in use");
    }
  }
}
