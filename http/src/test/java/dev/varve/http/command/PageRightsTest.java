package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

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

/** The page for people who may not do everything: who gets a token, and what it shows them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@NeedsTools({"chromium", "chromedriver"})
class PageRightsTest {

  private static final String MINE = "[href*='#/machines/']:has(.name[title=mine])";
  private static final String OTHERS = "[href*='#/machines/']:has(.name[title=theirs])";

  @TempDir static Path folder;

  private OpenedPage page;
  private RunningServer server;
  private Browser browser;
  private String secret;

  @BeforeAll
  void open() throws Exception {
    page = OpenedPage.ofOwner(folder);
    server = page.server();
    browser = page.browser();
    for (String machine : List.of("mine", "theirs")) {
      server.create(machine);
      Path disk = folder.resolve(machine + ".vdi");
      server.run("medium", "create", disk, "--size", "16M");
      server.run("machine", "attach", machine, "SATA:0", disk);
      server.run("machine", "bandwidth", "create", machine, "slow", "--max-bytes-per-second", "5M");
      server.run("machine", "snapshot", "take", machine, "first");
    }
    browser.see(MINE);
    browser.see(OTHERS);
  }

  @AfterAll
  void close() throws Exception {
    page.close();
  }

  @Test
  @Order(1)
  void aTokenIsMadeAndShownOnce() {
    browser.click("a[href='#/tokens']");
    browser.see("token-list", "No tokens yet");
    browser.act("token-list", "createToken");
    browser.enter("name", "the <i>deputy</i>");
    browser.seeNo("#action-machines-0");
    browser.enter("scope", "operate");
    browser.click("#action-machines-0");
    browser.enter("expiresInSeconds", "86400");
    browser.inspect("new-token");
    browser.click("dialog button[type=submit]");
    browser.see("dialog .secret");
    browser.inspect("token");
    secret = browser.textOf("dialog .secret code");
    browser.click("dialog footer button");
    browser.seeNo("dialog[open]");

    browser.see("[data-token]", "the <i>deputy</i>");
    browser.see("[data-token]", "mine");
    browser.inspect("tokens");
    assertFalse(browser.source().contains(secret));
  }

  @Test
  @Order(2)
  void whatATokenOfOneMachineMayNotDoCannotBePressed() {
    page.signIn(secret);
    browser.see(".rights", "1 machine");
    browser.seeNo("a[href='#/tokens']");

    browser.click(MINE);
    browser.see("h1", "mine");
    assertEquals(
        List.of("exportMachine", "reloadMachine", "unregisterMachine"),
        browser.refused(".view-head"));
    assertEquals(List.of(), browser.refused("storage-list .disk-row"));
    assertEquals(List.of(), browser.refused("snapshot-tree [data-operation=restoreSnapshot]"));
    assertEquals(List.of(), browser.refused("limit-list"));
    browser.see("limit-slider .exact:enabled");
    browser.inspect("operator");

    browser.click(OTHERS);
    browser.see("h1", "theirs");
    browser.see("snapshot-tree [data-operation]");
    assertEquals(List.of(), browser.allowed("machine-view", "checkMedium"));
    browser.see("limit-slider .exact:disabled");
    browser.inspect("not-operator");
    browser.click(".view-head [data-operation=startMachine]");
    browser.see(".notice", "Your token is for mine only");
  }

  @Test
  @Order(3)
  void itsMachineIsOperated() {
    browser.click(MINE);
    browser.see("h1", "mine");
    browser.act(".view-head", "startMachine");
    browser.see(".state-pill", "Running");
    browser.act(".view-head", "powerDownMachine");
    browser.confirm();
    browser.see(".state-pill", "Powered off");
    browser.click("a[href='#/media']");
    browser.see(".card.medium");
    browser.see("media-list [data-operation=createMedium][aria-disabled=true]");
  }

  @Test
  @Order(4)
  void aRefusalThatThePageDidNotForeseeIsExplained() {
    browser.click("a[href='#/machines']");
    browser.click(MINE);
    browser.act("storage-list", "attach");
    browser.enter("port", "5");
    browser.enter("medium", folder.resolve("theirs.vdi").toString());
    browser.click("dialog button[type=submit]");
    browser.see("dialog [role=alert]", "operate");
    browser.inspect("beyond");
    browser.click("dialog footer button");
  }

  @Test
  @Order(5)
  void aReaderMayPressNothingThatChanges() {
    page.signIn(page.token("read"));
    browser.see(".rights", "read only");
    browser.see("h1", "mine");
    browser.see("snapshot-tree [data-operation]");

    assertEquals(List.of(), browser.allowed("body", "checkMedium"));
    browser.see("limit-slider input[type=range]:disabled");
    browser.inspect("reader");
    for (String place : List.of("media", "clients", "jobs", "events")) {
      browser.click("a[href='#/" + place + "']");
      browser.see("main." + place + " h1");
      assertEquals(List.of(), browser.allowed("body", "checkMedium"));
    }
  }

  @Test
  @Order(6)
  void aTokenThatIsWithdrawnIsToldSo() throws Exception {
    page.signIn(secret);
    String id = server.run("token", "list").getJsonArray("tokens").getJsonObject(0).getString("id");
    server.run("token", "revoke", id);

    browser.see("sign-in [role=alert]", "withdrawn or has expired");
    browser.inspect("withdrawn");
    page.signIn(page.ownersToken());
    browser.click("a[href='#/tokens']");
    browser.act("[data-token]", "revokeToken");
    browser.confirm();
    browser.see("token-list", "No tokens yet");
    assertEquals(0, server.run("token", "list").getJsonArray("tokens").size());
  }

  @Test
  @Order(7)
  void theConsoleHasNoErrors() {
    assertEquals(List.of(), browser.complaints());
  }
}
