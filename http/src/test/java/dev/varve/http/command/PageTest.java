package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page in Chromium, of a server that serves a real machine on real files: from an empty list to
 * a disk that was written, limited, brought back and powered down. Each test goes on where the one
 * before has ended. Screenshots are in {@code target/screenshots}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@NeedsTools({"chromium", "chromedriver", "fio", "qemu-io"})
class PageTest {

  private static final long MIB = 1 << 20;
  private static final String DISK = "[data-slot='SATA 0:0']";

  @TempDir static Path folder;

  private OpenedPage page;
  private RunningServer server;
  private Browser browser;

  @BeforeAll
  void open() throws Exception {
    page = OpenedPage.of(folder);
    server = page.server();
    browser = page.browser();
  }

  @AfterAll
  void close() throws Exception {
    page.close();
  }

  @Test
  @Order(1)
  void asksForTheTokenAndTakesNoOther() throws Exception {
    browser.see("#token").sendKeys("not-the-token");
    browser.click("button[type=submit]");
    browser.see("[role=alert]");
    browser.inspect("sign-in");

    assertEquals("", browser.see("#token").getAttribute("value"));
    page.enter(page.ownersToken());

    browser.see("machine-list", "No machines yet");
    browser.see(".connection.live");
    browser.inspect("empty");
  }

  @Test
  @Order(2)
  void makesAMachineWithADisk() {
    browser.act("machine-list", "createMachine");
    browser.enter("name", "web");
    browser.confirm();
    browser.see("h1", "web");
    browser.act("machine-list", "createMachine");
    browser.enter("name", "alone");
    browser.confirm();
    browser.see("h1", "alone");
    browser.click("a[href='#/events']");
    browser.click("a[href='#/machines']");
    browser.see("h1", "alone");
    browser.act(".view-head", "unregisterMachine");
    browser.confirm();
    browser.see("h1", "web");

    browser.act("storage-list", "addController");
    browser.enter("name", "SATA");
    browser.enter("bus", "SATA");
    browser.inspect("form");
    browser.confirm();
    browser.see(".controller-head", "SATA");

    browser.click("a[href='#/media']");
    browser.act("media-list", "createMedium");
    browser.enter("location", folder.resolve("web.vdi").toString());
    browser.enter("capacity", "256M");
    browser.confirm();
    browser.see(".card.medium", "web.vdi");
    browser.inspect("media");

    browser.click("a[href='#/machines']");
    browser.act("storage-list", "attach");
    browser.enter("medium", folder.resolve("web.vdi").toString());
    browser.confirm();
    browser.see(DISK, "web.vdi");
  }

  @Test
  @Order(3)
  void changesOfASessionWaitInAListUntilTheyAreSaved() {
    browser.act(".view-head", "lockMachine");
    browser.see(".pending", "Nothing has changed");
    browser.act("limit-list", "createBandwidthGroup");
    browser.enter("name", "slow");
    browser.confirm();
    browser.act(DISK + " .disk-row", "changeAttachment");
    browser.enter("bandwidthGroup", "slow");
    browser.confirm();
    browser.see(".changes", "Added: limit slow");
    browser.see(".changes", "bandwidth group none → slow");
    browser.inspect("pending");

    browser.act("pending-changes", "saveSession");
    browser.see(".pending", "Nothing has changed");
    browser.act("pending-changes", "unlockMachine");
    browser.confirm();

    browser.seeNo(".pending");
    assertEquals("slow", server.attachment("web", "SATA", 0).getString("bandwidthGroup"));
  }

