package dev.varve.http.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page's files, without a browser. */
class WebPageTest {

  private static final Pattern IMPORT =
      Pattern.compile("\\b(?:import|from)\\s*['\"]([\\w@./-]+)['\"]");

  private static final Pattern IN_HTML = Pattern.compile("(?:src|href)=\"(/[^\"]*)\"");

  private static final Pattern MAPPED = Pattern.compile("\"([^\"]+)\": \"(/page/[^\"]+)\"");

  private final WebPage page = new WebPage();

  @Test
  void everythingThatThePageLoadsIsThere() {
    Set<String> seen = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(List.of("/"));
    while (!open.isEmpty()) {
      String path = open.pop();
      if (seen.add(path)) open.addAll(loadedBy(path));
    }

    assertTrue(seen.contains("/page/lib/lit-html/lit-html.js"), seen::toString);
    assertTrue(seen.contains("/page/lib/uplot/uplot.js"), seen::toString);
  }

  @Test
  void everyFileOfThePageIsUsedAndStaysReadable() throws IOException {
    Path folder = Path.of("src/main/resources/dev/varve/http/page");
    String all = "";
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String text = Files.readString(file);
        names.add(file.getFileName().toString());
        all += text;
        assertTrue(text.lines().count() < 300, file + " is longer than 300 lines");
      }
    }

    for (String name : names)
      if (!name.equals("index.html")) assertTrue(all.contains("/" + name), name + " is not used");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/",
        "/page/WebPage.class",
        "/page/../api/openapi.json",
        "/page/..%2fapi%2fopenapi.json",
        "/page/lib/lit/../uplot/uplot.js",
        "/page/lib/lit/package.json",
        "/page/lib/logback/logback.js",
        "/page/lib/lit/directives/../index.js",
        "/page/index.html",
        "/page//app.js",
      })
  void aPathThatIsNoNameOfAFileLeadsToNothing(String path) {
    assertEquals(Optional.empty(), page.file(path));
  }

  @Test
  void onlyTheServersOwnFilesMayRunAndOnlyTheServerMayBeAsked() {
    String policy = page.file("/").orElseThrow().headers().get("Content-Security-Policy");

    assertTrue(
        policy.startsWith("default-src 'none'; script-src 'self' 'sha256-")
            && policy.endsWith(
                "style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'"),
        policy);
  }

  @Test
  void aBrowserThatHasTheFileIsToldSo() {
    PageFile file = page.file("/page/app.js").orElseThrow();

    assertTrue(file.isKnownBy(file.headers().get("ETag")));
    assertTrue(file.packed().length < file.plain().length);
  }

  private List<String> loadedBy(String path) {
    String text = text(path);
    if (path.equals("/"))
      return IN_HTML
          .matcher(text)
          .results()
          .map(r -> r.group(1))
          .filter(each -> !each.equals("/"))
          .toList();
    if (!path.endsWith(".js")) return List.of();
    return IMPORT
        .matcher(text)
        .results()
        .map(r -> resolved(r.group(1), path))
        .collect(Collectors.toList());
  }

  private String resolved(String name, String from) {
    if (name.startsWith(".")) return Path.of(from).resolveSibling(name).normalize().toString();
    Matcher mapped = MAPPED.matcher(text("/"));
    String best = null;
    String prefix = "";
    while (mapped.find()) {
      String key = mapped.group(1);
      boolean fits = key.endsWith("/") ? name.startsWith(key) : name.equals(key);
      if (fits && key.length() > prefix.length()) {
        prefix = key;
        best = mapped.group(2) + name.substring(key.length());
      }
    }
    assertTrue(best != null, name + " of " + from + " is not in the map of imports");
    return best;
  }

  private String text(String path) {
    byte[] bytes =
        page.file(path)
            .orElseThrow(() -> new AssertionError("there is nothing at " + path))
            .plain();
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
