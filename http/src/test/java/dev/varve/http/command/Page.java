package dev.varve.http.command;

import java.util.List;
import org.openqa.selenium.Keys;

/**
 * The page in a window as a user sees it: how to sign in, its places, and the parts of a machine.
 */
final class Page {

  private final Window window;

  private Page(Window window) {
    this.window = window;
  }

  /** The page that asks for a token, in a window of its own. */
  static Page open(Browser browser, RunningServer server) {
    return new Page(browser.open(server.page()));
  }

  /** Signs in, and out before if that is needed. */
  Page signIn(String token) {
    tryToken(token);
    isLive();
    return this;
  }

  /** Signs in with a token that is perhaps not enough. */
  void tryToken(String token) {
    if (!window.sees("sign-in") && window.sees(".top-end")) window.click(".top-end button");
    window.control("#token").sendKeys(token);
    window.click("button[type=submit]");
  }

  Part signIn() {
    return part("sign-in");
  }

  String enteredToken() {
    return window.control("#token").getAttribute("value");
  }

  /** Waits until the page hears of all that happens. */
  void isLive() {
    window.see(".connection.live");
  }

  /** Goes to one of the places that are named at the top. */
  void goTo(String place) {
    link(place).click();
    window.see("main." + place);
  }

  Part link(String place) {
    return part("a[href='#/" + place + "']");
  }

  /** All of the page. */
  Part all() {
    return part("body");
  }

  Part part(String selector) {
    return new Part(window, selector);
  }

  Part machines() {
    return part("machine-list");
  }

  /** The row of a machine in the list. */
  Part row(String machine) {
    return part(".machine-row:has([title=\"" + machine.replace("\"", "\\\"") + "\"])");
  }

  /** Shows a machine, by its row in the list. */
  void choose(String machine) {
    row(machine).click();
    showsMachine(machine);
  }

  void showsMachine(String name) {
    window.see("h1", name);
  }

  /** The machine that is shown: its name, state and operations. */
  Part machine() {
    return part(".view-head");
  }

  void start() {
    machine().press("startMachine");
    state().shows("Running");
  }

  void powerDown() {
    machine().carryOut("powerDownMachine");
    state().shows("Powered off");
  }

  /** The state of the machine that is shown. */
  Part state() {
    return machine().part(".state-pill");
  }

  /** The session that holds the machine which is shown. */
  Part session() {
    return part("pending-changes .pending");
  }

  Part storage() {
    return part("storage-list");
  }

  /** What is in a slot, such as {@code SATA 0:0}. */
  Part slot(String slot) {
    return part("[data-slot='" + slot + "']");
  }

  Part limits() {
    return part("limit-list");
  }

  Part limit(String name) {
    return part("[data-group='" + name + "']");
  }

  Part snapshots() {
    return part("snapshot-tree");
  }

  Part snapshot(String name) {
    return part("[data-snapshot='" + name + "']");
  }

  Part media() {
    return part("media-list");
  }

  /** The image or drive in the list of media whose path ends so. */
  Part medium(String path) {
    return part(".card[data-path$='" + path + "']");
  }

  Part drive(String path) {
    return part("[data-drive='" + path + "']");
  }

  /** The jobs that this window has begun and that failed. */
  Part failedJobs() {
    return part("failed-jobs");
  }

  Dialog dialog() {
    return new Dialog(window);
  }

  /** Puts a text in place of that of a control, as a user who then leaves it. */
  void type(String control, String text) {
    window.type(control, text);
  }

  /** What this window has asked for under a path. */
  @SuppressWarnings("unchecked")
  List<String> asked(String path) {
    return (List<String>)
        window.script(
            "return performance.getEntriesByType('resource').map((each) => each.name)"
                + ".filter((each) => new URL(each).pathname.startsWith(arguments[0]))",
            path);
  }

  /**
   * Scrolls so that a part is at the top of the window, and steps back to it with the keyboard.
   * Returns how far below what stays there it is then, in pixels; negative if it is behind that.
   */
  double stepBackTo(String selector) {
    window.script(
        "const all = [...document.querySelectorAll('main :is(a, button, input, summary)')]"
            + ".filter((each) => !each.disabled && each.checkVisibility());"
            + " const at = all.findIndex((each) => each.matches(arguments[0]));"
            + " all[at + 1].focus({ preventScroll: true });"
            + " scrollBy(0, all[at].getBoundingClientRect().top);",
        selector);
    window.pressWithShift(Keys.TAB);
    window.see(selector + ":focus");
    return ((Number)
            window.script(
                "return document.activeElement.getBoundingClientRect().top"
                    + " - document.querySelector('.top').getBoundingClientRect().bottom"))
        .doubleValue();
  }

  /** Puts a promise in place of the text of the next answer from a path that ends so. */
  void nextAnswerOf(String path, String promise) {
    window.script(
        "const [end] = arguments; const whole = window.fetch;"
            + " window.fetch = async (path, request) => {"
            + " const response = await whole(path, request);"
            + " if (!path.endsWith(end)) return response;"
            + " window.fetch = whole;"
            + " response.text = () => "
            + promise
            + "; return response; };",
        path);
  }

  /** Fails where it does not look right. */
  void looksRight(String state) {
    new PageLook(window).check(state);
  }

  Window window() {
    return window;
  }
}
