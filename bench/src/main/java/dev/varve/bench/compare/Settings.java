package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of all comparisons, and what they mean for this process. */
final class Settings {

  /** Linux shares the processor among sessions first; nice is of use only within one. */
  private static final Path SESSION_PRIORITY = Path.of("/proc/self/autogroup");

  private static final Duration CACHE = Duration.ofMinutes(1);

  @Option(
      names = "--varve",
      paramLabel = "PROGRAM",
      description = "Varve's launcher. Usual: the one of this build.")
  private @Nullable Path varve;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "In how many rounds each server is measured. Usual: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "3",
      description = "How long each run is. Usual: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--ramp",
      paramLabel = "S",
      defaultValue = "3",
      description =
          "How long a server that was just started is warmed up. Usual: ${DEFAULT-VALUE}.")
  private double rampSeconds;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "512M",
      converter = Size.class,
      description =
          "The size of the disk, in MiB (M) or GiB (G); some workloads take more. Usual: ${DEFAULT-VALUE}.")
  private long size;

  @Option(
      names = "--work",
      paramLabel = "FOLDER",
      defaultValue = "/var/tmp",
      description =
          "Where images are made, on the file system to be measured; removed at the end."
              + " Usual: ${DEFAULT-VALUE}.")
  private Path work;

  @Option(
      names = "--nice",
      paramLabel = "N",
      description =
          "Priority of this terminal session while it runs, where others use the machine too:"
              + " -20 to 19; below 0 needs root.")
  private @Nullable Integer nice;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "markdown",
      description = "markdown or json. Usual: ${DEFAULT-VALUE}.")
  private Output output;

  enum Output {
    markdown,
    json
  }

  Race.Terms terms() {
    return new Race.Terms(rounds, seconds, rampSeconds, size);
  }

  boolean wantsJson() {
    return output == Output.json;
  }

  /** Work that needs a folder. */
  interface Work<T> {
    T in(Path folder) throws IOException, InterruptedException;
  }

  /** Runs {@code work} in a new folder, at the wished priority, and leaves no trace of either. */
  <T> T run(Work<T> work) throws IOException, InterruptedException {
    String before = priority();
    Path folder = Files.createTempDirectory(this.work, "varve-bench-").toRealPath();
    var atExit = new Thread(() -> remove(folder));
    Runtime.getRuntime().addShutdownHook(atExit);
    try {
      if (nice != null) priority(nice.toString());
      return work.in(folder);
    } finally {
      if (nice != null) priority(before);
      remove(folder);
      Runtime.getRuntime().removeShutdownHook(atExit);
    }
  }

  private static String priority() throws IOException {
    if (!Files.exists(SESSION_PRIORITY)) return "0";
    return Files.readString(SESSION_PRIORITY).replaceFirst("(?s).*nice ", "").strip();
  }

  private static void priority(String nice) throws IOException {
    if (Files.exists(SESSION_PRIORITY)) Files.writeString(SESSION_PRIORITY, nice);
  }

  private static void remove(Path folder) {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
                throws IOException {
              Files.delete(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      System.err.println("varve-bench: " + folder + " could not be removed: " + e);
    }
  }

  /** Varve's launcher, ready: what it prepares in the background at its first start is done. */
  Path launcher() throws IOException, InterruptedException {
    Path program = varve != null ? varve : builtLauncher();
    if (!Files.isExecutable(program)) {
      throw new IOException(
          program + " is not there: build Varve (mvn -q -DskipTests package), or give --varve");
    }
    Programs.run(List.of(program.toString(), "--version"));
    awaitCache(program.toRealPath().resolve("../../cache").normalize());
    return program.toRealPath();
  }

  /**
   * The launcher's first start makes a cache of compiled classes in the background, which would
   * disturb.
   */
  private static void awaitCache(Path cache) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + CACHE.toNanos();
    while (System.nanoTime() < deadline && isBeingMade(cache)) Thread.sleep(100);
  }

  private static boolean isBeingMade(Path cache) throws IOException {
    if (!Files.isDirectory(cache)) return false;
    try (Stream<Path> files = Files.list(cache)) {
      return files.anyMatch(file -> file.toString().endsWith(".lock"));
    }
  }

  /** The distribution of the same build: http/target/varve beside bench/target/varve-bench. */
  private static Path builtLauncher() {
    Path home = Path.of(System.getProperty("varve.bench.home", "bench/target/varve-bench"));
    return home.resolve("../../../http/target/varve/bin/varve").normalize();
  }

  private static final class Size implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      String upper = text.toUpperCase(Locale.ROOT);
      if (!upper.matches("[1-9][0-9]{0,5}[MG]")) {
        throw new TypeConversionException("'" + text + "' is not a size like 512M or 2G");
      }
      long number = Long.parseLong(upper.substring(0, upper.length() - 1));
      return number << (upper.endsWith("G") ? 30 : 20);
    }
  }
}
