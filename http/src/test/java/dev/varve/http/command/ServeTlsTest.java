package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve serve} with TLS, and the programs that people use with it. */
@NeedsTools({"openssl", "nbdinfo", "nbdcopy", "qemu-img", "curl"})
class ServeTlsTest {

  @TempDir static Path folder;
  private static TestCertificates made;
  private static Path trusting;
  private static Path alice;

  @BeforeAll
  static void make() throws Exception {
    made = TestCertificates.authority(folder, "ca").client("alice");
    made.server("server", "localhost").server("other", "other.example");
    made.expired("old", "localhost");
    made.server("next", "localhost");
    trusting = made.clientFolder();
    alice = made.clientFolder("alice");
  }

  // ---- NBD

  @Test
  void clientsReadAndWriteUnderTls() throws Exception {
    Path data = folder.resolve("data.raw");
    VarveProcess.tool(folder, "sh", "-c", "head -c 16M /dev/urandom > data.raw");
    try (var server = serve("server", disk("written"))) {
      String uri = uri(server) + "?tls-certificates=" + trusting;

      VarveProcess.tool(folder, "nbdcopy", "data.raw", uri);
      VarveProcess.tool(folder, "nbdcopy", uri, "copy.raw");
      assertEquals(-1, Files.mismatch(data, folder.resolve("copy.raw")));
      VarveProcess.tool(folder, qemuImg("convert", trusting, uri, "qemu.raw"));
      assertEquals(-1, Files.mismatch(data, folder.resolve("qemu.raw")));
      String info = VarveProcess.tool(folder, "nbdinfo", uri);
      assertTrue(info.contains("newstyle-fixed with TLS"), info);
    }
  }

  @Test
  void clientNeedsACertificateOfTheAuthority() throws Exception {
    Path stranger = Files.createDirectories(folder.resolve("stranger"));
    Path mallory =
        TestCertificates.authority(stranger, "x").client("mallory").clientFolder("mallory");
    Files.copy(
        made.authority(), mallory.resolve("ca-cert.pem"), StandardCopyOption.REPLACE_EXISTING);
    try (var server = serve("server", disk("asked"), "--tls-client-ca", "ca-cert.pem")) {
      String uri = uri(server) + "?tls-certificates=";

      String size = VarveProcess.tool(folder, "nbdinfo", "--size", uri + alice);
      assertEquals("16777216", size.strip());
      assertTrue(server.log().await("connected to disk").contains("TLSv1.3, CN=alice)"));
      assertThrows(
          IOException.class, () -> VarveProcess.tool(folder, "nbdinfo", "--size", uri + trusting));
      server.log().await("could not begin TLS: it showed no certificate of an authority");
      assertThrows(
          IOException.class, () -> VarveProcess.tool(folder, "nbdinfo", "--size", uri + mallory));
    }
  }

  @Test
  void clientsRefuseACertificateThatIsOldOrOfAnotherHost() throws Exception {
    for (String name : List.of("other", "old")) {
      try (var server = serve(name, disk(name))) {
        String uri = uri(server) + "?tls-certificates=" + trusting;

        assertThrows(IOException.class, () -> VarveProcess.tool(folder, "nbdinfo", "--size", uri));
        if (name.equals("old")) server.log().await("has expired");
      }
    }
  }

  @Test
  void otherHostsNeedTlsOrAFlagThatNamesTheRisk() throws Exception {
    String disk = disk("open");
    try (var server = VarveProcess.start(folder, "serve", disk, "--tcp", "0.0.0.0:0")) {
      assertEquals(2, server.exitStatus());
      String said = server.errors();
      assertTrue(said.contains("--tls-certificate and --tls-key"), said);
      assertTrue(said.contains("--allow-unencrypted-nbd"), said);
    }
    try (var server =
        VarveProcess.start(
            folder, "serve", disk, "--tcp", "0.0.0.0:0", "--allow-unencrypted-nbd")) {
      server.line();
      server.log().await("can read and write these disks: NBD without TLS has no authentication");
    }
  }

