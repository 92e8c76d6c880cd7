package dev.varve.http.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * The program of this build as users have it: in jars, with an AOT cache. A process of it then
 * takes two thirds of the time to start, and the tests start very many. Made once for a run of
 * tests, by the first that needs it. Any thread.
 */
final class BuiltProgram {

  /** The same for the cache and for who uses it. */
  private static final List<String> OPTIONS =
      List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xmx64m");

  /** The command line of the program, but for its arguments. */
  static final List<String> COMMAND = make();

  private BuiltProgram() {}

  private static List<String> make() {
    try {
      Path folder = Files.createDirectories(Path.of("target", "program")).toAbsolutePath();
      String jars = jars(folder);
      Path cache = folder.resolve("varve.aot");
      train(jars, cache);
      List<String> command = new ArrayList<>(OPTIONS);
      command.addAll(List.of("-XX:AOTCache=" + cache, "-cp", jars, "dev.varve.http.Main"));
      return List.copyOf(command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The class path, with folders of classes packed: there is no cache for those. */
  private static String jars(Path folder) {
    List<String> jars = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(":")) {
      Path path = Path.of(entry).toAbsolutePath().normalize();
      if (path.endsWith("test-classes")) continue;
      jars.add(Files.isDirectory(path) ? packed(path, folder, jars.size()) : path.toString());
    }
    return String.join(":", jars);
  }

  private static String packed(Path classes, Path folder, int number) {
    String jar = folder.resolve("classes-" + number + ".jar").toString();
    ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
    String[] arguments = {
      "--create", "--no-compress", "--file", jar, "-C", classes.toString(), "."
    };
    if (tool.run(System.out, System.err, arguments) != 0)
      throw new IllegalStateException("jar " + Arrays.toString(arguments));
    return jar;
  }

  private static void train(String jars, Path cache) throws IOException {
    Path place = Files.createTempDirectory("varve-training");
    List<String> command = new ArrayList<>(OPTIONS);
    command.addAll(
        List.of("-XX:AOTCacheOutput=" + cache, "-cp", jars, "dev.varve.http.AotTraining"));
    command.add(place.toString());
    Process training =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(place.resolve("output").toFile())
            .start();
    try {
      if (training.waitFor() != 0)
        throw new IllegalStateException(Files.readString(place.resolve("output")));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Files.delete(place.resolve("output"));
    Files.delete(place);
  }
}
