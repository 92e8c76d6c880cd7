package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What the project's documents name exists: files, packages, types, methods, tests, properties,
 * variables and options. A name is what stands between backticks, or where a link leads.
 */
class DocumentsTest {

  private static final Path PROJECT = Path.of("..");
  private static final List<String> MODULES = List.of("core", "io", "http", "packages", "bench");

  private static final Pattern TYPE =
      Pattern.compile("\\b(?:class|interface|enum|record)\\s+([A-Z]\\w*)");
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)[^)]*\\)");

  private static List<Path> documents = List.of();

  /** The text of each Java file, main and test, by its path. */
  private static final Map<Path, String> sources = new HashMap<>();

  /** The files that declare a type of this simple name. */
  private static final Map<String, List<Path>> types = new HashMap<>();

  @BeforeAll
  static void read() throws IOException {
    documents = files(path -> path.toString().endsWith(".md"));
    for (Path file : files(path -> path.toString().endsWith(".java"))) {
      String text = Files.readString(file);
      sources.put(file, text);
      TYPE.matcher(text)
          .results()
          .forEach(type -> types.computeIfAbsent(type.group(1), _ -> new ArrayList<>()).add(file));
    }
  }

  private static List<Path> files(Predicate<Path> wanted) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> top = Files.list(PROJECT)) {
      found.addAll(top.filter(Files::isRegularFile).filter(wanted).toList());
    }
    for (String module : MODULES) {
      try (Stream<Path> all = Files.walk(PROJECT.resolve(module))) {
        found.addAll(
            all.filter(Files::isRegularFile)
                .filter(path -> !path.startsWith(PROJECT.resolve(module).resolve("target")))
                .filter(wanted)
                .toList());
      }
    }
    return found.stream().sorted().toList();
  }

  @Test
  void everyFileAndPackageThatADocumentNamesExists() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Path document : documents) {
      String text = Files.readString(document);
      for (String link : groups(LINK, text))
        if (!link.contains("://") && !Files.exists(document.resolveSibling(link)))
          missing.add(document + ": the link to " + link);
      for (String name : names(text))
        if (!isThere(document, name)) missing.add(document + ": " + name);
    }

    assertEquals(List.of(), missing);
  }

  /** False only for what looks like a file or package of the project, and is none. */
  private static boolean isThere(Path document, String name) {
    if (name.matches("\\w+/target/.*")) return true; // made by the build
    if (name.matches("(core|io|http|bench|\\.ci|\\.mvn)/[\\w./-]*"))
      return Files.exists(PROJECT.resolve(name));
    if (name.matches("[A-Z]\\w*\\.md|pom\\.xml"))
      return Files.exists(document.resolveSibling(name)) || Files.exists(PROJECT.resolve(name));
    if (name.matches("[\\w-]+\\.java"))
      return sources.keySet().stream().anyMatch(file -> file.endsWith(name));
    if (name.matches("(dev\\.varve\\.)?(core|io|http|bench)(\\.[a-z]+)+"))
      return isPackage(name.replaceFirst("dev\\.varve\\.", ""));
    return true;
  }

  private static boolean isPackage(String name) {
    String module = name.substring(0, name.indexOf('.'));
    String folder = "src/%s/java/dev/varve/" + name.replace('.', '/');
    return Stream.of("main", "test")
        .anyMatch(
            kind -> Files.isDirectory(PROJECT.resolve(module).resolve(folder.formatted(kind))));
  }

  @Test
  void everyTypeAndMethodThatADesignNamesExists() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Path document : documents) {
      if (!document.toString().matches(".*(DESIGN|CONTRIBUTING|LAYERS)\\.md")) continue;
      for (String name : names(Files.readString(document)))
        if (!isDeclared(name)) missing.add(document + ": " + name);
    }

    assertEquals(List.of(), missing);
  }

  /** False only for what looks like a type, or a member of one, and is none. */
  private static boolean isDeclared(String name) {
    var member = Pattern.compile("([A-Z]\\w*[a-z]\\w*)(?:\\.(\\w+))?(?:\\(.*\\))?").matcher(name);
    if (!member.matches()) return true;
    List<Path> declaring = types.get(member.group(1));
    if (declaring == null) return false;
    String wanted = member.group(2);
    return wanted == null
        || declaring.stream().anyMatch(file -> isNamedIn(wanted, sources.get(file)));
  }

  private static boolean isNamedIn(String name, String text) {
    return Pattern.compile("\\b" + Pattern.quote(name) + "\\b").matcher(text).find();
  }

  @Test
  void everyTestPropertyAndVariableThatADocumentNamesExists() throws IOException {
    String launchers =
        Files.readString(PROJECT.resolve("http/src/main/dist/bin/varve"))
            + Files.readString(PROJECT.resolve("pom.xml"))
            + Files.readString(PROJECT.resolve("packages/pom.xml"));
    String all = launchers + String.join("\n", sources.values());
    List<String> missing = new ArrayList<>();
    for (Path document : documents) {
      String text = Files.readString(document);
      for (String tests : groups(Pattern.compile("-Dtest=([\\w,]+)"), text))
        for (String test : tests.split(","))
          if (!types.containsKey(test)) missing.add(document + ": test " + test);
      for (String property : groups(Pattern.compile("-D(varve\\.[\\w.]+)"), text))
        if (!all.contains(property)) missing.add(document + ": property " + property);
      for (String variable : groups(Pattern.compile("\\b(VARVE_[A-Z_]+)\\b"), text))
        if (!all.contains(variable)) missing.add(document + ": variable " + variable);
    }

    assertEquals(List.of(), missing);
  }

  @Test
  void everyOptionOfACommandThatADocumentShowsExists() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Path document : documents)
      for (String line : Files.readString(document).lines().toList()) {
        boolean benchmark = line.contains("varve-bench ");
        if (!benchmark && !line.matches(".*\\bvarve [a-z].*")) continue;
        for (String option : groups(Pattern.compile("(?<![\\w-])(--[a-z][a-z-]+)"), line))
          if (!isOption(option, benchmark ? "bench" : "http"))
            missing.add(document + ": " + option + " in: " + line.strip());
      }

    assertEquals(List.of(), missing);
  }

  private static boolean isOption(String option, String module) {
    Path main = PROJECT.resolve(module).resolve("src/main");
    return sources.entrySet().stream()
        .filter(source -> source.getKey().startsWith(main))
        .anyMatch(source -> source.getValue().contains("\"" + option + "\""));
  }

  @Test
  void everySectionThatJavadocCitesExists() throws IOException {
    Set<String> missing = new HashSet<>();
    for (var source : sources.entrySet())
      for (MatchResult cited :
          Pattern.compile("\\b([A-Z]+\\.md)(?:[\\s*]+section[\\s*]+(\\d+))?")
              .matcher(source.getValue())
              .results()
              .toList()) {
        if (source.getKey().endsWith("DocumentsTest.java")) continue;
        Path module = PROJECT.resolve(source.getKey().getName(1));
        Path document =
            Stream.of(module, PROJECT, PROJECT.resolve("core"), PROJECT.resolve("io"))
                .map(folder -> folder.resolve(cited.group(1)))
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
        if (document == null
            || cited.group(2) != null
                && !Files.readString(document).matches("(?s).*\n##+ " + cited.group(2) + "\\b.*"))
          missing.add(source.getKey() + ": " + cited.group());
      }

    assertEquals(Set.of(), missing);
  }

  @Test
  void nothingOutsideTheProjectIsNamed() throws IOException {
    for (Path document : documents)
      assertTrue(!Files.readString(document).contains("/shared"), document::toString);
    sources.forEach((file, text) -> assertTrue(!text.contains(".." + "/shared"), file::toString));
  }

  /** What stands between backticks, outside of blocks of code. */
  private static List<String> names(String text) {
    return groups(CODE, text.replaceAll("(?ms)^```.*?^```$", ""));
  }

  private static List<String> groups(Pattern pattern, String text) {
    return pattern.matcher(text).results().map((MatchResult found) -> found.group(1)).toList();
  }
}
