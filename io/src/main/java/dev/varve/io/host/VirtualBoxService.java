package dev.varve.io.host;

import dev.varve.io.posix.OpenDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The VirtualBox service (VBoxSVC) of a user: while it runs it keeps that user's machines in
 * memory, and can start one at any time. Its programs meet at a Unix socket whose name has the
 * user's. Any thread.
 */
public final class VirtualBoxService {

  private static final Path PROC = Path.of("/proc");
  private static final Path TEMPORARY = Path.of("/tmp");

  private VirtualBoxService() {}

  /**
   * The service that may be using the machine of a settings file: one of the file's owner. May
   * block.
   *
   * @return the process in words, null if there is none
   */
  public static @Nullable String usingMachineOf(Path settingsFile) throws IOException {
    return usingMachineOf(settingsFile, TEMPORARY);
  }

  static @Nullable String usingMachineOf(Path settingsFile, Path temporary) throws IOException {
    String user = Files.getOwner(settingsFile).getName();
    Path socket = temporary.resolve(".vbox-" + user + "-ipc").resolve("ipcd");
    String inode = listeningInode(socket);
    if (inode == null) return null;
    String process = processWith("socket:[" + inode + "]");
    return process == null ? "a process that listens on " + socket : process;
  }

  /** A socket file is left over by a service that was killed: only the kernel knows who listens. */
  private static @Nullable String listeningInode(Path socket) {
    try {
      for (String line : Files.readAllLines(PROC.resolve("net/unix"))) {
        // number: references protocol flags type state inode path
        String[] words = line.strip().split(" +", 8);
        boolean listens = words.length == 8 && words[3].equals("00010000");
        if (listens && words[7].equals(socket.toString())) return words[6];
      }
    } catch (IOException _) {
      // No /proc: then nothing is known.
    }
    return null;
  }

  private static @Nullable String processWith(String descriptor) {
    return OpenDescriptor.leadingTo(descriptor::equals).stream()
        .findFirst()
        .map(open -> "process %d (%s)".formatted(open.pid(), open.processName()))
        .orElse(null);
  }
}
