package dev.varve.http.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;

class RedactionTest {

  private static final String SECRET = "Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYm_";

  private final Redaction redaction =
      new Redaction(List.of("hunter2"), List.of("disks.example"), List.of("anna", "root"));

  private void becomes(String expected, String text) {
    assertEquals(expected, redaction.of(text));
  }

  @Test
  void aKnownSecretGoesWhereverItStands() {
    becomes("it is '(removed)!'", "it is 'hunter2!'");
  }

  @Test
  void valuesThatAreCalledSecretGo() {
    becomes("password=(removed), mode=rw", "password=abc, mode=rw");
    becomes("{\"apiToken\" : \"(removed)\",\"a\":1}", "{\"apiToken\" : \"a\\\"b,c\",\"a\":1}");
    becomes("GET /x?token=(removed)&y=1", "GET /x?token=abc&y=1");
    becomes("-Djavax.net.ssl.keyStorePassword=(removed)", "-Djavax.net.ssl.keyStorePassword=pw");
  }

  @Test
  void tokensHashesAndKeysGo() {
    becomes("Bearer (removed) x", "Bearer " + SECRET + " x");
    becomes("\"(token removed)\"", "\"" + SECRET + "\"");
    becomes("(token removed) x", "varve_abcdefg2_" + SECRET + " x");
    becomes("(hash removed)", "0123456789abcdef".repeat(4));
    becomes(
        "a (private key removed) b",
        "a -----BEGIN EC PRIVATE KEY-----\nMHc\nCAQ\n-----END EC PRIVATE KEY----- b");
    becomes("a (private key removed)", "a -----BEGIN PRIVATE KEY-----\ncut");
  }

  @Test
  void whatIsNoSecretStays() {
    for (String text :
        List.of(
            "commit 0123456789abcdef0123456789abcdef01234567",
            "disk 'mail/SATA/0/0' at 2026-01-02T10:20:30.123Z",
            "{\"id\":\"5f0c8f6e-0d6c-4a5c-9b54-6c1f53a3a4a1\",\"hardDisk\":true}",
            "tcp 127.0.0.1:10810 and [::1]:10809, 0.0.0.0",
            "varve_disk_requests_total{disk=\"SATA/0/0\"} 12",
            "at dev.varve.io.chain.LiveChain.read(LiveChain.java:120)")) becomes(text, text);
  }

  @Test
  void peopleHostsAndAddressesGetNamesThatStayTheSame() {
    becomes("http://(removed)@HOST/x", "http://joe:pa:ss@disks.example/x");
    becomes("USER-1 and root on HOST", "anna and root on DISKS.example");
    becomes("/home/USER-1/a.vdi, /home/USER-2/b.vdi", "/home/anna/a.vdi, /home/joe/b.vdi");
    becomes("from ADDRESS-1:4711", "from 192.168.3.4:4711");
    becomes("ADDRESS-2, ADDRESS-1", "10.0.0.7, 192.168.3.4");
    becomes("[ADDRESS-3]:10809", "[fe80::1234:5]:10809");
    becomes("(network card removed)", "08:00:27:ab:cd:ef");
    becomes("(mail address removed)", "joe@corp.example");
  }

  @Test
  void aServerOfTheNetworkHasNoNameInTheListOfMounts() {
    assertEquals(
        "HOST:/vm /srv nfs4 rw,addr=(removed)",
        ProcessFacts.mount("nas:/vm /srv nfs4 rw,addr=10.1.2.3 0 0"));
    assertEquals(
        "//HOST/vm /srv cifs rw,username=(removed)",
        ProcessFacts.mount("//nas/vm /srv cifs rw,username=joe 0 0"));
    assertEquals("/dev/sda1 / ext4 rw", ProcessFacts.mount("/dev/sda1 / ext4 rw 0 0"));
  }

  @Test
  void descriptionsAndPropertiesOfDocumentsAreLeftOut() {
    assertEquals(
        "{\"list\":[{\"description\":\"6 characters, left out\",\"properties\":\"1 values, left out\",\"n\":null}]}",
        ServerDocuments.withoutFreeTexts(
                new JsonObject(
                    "{\"list\":[{\"description\":\"my pin\",\"properties\":{\"a\":\"b\"},\"n\":null}]}"))
            .encode());
  }
}
