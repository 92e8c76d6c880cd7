package dev.varve.http.command;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** A tmpfs that is soon full; unmounted at the end. A test that needs one needs root. */
record SmallFileSystem(Path path) implements AutoCloseable {

  private static final String FILL = "fill";

  static SmallFileSystem mount(Path path, String options) throws Exception {
    return mount("tmpfs", path, options);
  }

  /** One that does not say how much room there is, nor when a file was made. */
  static SmallFileSystem ramfs(Path path) throws Exception {
    return mount("ramfs", path, "mode=700");
  }

  private static SmallFileSystem mount(String type, Path path, String options) throws Exception {
    Files.createDirectory(path);
    try {
      VarveProcess.tool(path, "mount", "-t", type, "-o", options, "none", path.toString());
    } catch (IOException e) {
      assumeTrue(false, "the machine mounts nothing: " + e.getMessage());
    }
    return new SmallFileSystem(path);
  }

  /** Takes every inode. */
  void fillInodes() throws IOException {
    try {
      for (int i = 0; ; i++) Files.createFile(path.resolve(FILL + i));
    } catch (FileSystemException full) {
      // That is what it is for.
    }
  }

  /** Takes every block. */
  void fillBlocks() throws IOException {
    byte[] page = new byte[4096];
    try (OutputStream out =
        Files.newOutputStream(path.resolve(FILL), StandardOpenOption.CREATE_NEW)) {
      while (true) out.write(page);
    } catch (IOException full) {
      // That is what it is for.
    }
  }

  /** Gives back what {@link #fillInodes} or {@link #fillBlocks} took. */
  void empty() throws IOException {
    List<Path> files = new ArrayList<>();
    try (var all = Files.newDirectoryStream(path, FILL + "*")) {
      all.forEach(files::add);
    }
    for (Path file : files) Files.delete(file);
  }

  /** Makes it {@code ro} or {@code rw}, while no file is open for writing. */
  void remount(String how) throws Exception {
    VarveProcess.tool(path, "mount", "-o", "remount," + how, path.toString());
  }

  @Override
  public void close() throws Exception {
    VarveProcess.tool(path.resolveSibling(""), "umount", "-l", path.toString());
  }
}
