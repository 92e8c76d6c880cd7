package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/varve} in a distribution of its own, with a JDK that prints what it is given instead
 * of running it.
 */
class LauncherTest {

  @TempDir Path folder;
  private Path varve;
  private Path jar;
  private Path caches;
  private Path jdk;

  @BeforeEach
  void distribution() throws IOException {
    Path home = Files.createDirectories(folder.toRealPath().resolve("a folder/varve"));
    Files.createDirectory(home.resolve("bin"));
    Files.createDirectory(home.resolve("lib"));
    caches = Files.createDirectory(home.resolve("cache"));
    jar = Files.writeString(home.resolve("lib/varve.jar"), "jar");
    varve = Files.copy(Path.of("src/main/dist/bin/varve"), home.resolve("bin/varve"));
    jdk = jdk("25.0.3");
  }

  @Test
  void argumentsReachTheProgramAsTheyAre() throws Exception {
    var run = run("serve", "--name", "two words", "*", "");

    assertEquals(0, run.status);
    String arguments = run.out.substring(run.out.indexOf("<-jar>"));
    assertEquals("<-jar><" + jar + "><serve><--name><two words><*><>\n", arguments);
    assertTrue(run.out.contains("<--enable-native-access=ALL-UNNAMED>"), run.out);
  }

  @Test
  void withFewerFilesThanTheJvmNeedsItSaysSo() throws Exception {
    Path few =
        Files.writeString(folder.resolve("few"), "ulimit -n 50; exec sh '%s'".formatted(varve));

    var run = run(few);

    assertEquals(1, run.status);
    assertTrue(run.err.startsWith("varve: this process may have 50 files open"), run.err);
  }

