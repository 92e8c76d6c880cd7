package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the page does with drives, flags, limits and images, clicked in Chromium. Each test goes on
 * where the one before has ended.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@NeedsTools({"chromium", "chromedriver", "qemu-io"})
class PageDevicesTest {

  private static final String DISK = "[data-slot='SATA 0:0']";
  private static final String SECOND = "[data-slot='SATA 1:0']";
  private static final String DRIVE = "[data-slot='IDE 0:0']";

  @TempDir static Path folder;

  private OpenedPage page;
  private RunningServer server;
  private Browser browser;

  @BeforeAll
  void open() throws Exception {
    page = OpenedPage.ofOwner(folder);
    server = page.server();
    browser = page.browser();
    server.create("box");
    server.run("medium", "create", folder.resolve("box.vdi"), "--size", "64M");
    server.run("medium", "create", folder.resolve("more.vdi"), "--size", "64M");
    server.run("machine", "attach", "box", "SATA:0", folder.resolve("box.vdi"));
    server.run("medium", "open", sparse("disc.iso", 1 << 20), "--device", "DVD");
    browser.see(DISK, "box.vdi");
  }

  @AfterAll
  void close() throws Exception {
    page.close();
  }

  private static Path sparse(String name, int length) throws IOException {
    Path file = folder.resolve(name);
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(length);
    }
    return file;
  }

  @Test
  @Order(1)
  void aDriveTakesADiscAndGivesItBackWhileTheMachineRuns() {
    browser.act("storage-list", "attach");
    browser.enter("controller", "IDE");
    browser.enter("port", "0");
    browser.enter("type", "DVD");
    browser.see("#action-passthrough");
    browser.seeNo("#action-nonRotational");
    browser.inspect("attach-drive");
    browser.confirm();
    browser.see(DRIVE, "Empty drive");
    browser.act(".view-head", "startMachine");
    browser.see(".state-pill", "Running");

    browser.act(DRIVE, "mount");
    browser.enter("medium", folder.resolve("disc.iso").toString());
    browser.confirm();
    browser.see(DRIVE, "disc.iso");
    assertFalse(server.attachment("box", "IDE", 0).getValue("medium") == null);

    browser.act(DRIVE, "unmount");
    browser.see(DRIVE, "Empty drive");
    assertEquals(null, server.attachment("box", "IDE", 0).getValue("medium"));
  }

  @Test
  @Order(2)
  void aDiskIsAttachedToARunningMachineAndDetachedAgain() throws Exception {
    browser.act("storage-list", "attach");
    browser.enter("port", "1");
    browser.enter("medium", folder.resolve("more.vdi").toString());
    browser.confirm();
    browser.see(SECOND, "more.vdi");
    server.qemuIo(server.uri("box", "SATA", 1), "write -P 1 0 1M");

    browser.act(SECOND + " .disk-row", "detach");
    browser.see("dialog .preview", "What will happen");
    browser.inspect("detach");
    browser.confirm();
    browser.seeNo(SECOND);
    assertTrue(Files.exists(folder.resolve("more.vdi")));
  }

  @Test
  @Order(3)
  void aDiskThatCannotBeDetachedFromARunningMachineSaysSo() {
    browser.act(DISK + " .disk-row", "detach");
    browser.see("dialog [role=alert]", "hot-plug");
    browser.inspect("not-hot-plug");
    browser.click("dialog footer button");
    browser.act(".view-head", "powerDownMachine");
    browser.confirm();
    browser.see(".state-pill", "Powered off");
  }

  @Test
  @Order(4)
  void flagsAreSetAndTakenBackAndOnlyThoseOfTheDevice() {
    browser.act(DISK + " .disk-row", "changeAttachment");
    browser.seeNo("#action-passthrough");
    browser.enter("nonRotational", "true");
    browser.enter("discard", "true");
    browser.enter("hotPluggable", "true");
    browser.inspect("flags");
    browser.confirm();
    browser.see(DISK, "SSD · discard");
    assertTrue(server.attachment("box", "SATA", 0).getBoolean("hotPluggable"));

    browser.act(DISK + " .disk-row", "changeAttachment");
    browser.enter("nonRotational", "false");
    browser.confirm();
    browser.await("no SSD", () -> !browser.textOf(DISK + " .disk-row").contains("SSD"));
    assertTrue(server.attachment("box", "SATA", 0).getBoolean("discard"));
  }

  @Test
  @Order(5)
  void aLimitIsMadeAndDeletedAgain() {
    browser.act("limit-list", "createBandwidthGroup");
    browser.enter("name", "half");
    browser.enter("maxBytesPerSecond", "10M");
    browser.confirm();
    browser.see("[data-group=half] .exact");
    browser.act(DISK + " .disk-row", "changeAttachment");
    browser.enter("bandwidthGroup", "half");
    browser.confirm();
    browser.see(DISK, "limit half");

    browser.act("[data-group=half]", "deleteBandwidthGroup");
    browser.click("dialog button[type=submit]");
    browser.see("dialog [role=alert]");
    browser.inspect("limit-in-use");
    browser.click("dialog .way-out");
    browser.seeNo("dialog[open]");
    browser.act("[data-group=half]", "deleteBandwidthGroup");
    browser.confirm();
    browser.see("limit-list", "No limits");
  }

  @Test
  @Order(6)
  void whatIsDetachedInASessionStaysInUseUntilItIsSaved() {
    browser.act(".view-head", "lockMachine");
    browser.see(".pending", "Nothing has changed");
    browser.act(DISK + " .disk-row", "detach");
    browser.confirm();
    browser.see(".changes", "Removed: SATA 0:0 box.vdi");
    browser.inspect("detach-waits");
    browser.click("a[href='#/media']");
    browser.see("[data-medium] .users", "box");
    browser.click("a[href='#/machines']");

    browser.act("pending-changes", "discardSession");
    browser.see("dialog .preview", "What will happen");
    browser.confirm();
    browser.see(DISK, "box.vdi");
    browser.act("pending-changes", "unlockMachine");
    browser.confirm();
    browser.seeNo(".pending");
  }

  @Test
  @Order(7)
  void imagesAreMergedWhileTheMachineRunsAndWhileItDoesNot() throws Exception {
    server.run("machine", "snapshot", "take", "box", "one");
    server.run("machine", "snapshot", "take", "box", "two");
    browser.see("[data-snapshot=two]");
    browser.act(".view-head", "startMachine");
    browser.see(".state-pill", "Running");
    server.qemuIo(server.uri("box", "SATA", 0), "write -P 3 0 8M");
    browser.inspect("chain");
    browser.act("[data-snapshot=one]", "deleteSnapshot");
    browser.see("dialog .preview", "What will happen");
    browser.confirm();
    browser.seeNo("[data-snapshot=one]");
    server.qemuIo(server.uri("box", "SATA", 0), "read -P 3 0 8M");
    browser.act(".view-head", "powerDownMachine");
    browser.confirm();
    browser.see(".state-pill", "Powered off");

    Path child = folder.resolve("loose.vdi");
    browser.click("a[href='#/media']");
    browser.act(".card[data-path$='more.vdi']", "createChild");
    browser.enter("location", child.toString());
    browser.confirm();
    browser.see(".card[data-path$='loose.vdi']");
    browser.act(".card[data-path$='loose.vdi']", "mergeMedium");
    browser.see("dialog .preview", "What will happen");
    browser.inspect("merge");
    browser.confirm();
    browser.seeNo(".card[data-path$='loose.vdi']");
    browser.await("the merge", () -> Files.notExists(child));
  }

  @Test
  @Order(8)
  void aMachineIsExported() {
    Path file = folder.resolve("box.ova");
    browser.click("a[href='#/machines']");
    browser.act(".view-head", "exportMachine");
    browser.enter("file", file.toString());
    browser.enter("manifest", "true");
    browser.inspect("export");
    browser.confirm();
    browser.click("a[href='#/jobs']");
    browser.see(".job.Done", "box.ova");
    assertTrue(Files.exists(file));

    browser.click("a[href='#/machines']");
    browser.act(".view-head", "exportMachine");
    browser.enter("file", file.toString());
    browser.click("dialog button[type=submit]");
    browser.see("dialog [role=alert]", "box.ova");
    browser.click("dialog footer button");
  }

  @Test
  @Order(9)
  @NeedsTools("losetup")
  void aDriveOfTheHostIsRegisteredAndPassedThrough() throws Exception {
    String loop = loop();
    try {
      browser.click("a[href='#/media']");
      browser.act("[data-drive='" + loop + "']", "openMedium");
      browser.see("[data-drive='" + loop + "']", "registered");
      browser.inspect("host-drives");
      browser.act(".card[data-path='" + loop + "']", "removeMedium");
      browser.see("dialog .preview");
      browser.confirm();
      browser.act("media-list", "openMedium");
      browser.enter("location", loop);
      browser.enter("device", "DVD");
      browser.confirm();
      browser.see(".card[data-path='" + loop + "']", "DVD");

      browser.click("a[href='#/machines']");
      browser.act(DRIVE, "mount");
      browser.enter("medium", loop);
      browser.confirm();
      browser.act(DRIVE, "changeAttachment");
      browser.enter("passthrough", "true");
      browser.confirm();
      browser.see(DRIVE, "passthrough");
      assertTrue(server.attachment("box", "IDE", 0).getBoolean("passthrough"));
      browser.act(DRIVE, "detach");
      browser.confirm();
      browser.seeNo(DRIVE);
    } finally {
      server.tool("losetup", "-d", loop);
    }
  }

  /** A loop device; where the machine allows none, the test is left out. */
  private String loop() throws Exception {
    try {
      return server.tool("losetup", "-f", "--show", sparse("device.img", 16 << 20)).strip();
    } catch (IOException e) {
      assumeTrue(false, "the machine gives no loop device: " + e.getMessage());
      throw e;
    }
  }

  @Test
  @Order(10)
  void theConsoleHasNoErrors() {
    assertEquals(List.of(), browser.complaints());
  }
}
