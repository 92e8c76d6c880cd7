package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.testing.NeedsTools;
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

/** What happens to an open page: other people, odd names, and a server that is started again. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@NeedsTools({"chromium", "chromedriver"})
class PageLifeTest {

  /** None of them may be taken for markup, or make the page wider than its window. */
  private static final List<String> ODD =
      List.of(
          "<img src=x onerror=document.title='taken'>",
          "\"quotes\" and 'others' & &amp;",
          "\u05e9\u05dc\u05d5\u05dd (ABC)",
          "\ud83e\udd89 owl",
          "x".repeat(200));

  @TempDir static Path folder;

  private OpenedPage page;
  private Browser browser;

  @BeforeAll
  void open() throws Exception {
    page = OpenedPage.ofOwner(folder);
    browser = page.browser();
  }

  @AfterAll
  void close() throws Exception {
    page.close();
  }

  @Test
  @Order(1)
  void namesAreTextWhateverIsInThem() {
    RunningServer server = page.server();
    String machine = ODD.getFirst();
    for (String name : ODD) server.run("machine", "create", name);
    server.run("machine", "controller", "add", machine, "x".repeat(200), "--bus", "SATA");
    for (String name : ODD) {
      server.run("machine", "snapshot", "take", machine, name, "--description", name);
      server.run("machine", "bandwidth", "create", machine, name);
    }

    browser.see("machine-list li:nth-child(5)");
    browser.click(".machine-row:has([title^='<img'])");
    browser.see("h1", machine);
    for (String name : ODD) {
      browser.see("snapshot-tree .name", name);
      browser.see("limit-list h3", name);
    }
    browser.see("storage-list h3", "x".repeat(200));
    browser.inspect("odd-names");
    assertEquals("Varve", browser.title());
    browser.act("limit-list article:last-child", "deleteBandwidthGroup");
    browser.inspect("odd-name-in-dialog");
    browser.confirm();
    browser.seeNo("limit-list article:nth-child(5)");
  }

  @Test
  @Order(2)
  void whatAnotherWindowChangesIsSeen() throws Exception {
    page.server().run("machine", "create", "shared");
    show(browser, "shared");
    try (Browser other = page.another()) {
      show(other, "shared");
      browser.act(".view-head", "lockMachine");
      browser.see(".pending", "Your changes");
      other.see(".pending", "A session holds this machine");

      browser.act("storage-list", "addController");
      browser.enter("name", "SATA");
      browser.enter("bus", "SATA");
      browser.confirm();
      other.see(".changes", "Added: controller SATA");
      other.inspect("held-by-other");

      other.act("pending-changes", "saveSession");
      browser.see(".pending", "Nothing has changed");
      browser.act("pending-changes", "unlockMachine");
      browser.confirm();
      other.seeNo(".pending");
      assertEquals(List.of(), other.complaints());
    }
  }

  private static void show(Browser window, String machine) {
    window.click(".machine-row:has([title=" + machine + "])");
    window.see("h1", machine);
  }

  @Test
  @Order(3)
  void aMachineThatIsGoneIsToldSo() {
    page.server().run("machine", "unregister", "shared");

    browser.see(".detail", "There is no such machine");
    browser.seeNo(".machine-row:has([title=shared])");
    browser.inspect("gone");
  }

  @Test
  @Order(4)
  void aServerThatIsStartedAgainIsFoundAgainAndTheGapIsTold() throws Exception {
    page.stopServer();
    browser.see(".banner.lost", "does not answer");
    browser.inspect("lost");
    page.startServer();
    page.server().run("machine", "create", "new one");

    browser.see(".connection.live");
    browser.seeNo(".banner.lost");
    browser.see("machine-list", "new one");
    browser.click("a[href='#/events']");
    browser.see(".log", "some events were missed");
  }

  @Test
  @Order(5)
  void theConsoleHasNoErrors() {
    assertEquals(List.of(), browser.complaints());
  }
}