  @Test
  void aLinkToItStartsItToo() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("varve"), varve);

    assertEquals(0, run(link).status);
  }

  @Test
  void moreOptionsForTheJvmComeFromTheEnvironment() throws Exception {
    var builder = builder(varve);
    builder.environment().put("VARVE_JAVA_OPTS", "-Xmx1g -Dx=y");

    assertTrue(finish(builder).out.contains("<-Xmx1g><-Dx=y><-jar>"));
  }

  @Test
  void onlyWhatMayRunLongIsCompiledForSpeed() throws Exception {
    String quickly = "<-XX:TieredStopAtLevel=1>";

    assertFalse(run("serve", "--demo").out.contains(quickly));
    assertFalse(run("image", "convert", "a.vdi", "b.vdi").out.contains(quickly));
    assertTrue(run("image", "info", "a.vdi").out.contains(quickly));
    assertTrue(run("machine", "list").out.contains(quickly));
    assertTrue(run("--version").out.contains(quickly));
  }

  @Test
  void aJdkThatIsTooOldIsRefusedByName() throws Exception {
    jdk = jdk("17.0.1");

    var run = run();

    assertEquals(1, run.status);
    assertEquals(
        "varve: VARVE_JAVA_HOME="
            + jdk
            + " is not a JDK 25. Set it to one, or unset it to have one found.\n",
        run.err);
  }

  @Test
  void javaHomeIsTakenIfItIsAJdk25() throws Exception {
    var builder = builder(varve);
    builder.environment().remove("VARVE_JAVA_HOME");
    builder.environment().put("JAVA_HOME", jdk.toString());

    assertTrue(finish(builder).out.startsWith("<--enable-native-access"));
  }

  @Test
  void theFirstRunMakesACacheAndTheSecondUsesIt() throws Exception {
    Path cache = cacheMadeBy(varve);

    assertTrue(run().out.contains("<-XX:AOTCache=" + cache + ">"));
  }

  @Test
  void theCacheIsMadeOnRequestBeforeTheFirstRun() throws Exception {
    var run = run("--make-cache");

    assertEquals(0, run.status);
    assertEquals("", run.out + run.err);
    Path cache = list(caches).getFirst();
    assertTrue(run().out.contains("<-XX:AOTCache=" + cache + ">"));
  }

  @Test
  void aCacheThatCannotBeMadeIsToldWithItsPlace() throws Exception {
    Files.writeString(jdk.resolve("bin/java"), "#!/bin/sh\nexit 1\n");

    var run = run("--make-cache");

    assertEquals(1, run.status);
    assertTrue(run.err.contains("could not be made in " + caches), run.err);
  }

  @Test
  void theRuntimeBesideItIsTakenBeforeEveryOtherJdk() throws Exception {
    Path other = jdk;
    jdk = jdk("25.0.9");
    Files.move(jdk, varve.getParent().resolveSibling("runtime"));
    var builder = builder(varve);
    builder.environment().remove("VARVE_JAVA_HOME");
    builder.environment().put("JAVA_HOME", other.toString());
    Files.writeString(other.resolve("bin/java"), "#!/bin/sh\necho other\n");

    assertTrue(finish(builder).out.startsWith("<--enable-native-access"));
  }

  @Test
  void whatIsTheSameInSizeAndTimeIsToldApartByItsChecksum() throws Exception {
    Path checksum = Files.writeString(jar.resolveSibling("checksum"), "one");
    var time = Files.getLastModifiedTime(checksum);
    Path old = cacheMadeBy(varve);
    Files.writeString(checksum, "two");
    Files.setLastModifiedTime(checksum, time);

    assertNotEquals(old, cacheMadeBy(varve));
  }

  @Test
  void afterAnUpgradeTheOldCacheGivesWayToANewOne() throws Exception {
    Path old = cacheMadeBy(varve);
    Files.writeString(jar, "a newer jar");

    Path made = cacheMadeBy(varve);

    assertNotEquals(old, made);
    assertEquals(List.of(made), list(caches));
  }

  @Test
  void whileACacheIsBeingMadeNoOtherProcessMakesOne() throws Exception {
    Path cache = cacheMadeBy(varve);
    Files.delete(cache);
    Path lock = Files.createDirectory(Path.of(cache.toString().replaceFirst("\\.aot$", ".lock")));

    assertEquals(0, run().status);

    assertEquals(List.of(lock), list(caches));
    assertEquals(List.of(), list(lock));
  }

  /** Runs {@code program}, and finds the cache that it has made in the background. */
  private Path cacheMadeBy(Path program) throws Exception {
    run(program);
    return list(caches).getFirst();
  }

  private static List<Path> list(Path folder) throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.toList();
    }
  }

  /**
   * A JDK whose {@code java} prints its arguments, and makes a cache where it is told to make one.
   */
  private Path jdk(String version) throws IOException {
    Path home = Files.createDirectories(folder.resolve("jdk " + version));
    Files.createDirectory(home.resolve("bin"));
    Files.writeString(
        home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    Path java =
        Files.writeString(
            home.resolve("bin/java"),
            """
            #!/bin/sh
            for argument; do
              case $argument in -XX:AOTCacheOutput=*) echo cache >"${argument#*=}" ;; esac
            done
            printf '<%s>' "$@"
            echo
            """);
    java.toFile().setExecutable(true);
    return home;
  }

  private record Run(int status, String out, String err) {}

  private Run run(String... arguments) throws Exception {
    return run(varve, arguments);
  }

  private Run run(Path program, String... arguments) throws Exception {
    return finish(builder(program, arguments));
  }

  /**
   * The launcher's background job keeps descriptor 3 and with it the pipe open, so that {@code cat}
   * and the test wait for it too: no process may write to the folder of a test that has ended.
   */
  private ProcessBuilder builder(Path program, String... arguments) {
    String launch = "sh \"$0\" \"$@\" 3>&1 | cat";
    List<String> command =
        new ArrayList<>(List.of("bash", "-o", "pipefail", "-c", launch, program.toString()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().put("VARVE_JAVA_HOME", jdk.toString());
    builder.environment().remove("VARVE_JAVA_OPTS");
    return builder;
  }

  private static Run finish(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out, err);
  }
}
