package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.openqa.selenium.By;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * Debian's Chromium with a page of Varve in it. It can reach 127.0.0.1 only, and remembers whom it
 * asked and what it complained of.
 */
final class Browser implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private final ChromeDriver driver;
  private final WebDriverWait wait;
  private final List<String> complaints = new ArrayList<>();
  private final Set<String> asked = new TreeSet<>();

  Browser() {
    var options = new ChromeOptions();
    options.setBinary("/usr/bin/chromium");
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // of which root has none
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-component-update",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
    options.setCapability("goog:loggingPrefs", Map.of("browser", "ALL", "performance", "ALL"));
    var service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File("/usr/bin/chromedriver"))
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    driver = new ChromeDriver(service, options);
    wait = new WebDriverWait(driver, PATIENCE, Duration.ofMillis(50));
    wait.ignoring(StaleElementReferenceException.class);
    size(1440, 900);
  }

  void open(String address) {
    driver.get(address);
  }

  /** Waits until something of the page is there. */
  WebElement see(String selector) {
    return wait.withMessage(() -> "there is no " + selector + "; " + text())
        .until(
            _ ->
                driver.findElements(By.cssSelector(selector)).stream()
                    .filter(WebElement::isDisplayed)
                    .findFirst()
                    .orElse(null));
  }

  /** Waits until something of the page has a text. */
  void see(String selector, String text) {
    await(
        selector + " with '" + text + "'",
        () ->
            driver.findElements(By.cssSelector(selector)).stream()
                .anyMatch(each -> each.getText().contains(text)));
  }

  /** Waits until there is no such thing any more. */
  void seeNo(String selector) {
    await(
        "no " + selector,
        () ->
            driver.findElements(By.cssSelector(selector)).stream()
                .noneMatch(WebElement::isDisplayed));
  }

  void await(String what, BooleanSupplier holds) {
    wait.withMessage(() -> "waited for " + what + "; " + text()).until(_ -> holds.getAsBoolean());
  }

  private String text() {
    try {
      return "the page says: " + driver.findElement(By.tagName("body")).getText();
    } catch (WebDriverException e) {
      return e.getRawMessage();
    }
  }

  /** Clicks on what a user finds there. */
  void click(String selector) {
    await(
        "a click on " + selector,
        () -> {
          try {
            see(selector).click();
            return true;
          } catch (WebDriverException moved) {
            if (moved instanceof org.openqa.selenium.TimeoutException) throw moved;
            return false;
          }
        });
  }

  /** Begins an operation by its button, in the menu of a thing if it is there. */
  void act(String thing, String operation) {
    String button = thing + " [data-operation=" + operation + "]";
    await(
        button,
        () ->
            (Boolean)
                driver.executeScript(
                    "return Boolean(document.querySelector(arguments[0]))", button));
    boolean inMenu =
        (Boolean)
            driver.executeScript(
                "return Boolean(document.querySelector(arguments[0]).closest('.menu'))", button);
    if (inMenu) click(thing + " .more");
    click(button);
  }

  /** Fills in a field of the dialog. */
  void enter(String field, String value) {
    WebElement control = see("#action-" + field);
    if (control.getTagName().equals("select")) {
      control.findElement(By.cssSelector("option[value='" + value + "']")).click();
    } else if ("checkbox".equals(control.getAttribute("type"))) {
      if (control.isSelected() != Boolean.parseBoolean(value)) control.click();
    } else {
      control.clear();
      control.sendKeys(value);
    }
  }

  /** Carries out what the dialog asks about, and waits until it is done. */
  void confirm() {
    click("dialog[open] button[type=submit]");
    seeNo("dialog[open]");
  }

  /** Puts a text in place of the one of a control, as a user who then leaves it. */
  void type(String selector, String text) {
    WebElement control = see(selector);
    control.clear();
    control.sendKeys(text, org.openqa.selenium.Keys.TAB);
  }

  String textOf(String selector) {
    return driver.findElements(By.cssSelector(selector)).stream()
        .map(WebElement::getText)
        .reduce("", (all, each) -> all.isEmpty() ? each : all + "\n" + each);
  }

  /** The operations of a part whose buttons say that the token may not. */
  List<String> refused(String part) {
    return operations(part, "[aria-disabled=true][aria-description]");
  }

  /** The operations of a part that can be pressed, but for one that only looks. */
  List<String> allowed(String part, String look) {
    return operations(part, ":not([aria-disabled=true], :disabled, [data-operation=" + look + "])");
  }

  @SuppressWarnings("unchecked")
  private List<String> operations(String part, String kind) {
    return (List<String>)
        driver.executeScript(
            "return [...new Set([...document.querySelectorAll(arguments[0])].flatMap((part) =>"
                + " [part, ...part.querySelectorAll('*')]).filter((each) =>"
                + " each.matches('[data-operation]' + arguments[1])).map((each) =>"
                + " each.dataset.operation))].sort()",
            part,
            kind);
  }

  String title() {
    return driver.getTitle();
  }

  /** All that the page holds now. */
  String source() {
    return (String) driver.executeScript("return document.documentElement.outerHTML");
  }

  /** Looks at the page as it is: accessible in light and dark, and not wider than a window. */
  void inspect(String name) {
    driver.executeScript(
        "const row = document.querySelector('.machine-row[aria-current]'); if (row) location.hash = row.hash;");
    for (String scheme : List.of("light", "dark")) {
      driver.executeCdpCommand(
          "Emulation.setEmulatedMedia",
          Map.of(
              "features",
              List.of(
                  Map.of("name", "prefers-color-scheme", "value", scheme),
                  Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
      for (int width : List.of(1440, 390)) {
        size(width, 900);
        seeNo("main [aria-busy=true]");
        assertEquals(
            (long) width,
            driver.executeScript("return document.documentElement.scrollWidth"),
            name + " is wider than its window");
        assertEquals(
            0L,
            driver.executeScript(
                "return [...document.querySelectorAll('dialog[open] .dialog-body, dialog[open] footer')]"
                    + ".filter((part) => part.scrollWidth > part.clientWidth).length"),
            name + " is wider than its dialog");
        if (width == 1440) assertEquals(List.of(), violations(), name + " in " + scheme);
        screenshot(name + "-" + scheme + "-" + width);
      }
    }
    size(1440, 900);
  }

  private void size(int width, int height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  private void screenshot(String name) {
    Object png =
        driver
            .executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", true))
            .get("data");
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), Base64.getDecoder().decode((String) png));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> violations() {
    if (!(Boolean) driver.executeScript("return 'axe' in window")) driver.executeScript(axe());
    String found =
        (String)
            driver.executeAsyncScript(
                "const done = arguments[0]; axe.run().then((r) => done(JSON.stringify(r.violations"
                    + ".map((v) => v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary)))))");
    return new JsonArray(found).stream().map(Object::toString).toList();
  }

  private static String axe() {
    try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the console said that was wrong, but for refusals that a test has asked for. */
  List<String> complaints() {
    collect();
    return complaints;
  }

  /** The hosts that were asked, also in vain. */
  Set<String> asked() {
    collect();
    return asked;
  }

  private void collect() {
    for (LogEntry entry : driver.manage().logs().get("browser")) {
      boolean refusal = entry.getMessage().contains("Failed to load resource");
      if (entry.getLevel().intValue() >= 900 && !refusal) complaints.add(entry.getMessage());
    }
    for (LogEntry entry : driver.manage().logs().get("performance")) {
      JsonObject message = new JsonObject(entry.getMessage()).getJsonObject("message");
      if (!message.getString("method").equals("Network.requestWillBeSent")) continue;
      String url = message.getJsonObject("params").getJsonObject("request").getString("url");
      if (url.startsWith("http") || url.startsWith("ws"))
        asked.add(url.replaceAll("^([a-z]+://[^/]*).*", "$1"));
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
