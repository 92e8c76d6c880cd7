package dev.varve.http.server;

import dev.varve.io.file.DescriptorReserve;
import dev.varve.io.nbd.NbdLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The file descriptors that this process may have, and how a server shares them out: what it needs
 * itself, a reserve for images and the API, and the rest for NBD clients. Immutable.
 *
 * @param limit how many there may be
 * @param open how many the process has open before the server opens any, its libraries included
 */
public record Descriptors(int limit, int open) {

  /** Event loops poll, are woken, and look at the time. */
  private static final int PER_LOOP = 3;

  /** Sockets and locks, and the loops that accept clients and serve the API. */
  private static final int SERVER = 32;

  private static final int SMALLEST_RESERVE = 16;
  private static final int LARGEST_RESERVE = 1024;
  private static final int MOST_API_CONNECTIONS = 256;

  private static final String LIBRARY = ".jar";

  private static final Pattern LIMIT =
      Pattern.compile("^Max open files +(\\d+)", Pattern.MULTILINE);

  /** Those of this process. */
  public static Descriptors ofThisProcess() {
    return of(Path.of("/proc/self"), System.getProperty("java.class.path", ""));
  }

  /**
   * @param process its folder in {@code /proc}; where it cannot be read, no limit is known
   * @param classPath its libraries, which are opened one after the other and stay open
   */
  static Descriptors of(Path process, String classPath) {
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      Matcher limit = LIMIT.matcher(Files.readString(process.resolve("limits")));
      int most = limit.find() ? Integer.parseInt(limit.group(1)) : Integer.MAX_VALUE;
      long others = open.filter(descriptor -> !isLibrary(descriptor)).count();
      return new Descriptors(most, (int) others + libraries(classPath));
    } catch (IOException | RuntimeException _) {
      return new Descriptors(Integer.MAX_VALUE, 0);
    }
  }

  private static boolean isLibrary(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().endsWith(LIBRARY);
    } catch (IOException | RuntimeException _) {
      return false;
    }
  }

  /** The program's own library is alone on the class path, and lies with all others. */
  private static int libraries(String classPath) throws IOException {
    List<String> paths =
        Stream.of(classPath.split(":")).filter(path -> path.endsWith(LIBRARY)).toList();
    if (paths.size() != 1) return paths.size();
    try (Stream<Path> folder = Files.list(Path.of(paths.getFirst()).toAbsolutePath().getParent())) {
      return (int) folder.filter(file -> file.toString().endsWith(LIBRARY)).count();
    }
  }

  /**
   * @throws IOException there are too few to serve one disk
   */
  public void check() throws IOException {
    int needed = open + SERVER + PER_LOOP + SMALLEST_RESERVE;
    if (limit < needed)
      throw new IOException(
          "this process may have %d files and sockets open, but a server needs at least %d: %d for the program and what is open already, and %d for event loops, sockets, a few images and clients; allow more with 'ulimit -n 1024', or with LimitNOFILE=1024 in a systemd unit"
              .formatted(limit, needed, open, needed - open));
  }

  /**
   * Keeps images from taking the API's reserve, so that a client can still ask for some to be
   * closed.
   */
  public void keepFromImages() {
    if (limit != Integer.MAX_VALUE) DescriptorReserve.keep(limit - reserve() / 2);
  }

  /** Limits of NBD clients that leave enough descriptors for everything else. */
  NbdLimits share(NbdLimits wanted) {
    return wanted.descriptors(firstKept(), loops(wanted.loops()));
  }

  /** The number of event loops that serve disks; at least 1. */
  private int loops(int wanted) {
    int free = limit - reserve() - open - SERVER;
    return Math.clamp(free / (4 * PER_LOOP), 1, wanted);
  }

  /** What clients never get. */
  private int reserve() {
    return Math.clamp(limit / 4, SMALLEST_RESERVE, LARGEST_RESERVE);
  }

  /** The first descriptor that is not for NBD clients. */
  private int firstKept() {
    return limit == Integer.MAX_VALUE ? limit : limit - reserve();
  }

  /** About how many NBD clients there is room for. */
  public int clients() {
    return Math.max(0, firstKept() - open - SERVER - PER_LOOP * loops(NbdLimits.DEFAULT.loops()));
  }

  /** How many clients of a port for HTTP may be in the handshake of TLS. */
  int handshakes() {
    return Math.max(4, apiConnections() / 4);
  }

  /** How many connections one listener of the API may have. */
  int apiConnections() {
    return Math.min(MOST_API_CONNECTIONS, reserve() / 4);
  }
}
