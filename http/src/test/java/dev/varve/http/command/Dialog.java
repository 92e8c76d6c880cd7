package dev.varve.http.command;

import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;

/** The dialog of an operation: its form, what it foresees, and why it was refused. */
final class Dialog {

  private static final String OPEN = "dialog[open]";
  private static final String CONFIRM = OPEN + " button[type=submit]";

  private final Window window;

  Dialog(Window window) {
    this.window = window;
  }

  /** Fills in a field. */
  Dialog enter(String field, String value) {
    WebElement control = window.control(idOf(field));
    if (control.getTagName().equals("select")) {
      control.findElement(By.cssSelector("option[value='" + value + "']")).click();
    } else if ("checkbox".equals(control.getAttribute("type"))) {
      if (control.isSelected() != Boolean.parseBoolean(value)) control.click();
    } else {
      control.clear();
      control.sendKeys(value);
    }
    return this;
  }

  Dialog has(String field) {
    window.see(idOf(field));
    return this;
  }

  Dialog hasNo(String field) {
    window.seeNo(idOf(field));
    return this;
  }

  /** Ticks one of several boxes; they count from 0. */
  Dialog tick(String field, int box) {
    window.click(idOf(field + "-" + box));
    return this;
  }

  private static String idOf(String field) {
    return "#action-" + field;
  }

  Dialog isAbout(String title) {
    window.see(OPEN + " h2", title);
    return this;
  }

  /** Waits until it says what will happen. */
  Dialog foresees(String text) {
    window.see(OPEN + " .preview", text);
    return this;
  }

  Dialog foreseesWhatWillHappen() {
    return foresees("What will happen");
  }

  /** Fails where it does not look right. */
  Dialog looksRight(String state) {
    new PageLook(window).check(state);
    return this;
  }

  /** Carries out what it asks about, and waits until that is done. */
  void confirm() {
    submit();
    isClosed();
  }

  /** Carries out what it asks about, and leaves it open if there is something to tell. */
  Dialog submit() {
    window.click(CONFIRM);
    return this;
  }

  Dialog isRefused() {
    return isRefused("");
  }

  /** Waits until it tells why the operation was refused. */
  Dialog isRefused(String why) {
    window.see(OPEN + " [role=alert]", why);
    return this;
  }

  /** Takes the way out of the refusal that the server offers. */
  Dialog takeWayOut() {
    window.click(OPEN + " .way-out");
    return this;
  }

  void close() {
    window.click(OPEN + " footer button");
    isClosed();
  }

  void isClosed() {
    window.seeNo(OPEN);
  }

  /** The answer that it shows this once. */
  String secret() {
    window.see(OPEN + " .secret");
    return window.text(OPEN + " .secret code");
  }
}
