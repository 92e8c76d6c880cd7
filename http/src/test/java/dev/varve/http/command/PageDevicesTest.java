package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What the page does with drives, flags, limits and images. */
@NeedsTools({"chromium", "chromedriver", "qemu-io"})
class PageDevicesTest extends PageStory {

  private Path disc;
  private Path more;

  @BeforeAll
  void signInToAMachine() throws Exception {
    page.signIn(server.ownersToken());
    server.createWithDisk("box", "64M");
    more = folder.resolve("more.vdi");
    disc = sparse("disc.iso", 1 << 20);
    server.run("medium", "create", more, "--size", "64M");
    server.run("medium", "open", disc, "--device", "DVD");
    disk().shows("box.vdi");
  }

  private Part disk() {
    return page.slot("SATA 0:0");
  }

  private Part drive() {
    return page.slot("IDE 0:0");
  }

  private Path sparse(String name, int length) throws IOException {
    Path file = folder.resolve(name);
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(length);
    }
    return file;
  }

  @Test
  @Order(1)
  void aDriveTakesADiscAndGivesItBackWhileTheMachineRuns() {
    Dialog form = page.storage().press("attach").enter("controller", "IDE"); // its first free slot
    form.enter("type", "DVD").has("passthrough").hasNo("nonRotational");
    form.looksRight("attach-drive").confirm();
    drive().shows("Empty drive");
    page.start();

    drive().carryOut("mount", "medium", disc.toString());
    drive().shows("disc.iso");
    assertNotNull(server.attachment("box", "IDE", 0).getValue("medium"));

    drive().press("unmount");
    drive().shows("Empty drive");
    assertNull(server.attachment("box", "IDE", 0).getValue("medium"));
  }

  @Test
  @Order(2)
  void aDiskIsAttachedToARunningMachineAndDetachedAgain() throws Exception {
    page.storage().carryOut("attach", "port", "1", "medium", more.toString());
    Part second = page.slot("SATA 1:0").shows("more.vdi");
    server.qemuIo(server.uri("box", "SATA", 1), "write -P 1 0 1M");

    second.press("detach").foreseesWhatWillHappen().looksRight("detach").confirm();
    second.isGone();
    assertTrue(Files.exists(more));
  }

  @Test
  @Order(3)
  void aDiskThatCannotBeDetachedFromARunningMachineSaysSo() {
    disk().press("detach").isRefused("hot-plug").looksRight("not-hot-plug").close();
    page.powerDown();
  }

  @Test
  @Order(4)
  void flagsAreSetAndTakenBackAndOnlyThoseOfTheDevice() {
    Dialog form = disk().press("changeAttachment").hasNo("passthrough");
    form.enter("nonRotational", "true").enter("discard", "true").enter("hotPluggable", "true");
    form.looksRight("flags").confirm();
    disk().shows("SSD · discard");
    assertTrue(server.attachment("box", "SATA", 0).getBoolean("hotPluggable"));

    disk().carryOut("changeAttachment", "nonRotational", "false");
    disk().showsNoMore("SSD");
    assertTrue(server.attachment("box", "SATA", 0).getBoolean("discard"));
  }

  @Test
  @Order(5)
  void aLimitIsMadeAndDeletedAgain() {
    page.limits().carryOut("createBandwidthGroup", "name", "half", "maxBytesPerSecond", "10M");
    Part half = page.limit("half").isThere();
    disk().carryOut("changeAttachment", "bandwidthGroup", "half");
    disk().shows("limit half");

    Dialog dialog = half.press("deleteBandwidthGroup").submit().isRefused();
    dialog.looksRight("limit-in-use").takeWayOut().isClosed();
    half.carryOut("deleteBandwidthGroup");
    page.limits().shows("No limits");
  }

  @Test
  @Order(6)
  void whatIsDetachedInASessionStaysInUseUntilItIsSaved() {
    page.machine().press("lockMachine");
    page.session().shows("Nothing has changed");
    disk().carryOut("detach");
    page.session().shows("Removed: SATA 0:0 box.vdi");
    page.looksRight("detach-waits");
    page.goTo("media");
    page.medium("box.vdi").part(".users").shows("box");
    page.goTo("machines");

    page.session().press("discardSession").foreseesWhatWillHappen().confirm();
    disk().shows("box.vdi");
    page.session().carryOut("unlockMachine");
    page.session().isGone();
  }

  @Test
  @Order(7)
  void imagesAreMergedWhileTheMachineRuns() throws Exception {
    server.run("machine", "snapshot", "take", "box", "one");
    server.run("machine", "snapshot", "take", "box", "two");
    page.snapshot("two").isThere();
    page.start();
    server.qemuIo(server.uri("box", "SATA", 0), "write -P 3 0 8M");
    page.looksRight("chain");

    page.snapshot("one").press("deleteSnapshot").foreseesWhatWillHappen().confirm();
    page.snapshot("one").isGone();
    server.qemuIo(server.uri("box", "SATA", 0), "read -P 3 0 8M");
    page.powerDown();
  }

  @Test
  @Order(8)
  void imagesAreMergedThatNoMachineUses() {
    Path loose = folder.resolve("loose.vdi");
    page.goTo("media");
    page.medium("more.vdi").carryOut("createChild", "location", loose.toString());
    Part child = page.medium("loose.vdi").isThere();

    child.press("mergeMedium").foreseesWhatWillHappen().looksRight("merge").confirm();
    child.isGone();
    page.window().await("the merge", () -> Files.notExists(loose));
  }

  @Test
  @Order(9)
  void aJobOfThisWindowThatFailsIsToldAtAnyPlaceUntilTheUserDismissesIt() throws Exception {
    Page other = anotherPage().signIn(server.ownersToken());
    other.goTo("jobs");
    page.medium("more.vdi").carryOut("cloneMedium", "location", "/proc/copy.vdi");
    page.goTo("machines");

    page.failedJobs().part("[role=alert]").shows("more.vdi").shows("/proc/copy.vdi");
    page.looksRight("failed-job");
    other.part(".job.Failed").shows("/proc/copy.vdi");
    assertFalse(other.window().sees("failed-jobs [role=alert]"));

    page.failedJobs().part("[aria-label^=Dismiss]").click();
    page.failedJobs().part("[role=alert]").isGone();
  }

  @Test
  @Order(10)
  void aMachineIsExported() {
    String file = folder.resolve("box.ova").toString();
    page.goTo("machines");
    Dialog form = page.machine().press("exportMachine").enter("file", file);
    form.enter("manifest", "true").looksRight("export").confirm();
    page.goTo("jobs");
    page.part(".job.Done").shows("box.ova");
    assertTrue(Files.exists(Path.of(file)));

    page.goTo("machines");
    Dialog again = page.machine().press("exportMachine").enter("file", file);
    again.submit().isRefused("box.ova").close();
  }

  @Test
  @Order(11)
  @NeedsTools("losetup")
  void aDriveOfTheHostIsRegisteredAndPassedThrough() throws Exception {
    String loop = loop();
    try {
      page.goTo("media");
      page.drive(loop).press("openMedium");
      page.drive(loop).shows("registered");
      page.looksRight("host-drives");
      page.medium(loop).press("removeMedium").foreseesWhatWillHappen().confirm();
      page.media().carryOut("openMedium", "location", loop, "device", "DVD");
      page.medium(loop).shows("DVD");

      page.goTo("machines");
      drive().carryOut("mount", "medium", loop);
      drive().carryOut("changeAttachment", "passthrough", "true");
      drive().shows("passthrough");
      assertTrue(server.attachment("box", "IDE", 0).getBoolean("passthrough"));
      drive().carryOut("detach");
      drive().isGone();
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
}
