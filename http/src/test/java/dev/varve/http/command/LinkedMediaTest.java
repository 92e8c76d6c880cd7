package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A symbolic link to an image stands for the image, in every command of the real program. */
class LinkedMediaTest {

  @TempDir Path temporary;
  private Path folder;
  private Path real;
  private Path link;
  private RunningServer server;

  @BeforeEach
  void anImageAndALinkToIt() throws IOException {
    folder = temporary.toRealPath();
    real = folder.resolve("real.vdi");
    link = folder.resolve("link.vdi");
    ImageTool.image("create", real, "--size", "8M");
    Files.createSymbolicLink(link, Path.of("real.vdi"));
    server = RunningServer.start(folder);
  }

  @AfterEach
  void stop() throws Exception {
    server.stop();
    server.close();
  }

  @Test
  void everyCommandFindsTheMediumByItsLink() {
    JsonObject opened = server.run("medium", "open", link);

    assertEquals(real.toString(), opened.getString("location"));
    assertEquals(opened.getString("id"), server.run("medium", "show", link).getString("id"));
    assertEquals("clean", server.run("medium", "check", link).getString("status"));
    server.run("medium", "set", link, "--type", "immutable");
    server.run("medium", "set", link, "--type", "normal");
    server.create("mail");
    server.run("machine", "attach", "mail", "SATA:0", link);
    assertEquals(opened.getString("id"), server.attachment("mail", "SATA", 0).getString("medium"));
  }

  @Test
  void deletingALinkedMediumDeletesTheImageAndSaysThatTheLinkStays() throws IOException {
    server.run("medium", "open", link);

    JsonObject answer = server.run("medium", "delete", link);

    assertFalse(Files.exists(real));
    assertTrue(Files.isSymbolicLink(link));
    String warning = answer.getJsonArray("warnings").getString(0);
    assertTrue(warning.contains(real.toString()), warning);
    assertTrue(warning.contains("the link is still there"), warning);
    assertEquals(0, server.run("medium", "list").getJsonArray("media").size());
  }

  @Test
  void aMediumWhoseImageIsGoneIsClosedByItsLink() throws IOException {
    server.run("medium", "open", link);
    Files.delete(real);

    server.run("medium", "close", link);

    assertEquals(0, server.run("medium", "list").getJsonArray("media").size());
    assertTrue(Files.exists(link, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void imagesOfAChainMayAllBeNamedByLinks() throws Exception {
    server.run("medium", "open", link);
    Path top = folder.resolve("top.vdi");
    JsonObject made = server.run("medium", "diff", link, top);
    Path linkToTop = Files.createSymbolicLink(folder.resolve("a.vdi"), top);
    assertEquals(made.getString("id"), server.run("medium", "open", linkToTop).getString("id"));
    server.create("mail");
    server.run("machine", "attach", "mail", "SATA:0", linkToTop);
    server.run("machine", "start", "mail");
    server.qemuIo(server.uri("mail", "SATA", 0), "write -P 7 0 64k");
    server.run("machine", "powerdown", "mail");
    server.run("machine", "detach", "mail", "SATA:0");

    server.run("medium", "merge", linkToTop, link);

    assertFalse(Files.exists(top));
    assertTrue(Files.isSymbolicLink(linkToTop));
    Path raw = folder.resolve("disk.raw");
    server.run("medium", "clone", link, raw, "--format", "raw");
    assertEquals(7, Files.readAllBytes(raw)[0]);
  }
}
