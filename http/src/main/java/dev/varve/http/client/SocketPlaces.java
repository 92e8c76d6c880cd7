package dev.varve.http.client;

import dev.varve.core.hash.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The places for a server's sockets while its state folder takes none, because it is full or
 * read-only: folders of the same user, named after a hash of the state folder's path. Other users
 * can make a folder of that name first; it is used only if it belongs to this user alone.
 *
 * <p>The server takes the first place where it can make a folder, its clients look into all of
 * them. Immutable; looks at file systems, and may block.
 */
public final class SocketPlaces {

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  /** Of the hash of a path; enough that two folders of one user never meet. */
  private static final int HASH_BYTES = 8;

  /**
   * What fits into the kernel's address of a socket, less the longest name of one before it is
   * ready.
   */
  private static final int MAX_PATH = 107 - 26;

  private final int user;
  private final List<Path> places;

  private SocketPlaces(int user, List<Path> places) {
    this.user = user;
    this.places = places;
  }

  /**
   * The places for a state folder, as this process's user and environment have them.
   *
   * @throws IOException if the user of this process cannot be found out
   */
  public static SocketPlaces of(Path stateFolder) throws IOException {
    int user = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    return of(
        stateFolder,
        user,
        System.getenv(),
        List.of(Path.of(System.getProperty("java.io.tmpdir", "/tmp")), Path.of("/dev/shm")));
  }

  /**
   * The same.
   *
   * @param user the number of the user whose folders are trusted
   * @param environment {@code XDG_RUNTIME_DIR} names the user's own folder for sockets
   * @param shared folders in which every user can make one
   */
  static SocketPlaces of(
      Path stateFolder, int user, Map<String, String> environment, List<Path> shared) {
    String hash = hash(stateFolder);
    Set<Path> own = new LinkedHashSet<>();
    String named = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    if (named.startsWith("/")) own.add(Path.of(named));
    own.add(Path.of("/run/user/" + user)); // the usual one, also of a program without environment
    List<Path> places = new ArrayList<>();
    for (Path folder : own) places.add(folder.resolve("varve-" + hash));
    for (Path folder : shared) places.add(folder.resolve("varve-" + user + "-" + hash));
    places.removeIf(p -> p.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH);
    return new SocketPlaces(user, List.copyOf(places));
  }

  private static String hash(Path folder) {
    Path real;
    try {
      real = folder.toRealPath();
    } catch (IOException _) {
      real = folder.toAbsolutePath().normalize();
    }
    return HexFormat.of().formatHex(Sha256.of(real.toString()), 0, HASH_BYTES);
  }

  /** All of them, the first choice first, whether they are there or not. */
  public List<Path> all() {
    return places;
  }

  /** Those that are there and belong to this user alone. */
  public List<Path> present() {
    return places.stream().filter(this::isOurs).toList();
  }

  /**
   * Makes one of the places, or takes one that a killed server left, if {@code use} can use it.
   *
   * @return the folder
   * @throws IOException if none can be made or used; says of each why
   */
  public Path make(Use use) throws IOException {
    var failure = new IOException("there is no other place for sockets");
    for (Path place : places) {
      try {
        Path folder = place.getParent();
        if (folder == null || !Files.isDirectory(folder)) continue;
        make(place);
        use.with(place);
        return place;
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }

  /** What a place is made for. */
  public interface Use {
    /**
     * @throws IOException if this place is of no use; another one is tried
     */
    void with(Path place) throws IOException;
  }

  private void make(Path place) throws IOException {
    try {
      Files.createDirectory(place, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    } catch (FileAlreadyExistsException e) {
      if (!isOurs(place))
        throw new IOException(
            "'%s' already exists, and other users can access it".formatted(place), e);
    }
  }

  private boolean isOurs(Path place) {
    try {
      return Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)
          && Files.getAttribute(place, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(user)
          && Files.getPosixFilePermissions(place, LinkOption.NOFOLLOW_LINKS).equals(OWNER_ONLY);
    } catch (IOException _) {
      return false;
    }
  }
}
