package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;

/**
 * Debian's Chromium. It can reach 127.0.0.1 only, and remembers which servers it asked and what it
 * complained of.
 */
final class Browser implements AutoCloseable {

  private final ChromeDriver driver;
  private final List<String> complaints = new ArrayList<>();
  private final Set<String> asked = new TreeSet<>();
  private @Nullable String front;

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
    options.setExperimentalOption("perfLoggingPrefs", Map.of("enablePage", false));
    var service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File("/usr/bin/chromedriver"))
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    driver = new ChromeDriver(service, options);
  }

  /** A window with what is at an address. */
  Window open(String address) {
    if (front != null) driver.switchTo().newWindow(WindowType.WINDOW);
    front = driver.getWindowHandle();
    var window = new Window(this, front);
    window.resize(Window.WIDE);
    driver.get(address);
    return window;
  }

  /** The driver, which acts in this window now. */
  ChromeDriver in(String window) {
    if (!window.equals(front)) driver.switchTo().window(window);
    front = window;
    return driver;
  }

  /** What the consoles said that was wrong, but for refusals that a test has asked for. */
  List<String> complaints() {
    for (LogEntry entry : driver.manage().logs().get("browser")) {
      boolean refusal = entry.getMessage().contains("Failed to load resource");
      boolean wrong = entry.getLevel().intValue() >= Level.WARNING.intValue();
      if (wrong && !refusal) complaints.add(entry.getMessage());
    }
    return complaints;
  }

  /** The servers that were asked, also in vain. */
  Set<String> asked() {
    for (LogEntry entry : driver.manage().logs().get("performance")) {
      JsonObject message = new JsonObject(entry.getMessage()).getJsonObject("message");
      if (!message.getString("method").equals("Network.requestWillBeSent")) continue;
      String url = message.getJsonObject("params").getJsonObject("request").getString("url");
      if (url.startsWith("http") || url.startsWith("ws"))
        asked.add(url.replaceAll("^([a-z]+://[^/]*).*", "$1"));
    }
    return asked;
  }

  @Override
  public void close() {
    driver.quit();
  }
}