  @Test
  @Order(4)
  void theGraphMovesWhileADiskIsWrittenAndDropsWhenItIsLimited() throws Exception {
    browser.act(".view-head", "startMachine");
    browser.see(".state-pill", "Running");
    String uri = server.uri("web", "SATA", 0);
    server.qemuIo(uri, "write -P 1 0 4M");
    Process load =
        new ProcessBuilder(
                "fio",
                "--name=load",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--rw=randrw",
                "--bs=64k",
                "--iodepth=8",
                "--offset=64M",
                "--size=128M",
                "--time_based",
                "--runtime=60")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      browser.await("a rate", () -> rate() > 12 * MIB);
      browser.type("[data-group=slow] .exact", "2M");
      browser.await("a low rate", () -> rate() > 0 && rate() < 3 * MIB);
      browser.see(DISK, "limited");
      browser.see("[data-group=slow]", "requests wait");
      browser.inspect("running");

      browser.click("a[href='#/clients']");
      browser.see("client-list", "fio");
      browser.inspect("clients");
      browser.act("client-list", "disconnectClient");
      browser.confirm();
      browser.seeNo("client-list .card");
    } finally {
      load.destroy();
      load.waitFor();
    }
    browser.click("a[href='#/machines']");
  }

  /** What the row of the disk says that passes now, in bytes each second. */
  private long rate() {
    Matcher found =
        Pattern.compile("([0-9.]+) ([KMG]?)i?B/s").matcher(browser.textOf(DISK + " .figures"));
    if (!found.find()) return 0;
    double unit =
        switch (found.group(2)) {
          case "K" -> 1 << 10;
          case "M" -> 1 << 20;
          case "G" -> 1 << 30;
          default -> 1;
        };
    return (long) (Double.parseDouble(found.group(1)) * unit);
  }

  @Test
  @Order(5)
  void aRefusalShowsWhatBlocksAndTheWayOutAsAButton() throws Exception {
    browser.act("snapshot-tree", "takeSnapshot");
    browser.enter("name", "before");
    browser.confirm();
    browser.see("[data-snapshot=before]");
    server.qemuIo(server.uri("web", "SATA", 0), "write -P 2 0 4M");

    browser.act("[data-snapshot=before]", "restoreSnapshot");
    browser.see("dialog [role=alert]", "Running");
    browser.inspect("refused");
    browser.click("dialog .way-out");
    browser.see("dialog h2", "Power");
    browser.confirm();

    browser.see(".state-pill", "Powered off");
  }

  @Test
  @Order(6)
  void whatDestroysSaysFirstWhatItWillDo() throws Exception {
    browser.act("[data-snapshot=before]", "restoreSnapshot");
    browser.see("dialog .preview", "What will happen");
    browser.see("dialog .preview", "Cannot be undone");
    browser.inspect("restore");
    browser.confirm();
    browser.act(".view-head", "startMachine");
    browser.see(".state-pill", "Running");
    String said = server.qemuIo(server.uri("web", "SATA", 0), "read -P 1 0 4M");
    assertTrue(!said.contains("Pattern verification failed"), said);

    browser.act(".view-head", "powerDownMachine");
    browser.confirm();
    browser.see(".state-pill", "Powered off");
    browser.act("[data-snapshot=before]", "deleteSnapshot");
    browser.confirm();
    browser.seeNo("[data-snapshot=before]");
    browser.click("a[href='#/jobs']");
    browser.see(".job.Done");
    browser.inspect("jobs");
    browser.click("a[href='#/events']");
    browser.see(".log", "web: running");
    browser.see(".log", "disk web/SATA/0/0 is served");
    browser.see(".log", "connected to web/SATA/0/0");
    browser.see(".log", "left web/SATA/0/0");
    browser.inspect("events");
    browser.click("a[href='#/machines']");
    browser.see("h1", "web");
    browser.inspect("stopped");
  }

  @Test
  @Order(7)
  void theSessionOfAnotherProgramIsEndedWhereItBlocks() {
    server.run("machine", "session", "lock", "web");
    browser.see(".pending", "A session holds this machine");

    browser.act(".view-head", "startMachine");
    browser.see("dialog [role=alert]");
    browser.inspect("held");
    browser.click("dialog .way-out");
    browser.see("dialog h2", "End the session");
    browser.inspect("way-out");
    browser.confirm();

    browser.seeNo(".pending");
    assertEquals(0, server.run("machine", "session", "list").getJsonArray("sessions").size());
  }

  @Test
  @Order(8)
  void aTokenThatMayOnlyScrapeIsToldSo() {
    page.enter(page.token("metrics"));

    browser.see("sign-in [role=alert]", "This token may only read the metrics");
    browser.inspect("scraper");
  }

  @Test
  @Order(9)
  void noOtherHostWasAskedAndTheConsoleHasNoErrors() {
    assertEquals(Set.of(server.page().replaceAll("/$", "")), browser.asked());
    assertEquals(List.of(), browser.complaints());
  }
}
