package dev.varve.http.server;

import dev.varve.http.access.Policy;
import dev.varve.io.posix.Landlock;
import dev.varve.io.posix.Landlock.Right;
import io.netty.channel.epoll.Epoll;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this process to the media roots, with the kernel's help: whatever a request, a settings
 * file or an image names, and however links change meanwhile, no other file of the host is opened,
 * made, moved or deleted. Only what a Java program needs of the system can be read besides.
 */
final class Confinement {

  /** The system's files, which the runtime and the look at drives read. */
  private static final List<Path> SYSTEM =
      List.of(
          Path.of("/usr"),
          Path.of("/lib"),
          Path.of("/lib64"),
          Path.of("/etc"),
          Path.of("/proc"),
          Path.of("/sys"),
          Path.of("/dev/urandom"),
          Path.of("/dev/random"),
          Path.of("/dev/null"));

  private Confinement() {}

  /**
   * Confines the calling thread and those that it starts from now on, for ever.
   *
   * @param policy has media roots, the state folder among them
   * @param socket another socket that the server makes; null for none
   * @param guests the folder of vhost-user sockets, which is made; null for none
   * @throws IOException if the kernel cannot do it; nothing has changed
   */
  static void enforce(Policy policy, @Nullable Path socket, @Nullable Path guests)
      throws IOException {
    Epoll.isAvailable(); // unpacks a library into a folder that is out of reach afterwards
    try (var landlock = new Landlock()) {
      for (Path root : policy.media().roots()) landlock.allow(root, Right.EVERYTHING);
      Path folder = socket == null ? null : socket.getParent();
      if (folder != null && Files.isDirectory(folder)) landlock.allow(folder, Right.SOCKETS);
      if (guests != null) landlock.allow(Files.createDirectories(guests), Right.SOCKETS);
      for (Path read : readable(policy)) if (Files.exists(read)) landlock.allow(read, Right.READ);
      landlock.enforce();
    } catch (UnsupportedOperationException e) {
      throw new IOException("--media-root cannot be held: " + e.getMessage(), e);
    }
  }

  private static Set<Path> readable(Policy policy) {
    Set<Path> readable = new LinkedHashSet<>(SYSTEM);
    readable.addAll(policy.readable());
    readable.add(Path.of(System.getProperty("java.home")));
    for (String entry : System.getProperty("java.class.path", "").split(File.pathSeparator))
      if (!entry.isEmpty()) readable.add(Path.of(entry).toAbsolutePath());
    return readable;
  }
}
