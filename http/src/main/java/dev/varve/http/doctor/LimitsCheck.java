package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import dev.varve.http.client.FolderProcess;
import dev.varve.http.server.Descriptors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Open files, memory and threads: of this process, which a server started here would have too, and
 * of the server that runs. Varve locks no memory, so that limit does not matter.
 */
record LimitsCheck(Installation installation) implements Check {

  private static final String FILES = "open files";
  private static final String MEMORY = "memory";
  private static final String THREADS = "threads";

  private static final Pattern OPEN_FILES =
      Pattern.compile("^Max open files +(\\d+)", Pattern.MULTILINE);

  private static final int FEW_CLIENTS = 32;

  /** Of what the launcher allows the JVM: 256 MiB for objects, 768 MiB for buffers. */
  private static final long MEMORY_BYTES = 1L << 30;

  private static final long FEW_THREADS = 256;

  @Override
  public String subject() {
    return FILES;
  }

  @Override
  public List<Finding> look() {
    List<Finding> findings = new ArrayList<>();
    findings.add(ownFiles());
    serverFiles(findings);
    memory(findings);
    threads(findings);
    return findings;
  }

  private static Finding ownFiles() {
    var own = Descriptors.ofThisProcess();
    String more = "ulimit -n 65536; for a service LimitNOFILE=65536 in 'systemctl edit varve'";
    try {
      own.check();
    } catch (IOException e) {
      return Finding.wrong(FILES, FailureWords.of(e), more);
    }
    String room =
        "a server started here may have %s, room for about %s"
            .formatted(Amount.of(own.limit(), "file"), Amount.of(own.clients(), "client"));
    return own.clients() < FEW_CLIENTS
        ? Finding.warning(FILES, room, more)
        : Finding.good(FILES, room);
  }

  private void serverFiles(List<Finding> findings) {
    Long process = FolderProcess.of(installation.stateFolder());
    if (process == null) return;
    Path facts = Path.of("/proc", process.toString());
    try (Stream<Path> open = Files.list(facts.resolve("fd"))) {
      Matcher limit = OPEN_FILES.matcher(Files.readString(facts.resolve("limits")));
      if (!limit.find()) return;
      long most = Long.parseLong(limit.group(1));
      long now = open.count();
      String used = "the server (process %d) has %d of %d open".formatted(process, now, most);
      findings.add(
          now > most / 10 * 9
              ? Finding.warning(
                  FILES,
                  used,
                  "start it with more: ulimit -n 65536, or LimitNOFILE=65536 in 'systemctl edit varve'")
              : Finding.good(FILES, used));
    } catch (IOException _) {
      // Another user's process.
    }
  }

  private static void memory(List<Finding> findings) {
    OptionalLong bound = groupLimit("memory.max");
    if (bound.isEmpty()) return;
    long bytes = bound.getAsLong();
    String what = "the control group allows " + Amount.bytes(bytes);
    findings.add(
        bytes >= MEMORY_BYTES
            ? Finding.good(MEMORY, what)
            : Finding.warning(
                MEMORY,
                what + "; with many clients a server needs up to " + Amount.bytes(MEMORY_BYTES),
                "MemoryMax=2G for the service or the container"));
  }

  private static void threads(List<Finding> findings) {
    OptionalLong bound = groupLimit("pids.max");
    if (bound.isEmpty()) return;
    long left = bound.getAsLong() - groupLimit("pids.current").orElse(0);
    String what = "the control group allows %s more".formatted(Amount.of(left, "thread"));
    findings.add(
        left >= FEW_THREADS
            ? Finding.good(THREADS, what)
            : Finding.warning(THREADS, what, "TasksMax=4096 for the service or the container"));
  }

  /** Of the group of this process; empty for none. */
  private static OptionalLong groupLimit(String name) {
    try {
      String group = Files.readString(Path.of("/proc/self/cgroup")).strip();
      String folder = group.startsWith("0::/") ? group.substring("0::/".length()) : "";
      Path file = Path.of("/sys/fs/cgroup").resolve(folder).resolve(name);
      return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
    } catch (IOException | NumberFormatException _) {
      return OptionalLong.empty(); // there is no such group, or "max"
    }
  }
}
