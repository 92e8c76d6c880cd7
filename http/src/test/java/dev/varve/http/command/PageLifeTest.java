package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What happens to an open page: other people, odd names, and a server that is started again. */
@NeedsTools({"chromium", "chromedriver"})
class PageLifeTest extends PageStory {

  private static final String LONG = "x".repeat(200);

  /** None of them may be taken for markup, or make the page wider than its window. */
  private static final List<String> ODD =
      List.of(
          "<img src=x onerror=document.title='taken'>",
          "\"quotes\" and 'others' & &amp;",
          "\u05e9\u05dc\u05d5\u05dd (ABC)",
          "\ud83e\udd89 owl",
          LONG);

  @BeforeAll
  void signIn() throws Exception {
    page.signIn(server.ownersToken());
  }

  @Test
  @Order(1)
  void namesAreTextWhateverIsInThem() {
    String machine = ODD.getFirst();
    for (String name : ODD) server.run("machine", "create", name);
    server.run("machine", "controller", "add", machine, LONG, "--bus", "SATA");
    for (String name : ODD) {
      server.run("machine", "snapshot", "take", machine, name, "--description", name);
      server.run("machine", "bandwidth", "create", machine, name);
    }

    for (String name : ODD) page.row(name).isThere();
    page.choose(machine);
    for (String name : ODD) {
      page.snapshots().part(".name").shows(name);
      page.limits().part("h3").shows(name);
    }
    page.storage().part("h3").shows(LONG);
    page.looksRight("odd-names");
    assertEquals("Varve", page.window().title());

    Dialog dialog = page.limits().part("article:last-child").press("deleteBandwidthGroup");
    dialog.looksRight("odd-name-in-dialog").confirm();
    page.limits().part("article:nth-child(5)").isGone();
  }

  @Test
  @Order(2)
  void whatGetsTheFocusIsNotBehindTheHeader() {
    for (int width : List.of(Window.WIDE, Window.NARROW)) {
      page.window().resize(width);
      double below = page.stepBackTo("storage-list [data-operation=addController]");
      assertTrue(below >= 0, () -> below + " px at a width of " + width);
    }
    page.window().resize(Window.WIDE);
  }

  @Test
  @Order(3)
  void noNameTurnsAroundTheLettersBehindIt() {
    server.run("machine", "create", "\u202eevil");

    page.machines().part(".name").shows("\\u202eevil");
    page.goTo("events");
    page.part(".log").shows("\\u202eevil: added");
    assertFalse(page.all().text().contains("\u202e"));
    server.run("machine", "unregister", "\u202eevil");
    page.goTo("machines");
  }

  @Test
  @Order(4)
  void formsAskInWordsOfPeople() {
    Part dialog = page.part("dialog[open]");
    page.machine().press("unregisterMachine");
    dialog.shows("Keep them registered");
    assertFalse(dialog.text().contains("DetachAll"), dialog::text);
    page.dialog().close();

    page.machines().press("importMachine");
    dialog.shows("empty: as the package says");
    assertFalse(dialog.text().contains("null"), dialog::text);
    page.dialog().close();
  }

  @Test
  @Order(5)
  void anAnswerThatBreaksOffOrIsNotOfVarveIsToldInTheDialog() {
    Dialog dialog = page.snapshots().press("takeSnapshot").enter("name", "unanswered");

    page.nextAnswerOf("/snapshots", "Promise.reject(new TypeError('network error'))");
    dialog.submit().isRefused("The server does not answer.").looksRight("broken-off");

    page.nextAnswerOf("/snapshots", "Promise.resolve('<h1>It works!</h1>')");
    dialog.submit().isRefused("The answer is not JSON.").close();
  }

  @Test
  @Order(6)
  void aDriveFitsIntoThePageHoweverLongTheReasonIsForWhichItCannotBeUsed() {
    page.nextAnswerOf(
        "/drives",
        """
        Promise.resolve(JSON.stringify({ drives: [0, 1 << 30].map((capacity) => ({
          location: `/dev/x${capacity}`, model: '', device: 'HardDisk', capacity, removable: false,
          writable: true, usable: false, why: 'mounted on /' + 'x'.repeat(200) })) }))
        """);
    page.goTo("media");
    page.drive("/dev/x1073741824").shows("mounted on");
    page.part("drive-list summary").click();
    page.looksRight("drives-in-use");
    page.goTo("machines");
  }

  @Test
  @Order(7)
  void whatAnotherWindowChangesIsSeen() throws Exception {
    server.run("machine", "create", "shared");
    Page other = anotherPage().signIn(server.ownersToken());
    page.choose("shared");
    other.choose("shared");

    page.machine().press("lockMachine");
    page.session().shows("Your changes");
    other.session().shows("A session holds this machine");

    page.storage().carryOut("addController", "name", "SATA", "bus", "SATA");
    other.session().shows("Added: controller SATA");
    other.looksRight("held-by-other");

    other.session().press("saveSession");
    page.session().shows("Nothing has changed");
    page.session().carryOut("unlockMachine");
    other.session().isGone();
  }

  @Test
  @Order(8)
  void aMachineThatIsGoneIsToldSo() {
    server.run("machine", "unregister", "shared");

    page.part(".detail").shows("There is no such machine");
    page.row("shared").isGone();
    page.looksRight("gone");
  }

  @Test
  @Order(9)
  void aServerThatIsStartedAgainIsFoundAgainAndTheGapIsTold() throws Exception {
    stopServer();
    page.part(".banner.lost").shows("does not answer");
    page.looksRight("lost");
    startServer();
    server.run("machine", "create", "new one");

    page.isLive();
    page.part(".banner.lost").isGone();
    page.machines().shows("new one");
    page.goTo("events");
    page.part(".log").shows("some events were missed");
  }
}