  @Test
  void newCertificateIsForNewClientsWhileOthersGoOn() throws Exception {
    for (String name : List.of("cert", "key"))
      Files.copy(folder.resolve("other-" + name + ".pem"), folder.resolve("live-" + name + ".pem"));
    try (var server = serve("live", disk("copied"))) {
      String uri = uri(server) + "?tls-certificates=" + trusting;
      assertThrows(IOException.class, () -> VarveProcess.tool(folder, "nbdinfo", "--size", uri));
      for (String name : List.of("cert", "key"))
        Files.copy(
            folder.resolve("next-" + name + ".pem"),
            folder.resolve("live-" + name + ".pem"),
            StandardCopyOption.REPLACE_EXISTING);
      server.log().await("new clients get another certificate: CN=localhost");

      VarveProcess.tool(folder, "nbdinfo", "--size", uri);
      Files.writeString(folder.resolve("live-cert.pem"), "nothing");
      server.log().await("New clients get the old ones");
      VarveProcess.tool(folder, "nbdinfo", "--size", uri);
    }
  }

  // ---- HTTP

  @Test
  void apiSpeaksTlsWithTheSameCertificate() throws Exception {
    try (var server =
        VarveProcess.start(
            folder,
            "serve",
            "--state",
            "state",
            "--api-tcp",
            "0.0.0.0:0",
            "--tls-certificate",
            made.certificate("server").toString(),
            "--tls-key",
            made.key("server").toString(),
            "--tls-client-ca",
            made.authority().toString())) {
      String started = server.log().await("has started");
      String port = started.replaceFirst("(?s).*https://0.0.0.0:(\\d+)/.*", "$1");
      String url = "https://localhost:" + port + "/api/v1/machines";
      String token = Files.readString(folder.resolve("state/token")).strip();
      List<String> curl = new ArrayList<>(List.of("curl", "-sS", "--cacert", "ca-cert.pem"));
      curl.addAll(List.of("-H", "Authorization: Bearer " + token, url));

      String said = VarveProcess.tool(folder, curl.toArray(String[]::new));
      assertTrue(said.contains("\"machines\""), said);
      String refused = VarveProcess.tool(folder, "curl", "-sS", "--cacert", "ca-cert.pem", url);
      assertTrue(refused.contains("401"), refused);
      assertThrows(IOException.class, () -> VarveProcess.tool(folder, "curl", "-sS", url));
      curl.addAll(List.of("--tls-max", "1.1"));
      assertThrows(IOException.class, () -> VarveProcess.tool(folder, curl.toArray(String[]::new)));
    }
  }

  @Test
  void apiIsForThisMachineOnlyWithoutTls() throws Exception {
    try (var server =
        VarveProcess.start(folder, "serve", "--state", "state2", "--api-tcp", "0.0.0.0:0")) {
      assertEquals(2, server.exitStatus());
      String said = server.errors();
      assertTrue(said.contains("--tls-certificate"), said);
    }
  }

  /** An image for one test. */
  private static String disk(String name) {
    ImageTool.image("create", "--size", "16M", folder.resolve(name + ".vdi"));
    return name + ".vdi";
  }

  private static VarveProcess serve(String certificate, String disk, String... more)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("serve", disk, "--tcp", "127.0.0.1:0"));
    arguments.addAll(List.of("--name", "disk", "--tls-certificate", certificate + "-cert.pem"));
    arguments.addAll(List.of("--tls-key", certificate + "-key.pem"));
    arguments.addAll(List.of(more));
    return VarveProcess.start(folder, arguments.toArray(String[]::new));
  }

  /** Of the disk, by the host's name, which is in the certificate. */
  private static String uri(VarveProcess server) throws IOException {
    server.line();
    return server.line().strip().replace("127.0.0.1", "localhost");
  }

  private static String[] qemuImg(String what, Path certificates, String uri, String target) {
    String port = uri.replaceFirst(".*:(\\d+)/.*", "$1");
    return new String[] {
      "qemu-img",
      what,
      "--object",
      "tls-creds-x509,id=t,endpoint=client,dir=" + certificates,
      "--image-opts",
      "driver=nbd,host=localhost,export=disk,tls-creds=t,port=" + port,
      target
    };
  }
}
