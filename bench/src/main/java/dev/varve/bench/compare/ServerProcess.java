package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An NBD server in a process of its own, with the processes that it started. */
final class ServerProcess implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration STOP = Duration.ofSeconds(20);

  private final String name;
  private final Process process;
  private final Path socket;
  private final Path log;
  private final Thread atExit = new Thread(this::kill);

  private ServerProcess(String name, Process process, Path socket, Path log) {
    this.name = name;
    this.process = process;
    this.socket = socket;
    this.log = log;
  }

  /** A question that fails until the server is ready. */
  interface Probe {
    void ask() throws IOException;
  }

  /** Starts a server and waits until it serves its default export. */
  static ServerProcess start(String name, List<String> command, Path socket)
      throws IOException, InterruptedException {
    return start(name, command, socket, () -> NbdSession.open(socket, "").close());
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @param command stays in the foreground and listens on {@code socket}; what it prints is kept
   *     beside it
   * @throws IOException if it cannot be started or does not answer; with what it printed
   */
  static ServerProcess start(String name, List<String> command, Path socket, Probe probe)
      throws IOException, InterruptedException {
    Files.deleteIfExists(socket);
    Path log = socket.resolveSibling(socket.getFileName() + ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    var server = new ServerProcess(name, process, socket, log);
    try {
      Runtime.getRuntime().addShutdownHook(server.atExit);
      server.awaitAnswer(probe);
      return server;
    } catch (Throwable e) {
      server.close();
      throw e;
    }
  }

  private void awaitAnswer(Probe probe) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    while (true) {
      try {
        probe.ask();
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new IOException(
              "%s does not serve: %s%n%s".formatted(name, e.getMessage(), log()), e);
        }
      }
      process.waitFor(20, TimeUnit.MILLISECONDS);
    }
  }

  /** A session with the default export. */
  NbdSession connect() throws IOException {
    return NbdSession.open(socket, "");
  }

  Path socket() {
    return socket;
  }

  /** What it has printed so far. */
  String log() throws IOException {
    return Files.readString(log, StandardCharsets.UTF_8);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** CPU time used so far, in user and kernel mode, by all its processes. */
  Duration cpu() {
    return processes()
        .map(p -> p.info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** Memory that is its own and not a file's, in bytes. */
  long anonymousBytes() {
    return processes().mapToLong(ServerProcess::anonymousBytes).sum();
  }

  private static long anonymousBytes(ProcessHandle process) {
    try (Stream<String> lines = Files.lines(Path.of("/proc", "" + process.pid(), "status"))) {
      return lines
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .sum();
    } catch (IOException e) {
      return 0; // it has ended
    }
  }

  private Stream<ProcessHandle> processes() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants());
  }

  private void kill() {
    processes().toList().forEach(ProcessHandle::destroyForcibly);
  }

  /** Asks it to stop, and kills it if it does not. */
  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) kill();
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The program is ending already.
    }
    Files.deleteIfExists(socket);
  }
}
