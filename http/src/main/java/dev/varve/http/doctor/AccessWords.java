package dev.varve.http.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * How the server's user gets access to a file or folder. What belongs to the system or to another
 * user stays theirs: without it other programs would fail. Any thread; looks at owners.
 *
 * @param user of the server
 */
record AccessWords(String user) {

  private static final String ROOT = "root";
  private static final Path DEVICES = Path.of("/dev");

  /** Folders that are the system's with all that is in them. */
  private static final Set<String> WHOLE =
      Set.of(
          "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "sbin", "sys",
          "usr");

  /** {@code /home} is the system's, {@code /home/alice} a user's, {@code /var/lib} the system's. */
  static boolean isOfSystem(Path absolute) {
    Path path = absolute.normalize();
    int names = path.getNameCount();
    if (names <= 1) return true;
    String first = path.getName(0).toString();
    return WHOLE.contains(first) || names == 2 && first.equals("var");
  }

  String toFolder(Path folder) {
    if (isOfSystem(folder))
      return "use another folder, which belongs to the server's user: mkdir /srv/%s; chown %s /srv/%s"
          .formatted(user, user, user);
    if (isOfAnother(folder))
      return "setfacl -m u:%s:rwx %s, and x on the folders above".formatted(user, folder);
    return "chown %s %s, or chmod it and the folders above".formatted(user, folder);
  }

  String toFile(Path file) {
    if (file.startsWith(DEVICES))
      return "usermod -aG GROUP %s, with the group that may use %s (ls -l); then start the server again"
          .formatted(user, file);
    if (isOfSystem(file))
      return "it belongs to the system: copy it to a folder of the server's user, and name the copy";
    String listed = "setfacl -m u:%s:rw on it and x on the folders above".formatted(user);
    return isOfAnother(file) ? listed : "chown %s %s, or %s".formatted(user, file, listed);
  }

  private boolean isOfAnother(Path file) {
    try {
      String owner = Files.getOwner(file).getName();
      return !owner.equals(ROOT) && !owner.equals(user);
    } catch (IOException _) {
      return true; // it may be
    }
  }
}
