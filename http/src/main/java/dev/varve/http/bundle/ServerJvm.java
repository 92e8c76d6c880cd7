package dev.varve.http.bundle;

import dev.varve.http.doctor.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The server's Java runtime, asked with {@code jcmd}: it goes on as it was. Blocks.
 *
 * @param process of the server
 */
record ServerJvm(long process) {

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
    String[] all = new String[words.length + 1];
    all[0] = Long.toString(process);
    System.arraycopy(words, 0, all, 1, words.length);
    return tool("jcmd", all);
  }

  private static String tool(String name, String... words) throws IOException {
    Path program = Path.of(System.getProperty("java.home"), "bin", name);
    if (!Files.isExecutable(program))
      throw new IOException("this Java runtime has no program '" + name + "'");
    List<String> line = new ArrayList<>(List.of(program.toString()));
    line.addAll(List.of(words));
    Tool done = Tool.run(line);
    if (done.status() != 0)
      throw new IOException(
          "%s: %s".formatted(name, done.said().strip().replaceAll("\\s*\\R\\s*", "; ")));
    return done.said();
  }
}
