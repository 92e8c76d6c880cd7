package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.varve.core.testing.NeedsTools;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The page for people who may not do everything: who gets a token, and what it shows them. */
@NeedsTools({"chromium", "chromedriver"})
class PageRightsTest extends PageStory {

  private String secret;

  @BeforeAll
  void signInToTwoMachines() throws Exception {
    page.signIn(server.ownersToken());
    for (String machine : List.of("mine", "theirs")) {
      server.createWithDisk(machine, "16M");
      server.run("machine", "bandwidth", "create", machine, "slow", "--max-bytes-per-second", "5M");
      server.run("machine", "snapshot", "take", machine, "first");
    }
    page.row("mine").isThere();
    page.row("theirs").isThere();
  }

  @Test
  @Order(1)
  void aTokenIsMadeAndShownOnce() {
    page.goTo("tokens");
    Part tokens = page.part("token-list").shows("No tokens yet");
    Dialog dialog = tokens.press("createToken").enter("name", "the <i>deputy</i>");
    dialog.hasNo("machines-0").enter("scope", "operate").tick("machines", 0);
    dialog.enter("expiresInSeconds", "86400").looksRight("new-token").submit();
    secret = dialog.secret();
    dialog.looksRight("token").close();

    tokens.part("[data-token]").shows("the <i>deputy</i>").shows("mine");
    page.looksRight("tokens");
    assertFalse(page.window().source().contains(secret));
  }

  @Test
  @Order(2)
  void whatATokenOfOneMachineMayNotDoCannotBePressed() {
    page.signIn(secret);
    page.part(".rights").shows("1 machine");
    page.link("tokens").isGone();

    page.choose("mine");
    assertEquals(
        List.of("exportMachine", "reloadMachine", "unregisterMachine"), page.machine().refused());
    assertEquals(List.of(), page.storage().part(".disk-row").refused());
    assertEquals(List.of(), page.snapshots().part("[data-operation=restoreSnapshot]").refused());
    assertEquals(List.of(), page.limits().refused());
    page.part("limit-slider .exact:enabled").isThere();
    page.looksRight("operator");

    page.choose("theirs");
    page.snapshot("first").isThere();
    assertEquals(List.of(), page.part("machine-view").allowed());
    page.part("limit-slider .exact:disabled").isThere();
    page.looksRight("not-operator");
    page.machine().press("startMachine");
    page.part(".notice").shows("Your token is for mine only");
  }

  @Test
  @Order(3)
  void itsMachineIsOperated() {
    page.choose("mine");
    page.start();
    page.powerDown();
    page.goTo("media");
    page.medium("mine.vdi").isThere();
    page.media().part("[data-operation=createMedium][aria-disabled=true]").isThere();
  }

  @Test
  @Order(4)
  void aRefusalThatThePageDidNotForeseeIsExplained() {
    page.goTo("machines");
    page.choose("mine");
    Dialog dialog = page.storage().press("attach").enter("port", "5");
    dialog.enter("medium", folder.resolve("theirs.vdi").toString()).submit();
    dialog.isRefused("operate").looksRight("beyond").close();
  }

  @Test
  @Order(5)
  void aReaderMayPressNothingThatChanges() {
    page.signIn(server.token("read"));
    page.part(".rights").shows("read only");
    page.showsMachine("mine");
    page.snapshot("first").isThere();

    assertEquals(List.of(), page.all().allowed());
    page.part("limit-slider input[type=range]:disabled").isThere();
    page.looksRight("reader");
    for (String place : List.of("media", "clients", "jobs", "events")) {
      page.goTo(place);
      page.part("main h1").isThere();
      assertEquals(List.of(), page.all().allowed());
    }
  }

  @Test
  @Order(6)
  void aTokenThatIsWithdrawnIsToldSo() throws Exception {
    page.signIn(secret);
    String id = server.run("token", "list").getJsonArray("tokens").getJsonObject(0).getString("id");
    server.run("token", "revoke", id);

    page.signIn().part("[role=alert]").shows("withdrawn or has expired");
    page.looksRight("withdrawn");
    page.signIn(server.ownersToken());
    page.goTo("tokens");
    page.part("[data-token]").carryOut("revokeToken");
    page.part("token-list").shows("No tokens yet");
    assertEquals(0, server.run("token", "list").getJsonArray("tokens").size());
  }
}
