package dev.varve.io.host;

import dev.varve.io.posix.OpenDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The VirtualBox service (VBoxSVC) of a user. While it runs, it keeps that user's machines in
 * memory and can start one at any time. Its programs connect to a Unix socket with the user's name
 * in its path. Any thread; may block.
 */
public final class VirtualBoxService {

  private static final Path PROC = Path.of("/proc");
  private static final Path TEMPORARY = Path.of("/tmp");

  private VirtualBoxService() {}

  /**
   * The service of a settings file's owner, which may be using that machine. May block.
   *
   * @return a description of its process; null if it does not run
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

  /**
   * The inode of a listening socket. A killed service leaves its socket file behind, so only the
   * kernel's list is reliable.
   */
  private static @Nullable String listeningInode(Path socket) {
    try {
      for (String line : Files.readAllLines(PROC.resolve("net/unix"))) {
        // number: references protocol flags type state inode path
        String[] words = line.strip().split(" +", 8);
        boolean listens = words.length == 8 && words[3].equals("00010000");
        if (listens && words[7].equals(socket.toString())) return words[6];
      }
    } catch (IOException _) {
      // No /proc: then it is unknown.
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
