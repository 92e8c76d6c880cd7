package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * The page of a server that serves a real machine on real files: from an empty list to a disk that
 * was written, limited, brought back and powered down.
 */
@NeedsTools({"chromium", "chromedriver", "fio", "qemu-io"})
class PageTest extends PageStory {

  private static final long MIB = 1 << 20;
  private static final Pattern RATE = Pattern.compile("([0-9.]+) ([KMG]?)i?B/s");

  @Test
  @Order(1)
  void asksForTheTokenAndTakesNoOther() throws Exception {
    page.signIn().shows("~/.local/state/varve/token").shows("/var/lib/varve/token");
    assertEquals(List.of(), page.asked("/api/"));
    page.tryToken("not-the-token");
    page.signIn().part("[role=alert]").isThere();
    page.looksRight("sign-in");

    assertEquals("", page.enteredToken());
    page.signIn(server.ownersToken());

    page.machines().shows("No machines yet");
    page.looksRight("empty");
  }

  @Test
  @Order(2)
  void makesAMachineWithADisk() {
    for (String name : List.of("web", "alone")) {
      page.machines().carryOut("createMachine", "name", name);
      page.showsMachine(name);
    }
    page.goTo("events");
    page.goTo("machines");
    page.showsMachine("alone");
    page.machine().carryOut("unregisterMachine");
    page.showsMachine("web");

    Dialog form = page.storage().press("addController");
    form.enter("name", "SATA").enter("bus", "SATA").looksRight("form").confirm();
    page.part(".controller-head").shows("SATA");

    String image = folder.resolve("web.vdi").toString();
    page.goTo("media");
    page.media().carryOut("createMedium", "location", image, "capacity", "256M");
    page.medium("web.vdi").isThere();
    page.looksRight("media");

    page.goTo("machines");
    page.storage().carryOut("attach", "medium", image);
    disk().shows("web.vdi");
  }

  private Part disk() {
    return page.slot("SATA 0:0");
  }

  @Test
  @Order(3)
  void changesOfASessionWaitInAListUntilTheyAreSaved() {
    page.machine().press("lockMachine");
    page.session().shows("Nothing has changed");
    page.limits().carryOut("createBandwidthGroup", "name", "slow");
    disk().carryOut("changeAttachment", "bandwidthGroup", "slow");
    page.session().shows("Added: limit slow").shows("bandwidth group none → slow");
    page.looksRight("pending");

    page.session().press("saveSession");
    page.session().shows("Nothing has changed");
    page.session().carryOut("unlockMachine");

    page.session().isGone();
    assertEquals("slow", server.attachment("web", "SATA", 0).getString("bandwidthGroup"));
  }

  @Test
  @Order(4)
  void theGraphMovesWhileADiskIsWrittenAndDropsWhenItIsLimited() throws Exception {
    page.start();
    server.qemuIo(uri(), "write -P 1 0 4M");
    Process load = load();
    try {
      page.window().await("a high rate", () -> rate() > 12 * MIB);
      page.type("[data-group=slow] .exact", "2M");
      page.window().await("a low rate", () -> rate() > 0 && rate() < 3 * MIB);
      disk().shows("limited");
      page.limit("slow").shows("requests wait");
      page.looksRight("running");

      page.goTo("clients");
      Part clients = page.part("client-list").shows("fio");
      page.looksRight("clients");
      clients.carryOut("disconnectClient");
      clients.part(".card").isGone();
    } finally {
      load.destroy();
      load.waitFor();
    }
    page.goTo("machines");
  }

  private String uri() {
    return server.uri("web", "SATA", 0);
  }

  /** A client that reads and writes as fast as it may. */
  private Process load() throws IOException {
    return new ProcessBuilder(
            "fio",
            "--name=load",
            "--ioengine=nbd",
            "--uri=" + uri(),
            "--rw=randrw",
            "--bs=64k",
            "--iodepth=8",
            "--offset=64M",
            "--size=128M",
            "--time_based",
            "--runtime=600")
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** What the row of the disk says that passes now, in bytes each second. */
  private long rate() {
    Matcher found = RATE.matcher(disk().part(".figures").text());
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
    page.snapshots().carryOut("takeSnapshot", "name", "before");
    page.snapshot("before").isThere();
    server.qemuIo(uri(), "write -P 2 0 4M");

    Dialog dialog = page.snapshot("before").press("restoreSnapshot");
    dialog.isRefused("Running").looksRight("refused").takeWayOut().isAbout("Power").confirm();

    page.state().shows("Powered off");
  }

  @Test
  @Order(6)
  void whatDestroysSaysFirstWhatItWillDo() throws Exception {
    Dialog dialog = page.snapshot("before").press("restoreSnapshot");
    dialog.foreseesWhatWillHappen().foresees("Cannot be undone").looksRight("restore").confirm();
    page.start();
    String said = server.qemuIo(uri(), "read -P 1 0 4M");
    assertFalse(said.contains("Pattern verification failed"), said);
  }

  @Test
  @Order(7)
  void whatHasHappenedIsInTheLists() {
    page.powerDown();
    page.snapshot("before").carryOut("deleteSnapshot");
    page.snapshot("before").isGone();

    page.goTo("jobs");
    page.part(".job.Done").isThere();
    page.looksRight("jobs");
    page.goTo("events");
    page.part(".log")
        .shows("web: running")
        .shows("disk web/SATA/0/0 is served")
        .shows("connected to web/SATA/0/0")
        .shows("left web/SATA/0/0");
    page.looksRight("events");
    page.goTo("machines");
    page.showsMachine("web");
    page.looksRight("stopped");
  }

  @Test
  @Order(8)
  void theSessionOfAnotherProgramIsEndedWhereItBlocks() {
    server.run("machine", "session", "lock", "web");
    page.session().shows("A session holds this machine");

    Dialog dialog = page.machine().press("startMachine");
    dialog.isRefused().looksRight("held").takeWayOut();
    dialog.isAbout("End the session").looksRight("way-out").confirm();

    page.session().isGone();
    assertEquals(0, server.run("machine", "session", "list").getJsonArray("sessions").size());
  }

  @Test
  @Order(9)
  void aTokenThatMayOnlyScrapeIsToldSo() {
    page.tryToken(server.token("metrics"));

    page.signIn().part("[role=alert]").shows("This token may only read the metrics");
    page.looksRight("scraper");
  }
}
