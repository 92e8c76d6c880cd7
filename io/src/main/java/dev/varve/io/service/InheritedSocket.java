package dev.varve.io.service;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Unix socket that systemd listens on and passes to this process ("socket activation",
 * sd_listen_fds(3)). Clients that connect before the server is ready wait for it. Immutable.
 *
 * @param descriptor its number in this process
 * @param path where clients connect
 */
public record InheritedSocket(int descriptor, Path path) {

  /** SD_LISTEN_FDS_START. */
  private static final int FIRST = 3;

  // /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path
  private static final int FLAGS = 3;
  private static final int TYPE = 4;
  private static final int INODE = 6;
  private static final int NAME = 7;
  private static final long ACCEPTS = 0x10000;
  private static final int STREAM = 1;

  /**
   * The one that was passed to this process; null for none.
   *
   * @throws IOException what was passed is no Unix socket that listens at a path
   */
  public static @Nullable InheritedSocket ofThisProcess() throws IOException {
    return of(System.getenv(), ProcessHandle.current().pid());
  }

  static @Nullable InheritedSocket of(Map<String, String> environment, long process)
      throws IOException {
    if (!environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(process))) return null;
    String count = environment.getOrDefault("LISTEN_FDS", "0");
    if (count.equals("0")) return null;
    if (!count.equals("1"))
      throw new IOException(
          "systemd has passed %s sockets, but Varve takes one, for its API; leave one ListenStream= in varve.socket"
              .formatted(count));
    String name = Files.readSymbolicLink(Path.of("/proc/self/fd/" + FIRST)).toString();
    String inode = name.replaceFirst("^socket:\\[(\\d+)]$", "$1");
    Path path =
        listening(
            Files.readAllLines(Path.of("/proc/self/net/unix"), StandardCharsets.ISO_8859_1), inode);
    if (path == null)
      throw new IOException(
          "the socket that systemd has passed is not one that listens at a path; ListenStream= in varve.socket needs a path");
    Posix.setNonBlocking(FIRST); // systemd passes it as one that waits
    return new InheritedSocket(FIRST, path);
  }

  /** The path of a listening socket in the kernel's list; null if it is not there. */
  static @Nullable Path listening(List<String> sockets, String inode) {
    for (String line : sockets) {
      String[] columns = line.trim().split("\\s+", NAME + 1);
      if (columns.length <= NAME || !columns[INODE].equals(inode)) continue;
      boolean listens =
          (Long.parseLong(columns[FLAGS], 16) & ACCEPTS) != 0
              && Integer.parseInt(columns[TYPE], 16) == STREAM;
      String path =
          new String(columns[NAME].getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      return listens && path.startsWith("/") ? Path.of(path) : null;
    }
    return null;
  }
}
