package dev.varve.io.host;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A block device of the host over a file, with sectors of a size; takes the rights of root. */
public final class LoopDevice implements AutoCloseable {

  private final Path path;

  private LoopDevice(Path path) {
    this.path = path;
  }

  /** Leaves the test out where the machine does not let it make one. */
  public static LoopDevice over(Path file, int sectorSize, String... options) throws Exception {
    var command = new ArrayList<String>();
    command.addAll(List.of("--find", "--show", "--sector-size", Integer.toString(sectorSize)));
    command.addAll(List.of(options));
    command.add(file.toString());
    var attached = losetup(command);
    assumeTrue(attached.status == 0, () -> "no loop device: " + attached.output);
    return new LoopDevice(Path.of(attached.output.strip()));
  }

  public Path path() {
    return path;
  }

  /** Takes the length of the file anew. */
  void refreshCapacity() throws Exception {
    must(losetup(List.of("--set-capacity", path.toString())));
  }

  /** If another process has it open, the device stays until that closes it. */
  @Override
  public void close() throws Exception {
    must(losetup(List.of("--detach", path.toString())));
  }

  private static void must(Ended ended) throws IOException {
    if (ended.status != 0) throw new IOException(ended.output);
  }

  private record Ended(int status, String output) {}

  private static Ended losetup(List<String> arguments) throws Exception {
    var command = new ArrayList<>(List.of("losetup"));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return new Ended(process.waitFor(), output);
  }
}
