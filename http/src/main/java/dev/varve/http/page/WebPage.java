package dev.varve.http.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the files of the page. A path is only ever a name: the name of a file of this package, or
 * the name of a file of one of a few libraries. So no path leads to anything else.
 *
 * <p>Thread-safe. The first look for a file blocks.
 */
public final class WebPage {

  /** The paths that belong to the page; the router's pattern. */
  public static final List<String> PATHS = List.of("/", "/page/*");

  private static final Pattern OWN = Pattern.compile("/page/([a-z][a-z-]*\\.(?:js|css|svg))");

  private static final Pattern OF_LIBRARY =
      Pattern.compile("/page/lib/([a-z-]+)/((?:directives/)?[a-z][a-z-]*\\.(?:js|css))");

  /** A library's web jar, and the files that have another name there. */
  private enum Library {
    LIT("lit"),
    LIT_ELEMENT("lit-element"),
    LIT_HTML("lit-html"),
    REACTIVE_ELEMENT("lit__reactive-element"),
    UPLOT("uplot");

    private static final Map<String, String> OTHER_NAMES =
        Map.of("uplot.js", "dist/uPlot.esm.js", "uplot.css", "dist/uPlot.min.css");

    private final String jar;

    Library(String jar) {
      this.jar = jar;
    }

    static Optional<Library> named(String name) {
      for (Library library : values())
        if (library.jar.replace("lit__", "").equals(name)) return Optional.of(library);
      return Optional.empty();
    }

    String resource(String name) {
      return "/META-INF/resources/webjars/%s/%s/%s"
          .formatted(jar, version(), OTHER_NAMES.getOrDefault(name, name));
    }

    /** As the jar says: the version is part of the names in it. */
    private String version() {
      String resource = "/META-INF/maven/org.webjars.npm/%s/pom.properties".formatted(jar);
      try (InputStream in = WebPage.class.getResourceAsStream(resource)) {
        if (in == null) throw new IllegalStateException("there is no " + resource);
        var properties = new Properties();
        properties.load(in);
        return properties.getProperty("version");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final ConcurrentMap<String, PageFile> read = new ConcurrentHashMap<>();

  /** The file at a path; empty if there is none. */
  public Optional<PageFile> file(String path) {
    PageFile known = read.get(path);
    if (known != null) return Optional.of(known);
    Optional<PageFile> found = resource(path).flatMap(WebPage::load);
    found.ifPresent(file -> read.put(path, file));
    return found;
  }

  private static Optional<String> resource(String path) {
    if (path.equals("/")) return Optional.of("index.html");
    Matcher own = OWN.matcher(path);
    if (own.matches()) return Optional.of(own.group(1));
    Matcher foreign = OF_LIBRARY.matcher(path);
    if (!foreign.matches()) return Optional.empty();
    return Library.named(foreign.group(1)).map(library -> library.resource(foreign.group(2)));
  }

  private static Optional<PageFile> load(String resource) {
    try (InputStream in = WebPage.class.getResourceAsStream(resource)) {
      if (in == null) return Optional.empty();
      return Optional.of(new PageFile(resource, in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
