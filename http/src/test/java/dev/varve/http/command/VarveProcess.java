package dev.varve.http.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** {@code varve} as a user starts it, in a process of its own; killed when the test closes it. */
final class VarveProcess implements AutoCloseable {

  private static final long SECONDS = 60;

  private final Process process;
  private final BufferedReader output;
  private final ProcessLog log;

  private VarveProcess(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
    this.log = new ProcessLog(process.errorReader(StandardCharsets.UTF_8));
  }

  /** Starts it in {@code folder}, which relative paths start from. */
  static VarveProcess start(Path folder, String... arguments) throws IOException {
    return start(List.of(), folder, arguments);
  }

  /** The same, where it may have so many files and sockets open. */
  static VarveProcess startWithFiles(int limit, Path folder, String... arguments)
      throws IOException {
    return start(
        List.of("sh", "-c", "ulimit -n " + limit + " && exec \"$@\"", "sh"), folder, arguments);
  }

  /** The same, started by another program, which gets the command line as its last arguments. */
  static VarveProcess startBehind(List<String> program, Path folder, String... arguments)
      throws IOException {
    return start(program, folder, arguments);
  }

  private static VarveProcess start(List<String> before, Path folder, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            "env", // what a build ignores (SIGINT in a shell's background, SIGHUP under nohup),
            "--default-signal=INT,HUP", // its children would ignore too
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.varve.http.Main"));
    command.addAll(List.of(arguments));
    return new VarveProcess(new ProcessBuilder(command).directory(folder.toFile()).start());
  }

  /** The next line that it prints, which it does when it is ready. */
  String line() throws IOException {
    String line = output.readLine();
    if (line == null) throw new IOException("it ended: " + errors());
    return line;
  }

  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("sh", "-c", "kill -%s %d".formatted(name, process.pid()))
        .inheritIO()
        .start()
        .waitFor();
  }

  /** SIGKILL, from any thread; the process may still be ending on return. */
  void kill() {
    process.toHandle().destroyForcibly(); // by its handle, so that what it said can still be read
  }

  /** SIGTERM, from any thread. */
  void terminate() {
    process.toHandle().destroy();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The names of the files that it has open, as the kernel knows them. */
  List<String> openFiles() {
    List<String> names = new ArrayList<>();
    try (var open = Files.newDirectoryStream(Path.of("/proc/%d/fd".formatted(process.pid())))) {
      for (Path each : open) names.add(nameOf(each));
    } catch (IOException | DirectoryIteratorException _) {
      // It has ended.
    }
    return names;
  }

  private static String nameOf(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException _) {
      return ""; // closed in the meantime
    }
  }

  int exitStatus() throws InterruptedException, TimeoutException {
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) throw new TimeoutException("it goes on");
    return process.exitValue();
  }

  /** What it printed until it ended. */
  String rest() {
    return String.join("\n", output.lines().toList());
  }

  /** What it said on standard error until it ended, without the lines that tell what happens. */
  String errors() {
    return log.errors();
  }

  /** All that it says on standard error, while it says it. */
  ProcessLog log() {
    return log;
  }

  /** How many files with such a name it has open. */
  long open(String suffix) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      return open.filter(
              descriptor -> {
                try {
                  return Files.readSymbolicLink(descriptor).toString().endsWith(suffix);
                } catch (IOException _) {
                  return false; // closed meanwhile
                }
              })
          .count();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /**
   * Runs a program of the machine in {@code folder} and returns what it printed; fails if it does.
   */
  static String tool(Path folder, String... command) throws IOException, InterruptedException {
    Process tool =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (tool.waitFor() != 0) throw new IOException(String.join(" ", command) + ": " + said);
    return said;
  }
}
