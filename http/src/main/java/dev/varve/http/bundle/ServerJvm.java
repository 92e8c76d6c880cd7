package dev.varve.http.bundle;

import dev.varve.http.doctor.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The server's Java runtime, asked with {@code jcmd}: it goes on as it was. Blocks.
 *
 * @param process of the server
 */
record ServerJvm(long process) {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** What has no words for a user: the process that is asked, and where an exception was thrown. */
  private static final Pattern TRACE = Pattern.compile("\\d+:|\\s+at .*|\\s+\\.\\.\\. \\d+ more");

  private static final String SILENT =
      "the server's Java runtime does not answer: its process is stopped or hangs";

  private static final Pattern CLASS_NAME =
      Pattern.compile(
          "^(Exception in thread \"[^\"]*\" |Caused by: )?([\\w$]+\\.)+[A-Z][\\w$]*:?(?=\\s|$)");

  /** Where threads are, what waits for what, and the collector; no values, no environment. */
  String threads() throws IOException {
    return command("Thread.print", "-l");
  }

  String heap() throws IOException {
    // In one call of jcmd, which is a JVM of its own.
    return command("GC.heap_info\nVM.uptime\nVM.flags");
  }

  /**
   * The slow requests and the collector's pauses of a recording, if one runs; none is started,
   * since that would slow the server down.
   */
  String recording() throws IOException {
    String running = command("JFR.check");
    if (running.contains("No available recordings"))
      throw new IOException(
          "the server has no JFR recording; start one before the trouble: jcmd %d JFR.start"
              .formatted(process));
    Path folder = Files.createTempDirectory("varve-support-");
    Path file = folder.resolve("recording.jfr");
    try {
      command("JFR.dump", "filename=" + file);
      return running
          + tool("jfr", "summary", file.toString())
          + tool(
              "jfr",
              "print",
              "--events",
              "varve.*,GarbageCollection,GCPhasePause,JavaMonitorEnter,ExecutionSample,CPULoad",
              file.toString());
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  private String command(String... words) throws IOException {
    String[] all = new String[words.length + 2];
    all[0] =
        "-J-Dsun.tools.attach.attachTimeout="
            + PATIENCE.toMillis(); // killed, it would leave a file
    all[1] = Long.toString(process);
    System.arraycopy(words, 0, all, 2, words.length);
    return tool("jcmd", all);
  }

  private static String tool(String name, String... words) throws IOException {
    Path program = Path.of(System.getProperty("java.home"), "bin", name);
    if (!Files.isExecutable(program))
      throw new IOException("this Java runtime has no program '" + name + "'");
    List<String> line = new ArrayList<>(List.of(program.toString()));
    line.addAll(List.of(words));
    Tool done = Tool.run(line);
    if (done.status() == 0) return done.said();
    if (done.status() == Tool.MISSING || done.said().contains("respond within"))
      throw new SilentServerException(SILENT);
    throw new IOException(why(name, done.said()));
  }

  /** Of what a program said that failed: the stack trace is for programmers, and left out. */
  static String why(String program, String said) {
    if (said.contains("not permitted") || said.contains("Permission denied"))
      return "only the server's user and root can ask its Java runtime: run the command as one of them";
    String words =
        said.lines()
            .filter(line -> !TRACE.matcher(line).matches())
            .map(line -> CLASS_NAME.matcher(line).replaceFirst("").strip())
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining("; "));
    return program + " failed" + (words.isEmpty() ? "" : ": " + words);
  }
}
