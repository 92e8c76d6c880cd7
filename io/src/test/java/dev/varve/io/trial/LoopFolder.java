package dev.varve.io.trial;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file system in a file, mounted on a folder until this is closed. A test needs root for it. */
record LoopFolder(Path path) implements AutoCloseable {

  private static final long BYTES = 320L << 20;

  /**
   * @param make the program that makes the file system, with its options
   */
  static LoopFolder of(Path parent, String... make) throws Exception {
    Path image = parent.resolve("image");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    List<String> line = new ArrayList<>(List.of(make));
    line.add(image.toString());
    run(line.toArray(String[]::new));
    Path path = Files.createDirectory(parent.resolve("mounted"));
    try {
      run("mount", "-o", "loop", image.toString(), path.toString());
    } catch (IOException e) {
      assumeTrue(false, "the machine mounts no file: " + e.getMessage());
    }
    return new LoopFolder(path);
  }

  /** Mounts a file system without a device. */
  static LoopFolder inMemory(Path parent, String type, String options) throws Exception {
    Path path = Files.createDirectory(parent.resolve("mounted"));
    try {
      run("mount", "-t", type, "-o", options, "none", path.toString());
    } catch (IOException e) {
      assumeTrue(false, "the machine mounts nothing: " + e.getMessage());
    }
    return new LoopFolder(path);
  }

  static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) throw new IOException(String.join(" ", command) + ": " + said);
  }

  @Override
  public void close() throws Exception {
    run("umount", path.toString());
  }
}
