package dev.varve.http.command;

import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.FluentWait;

/**
 * A window of a browser, with the eyes and hands of a user: it waits for what shall be there, looks
 * only at what can be seen, and clicks where a user would. What is there is named by a selector of
 * CSS.
 */
final class Window {

  static final int WIDE = 1440;
  static final int NARROW = 390;

  private static final int HEIGHT = 900;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration EVERY = Duration.ofMillis(20);

  private static final String SEEN =
      "const seen = [...document.querySelectorAll(arguments[0])].filter((each) =>"
          + " each.checkVisibility({ visibilityProperty: true, opacityProperty: true }));";

  private final Browser browser;
  private final String handle;

  Window(Browser browser, String handle) {
    this.browser = browser;
    this.handle = handle;
  }

  /** Waits until there is such a thing. */
  void see(String selector) {
    await(selector, () -> sees(selector));
  }

  /** Waits until such a thing has a text. */
  void see(String selector, String text) {
    await(
        selector + " with '" + text + "'",
        () ->
            is(
                SEEN + "return seen.some((each) => each.innerText.includes(arguments[1]))",
                selector,
                text));
  }

  /** Waits until there is no such thing any more. */
  void seeNo(String selector) {
    await("no " + selector, () -> !sees(selector));
  }

  boolean sees(String selector) {
    return is(SEEN + "return seen.length > 0", selector);
  }

  /** The text of all such things that can be seen now. */
  String text(String selector) {
    return (String)
        script(SEEN + "return seen.map((each) => each.innerText).join('\\n')", selector);
  }

  void click(String selector) {
    await(
        "a click on " + selector,
        () -> {
          WebElement found = first(selector);
          if (found != null) found.click();
          return found != null;
        });
  }

  /** Types a text in place of the one of a control, and leaves the control. */
  void type(String selector, String text) {
    WebElement control = control(selector);
    control.clear();
    control.sendKeys(text, Keys.TAB);
  }

  /** Presses a key with Shift, where the focus is. */
  void pressWithShift(Keys key) {
    new Actions(browser.in(handle)).keyDown(Keys.SHIFT).sendKeys(key).keyUp(Keys.SHIFT).perform();
  }

  /** A control, once it is there. */
  WebElement control(String selector) {
    return until("a control " + selector, _ -> first(selector));
  }

  private @Nullable WebElement first(String selector) {
    return (WebElement) script(SEEN + "return seen[0] ?? null", selector);
  }

  void await(String what, BooleanSupplier holds) {
    until(what, _ -> holds.getAsBoolean());
  }

  /** What moves or goes away meanwhile is looked for again. */
  private <T> T until(String what, Function<Window, T> look) {
    return new FluentWait<>(this)
        .withTimeout(PATIENCE)
        .pollingEvery(EVERY)
        .ignoring(WebDriverException.class)
        .withMessage(() -> "waited for " + what + "; " + whatThereIs())
        .until(look);
  }

  private String whatThereIs() {
    try {
      return "the page says: " + browser.in(handle).findElement(By.tagName("body")).getText();
    } catch (WebDriverException e) {
      return e.getRawMessage();
    }
  }

  boolean is(String script, Object... arguments) {
    return (Boolean) script(script, arguments);
  }

  @Nullable Object script(String script, Object... arguments) {
    return browser.in(handle).executeScript(script, arguments);
  }

  /** Runs a script whose last argument is called with the answer. */
  @Nullable Object answer(String script) {
    return browser.in(handle).executeAsyncScript(script);
  }

  /** Carries out a command of Chrome's DevTools. */
  Map<String, Object> tell(String command, Map<String, Object> parameters) {
    return browser.in(handle).executeCdpCommand(command, parameters);
  }

  void resize(int width) {
    tell(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", HEIGHT, "deviceScaleFactor", 1, "mobile", false));
  }

  String title() {
    return browser.in(handle).getTitle();
  }

  /** All that the page holds now. */
  String source() {
    return (String) script("return document.documentElement.outerHTML");
  }
}
