package dev.varve.io.trial;

import dev.varve.io.posix.OpenDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The process that listens on a TCP port of this host. Any thread; may block. */
public final class PortUser {

  private static final List<Path> LISTS =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  private static final String LISTENS = "0A";

  private PortUser() {}

  /** The number and the name of a process that listens; null if none can be seen. */
  public static @Nullable String of(int port) {
    return listening(port)
        .findFirst()
        .map(open -> "process %d (%s)".formatted(open.pid(), open.processName()))
        .orElse(null);
  }

  /** The numbers of all processes that listen; only root sees those of others. */
  public static Set<Long> processes(int port) {
    return listening(port).map(OpenDescriptor::pid).collect(Collectors.toSet());
  }

  private static Stream<OpenDescriptor> listening(int port) {
    Set<String> sockets = sockets(port);
    return sockets.isEmpty()
        ? Stream.empty()
        : OpenDescriptor.leadingTo(sockets::contains).stream();
  }

  /** Whether any process listens, which every user can see. */
  public static boolean isUsed(int port) {
    return !sockets(port).isEmpty();
  }

  private static Set<String> sockets(int port) {
    Set<String> sockets = new HashSet<>();
    for (Path list : LISTS) {
      try {
        for (String line : Files.readAllLines(list)) {
          String inode = listeningInode(line, port);
          if (inode != null) sockets.add("socket:[" + inode + "]");
        }
      } catch (IOException _) {
        // They stay unknown.
      }
    }
    return sockets;
  }

  /** Of a line such as {@code 0: 0100007F:2A39 00000000:0000 0A 0:0 0:0 0 1000 0 4711 ...}. */
  static @Nullable String listeningInode(String line, int port) {
    String[] words = line.strip().split("\\s+");
    boolean listens =
        words.length > 9 && words[3].equals(LISTENS) && words[1].endsWith(":%04X".formatted(port));
    return listens ? words[9] : null;
  }
}
