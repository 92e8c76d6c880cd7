package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * How the page looks now: by the rules of axe-core accessible, in light and dark colours, and not
 * wider than a desktop's or a phone's window. Screenshots are left in {@code target/screenshots}.
 */
final class PageLook {

  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final String AXE = resource("/axe.min.js");

  /** The rules whose outcome depends on the colours. */
  private static final String COLOUR_RULES = "['color-contrast', 'link-in-text-block']";

  private static final String ALL_BUT_COLOURS =
      "axe.run(document, { resultTypes: ['violations'], rules: Object.fromEntries("
          + COLOUR_RULES
          + ".map((each) => [each, { enabled: false }])) })";

  /** What is behind an open dialog cannot be used, so its contrast does not matter. */
  private static final String COLOURS =
      "axe.run(document.querySelector('dialog[open]') ?? document,"
          + " { resultTypes: ['violations'], runOnly: { type: 'rule', values: "
          + COLOUR_RULES
          + " } })";

  private static final String VIOLATIONS =
      ".then((found) => arguments[0](JSON.stringify(found.violations.map((each) =>"
          + " each.id + ': ' + each.nodes.map((node) => node.html + ' ' + node.failureSummary)))))";

  private final Window window;

  PageLook(Window window) {
    this.window = window;
  }

  /** Fails where the page does not look right, and says in which state of it that is. */
  void check(String state) {
    showChosenMachine();
    if (!window.is("return 'axe' in window")) window.script(AXE);
    assertEquals(List.of(), violations(ALL_BUT_COLOURS), state);
    for (String scheme : List.of("light", "dark")) {
      useColours(scheme);
      assertEquals(List.of(), violations(COLOURS), state + " in " + scheme);
      for (int width : List.of(Window.WIDE, Window.NARROW)) {
        window.resize(width);
        window.seeNo("main [aria-busy=true]");
        fits(width, state);
        screenshot(state + "-" + scheme + "-" + width);
      }
      window.resize(Window.WIDE);
    }
  }

  /** A narrow window shows the machine beside the list only if its address does. */
  private void showChosenMachine() {
    window.script(
        "const row = document.querySelector('.machine-row[aria-current]');"
            + " if (row) location.hash = row.hash;");
    window.seeNo("main [aria-busy=true]");
  }

  private void useColours(String scheme) {
    window.tell(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(
                Map.of("name", "prefers-color-scheme", "value", scheme),
                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
  }

  private void fits(int width, String state) {
    assertEquals(
        (long) width,
        window.script("return document.documentElement.scrollWidth"),
        state + " is wider than its window");
    assertEquals(
        0L,
        window.script(
            "return [...document.querySelectorAll('dialog[open] .dialog-body, dialog[open] footer')]"
                + ".filter((part) => part.scrollWidth > part.clientWidth).length"),
        state + " is wider than its dialog");
  }

  private List<String> violations(String rules) {
    String found = (String) window.answer(rules + VIOLATIONS);
    return new JsonArray(found).stream().map(Object::toString).toList();
  }

  private void screenshot(String name) {
    Object png =
        window
            .tell(
                "Page.captureScreenshot",
                Map.of("captureBeyondViewport", true, "optimizeForSpeed", true))
            .get("data");
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), Base64.getDecoder().decode((String) png));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = PageLook.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
