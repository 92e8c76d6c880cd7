package dev.varve.http.doctor;

import dev.varve.core.log.Amount;
import dev.varve.io.host.Mounts;
import dev.varve.io.host.Mounts.Mount;
import dev.varve.io.trial.FolderTrial;
import dev.varve.io.trial.FreeRoom;
import dev.varve.io.trial.Silence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A folder in which a server keeps files: whether its file system answers, has room, and can do
 * what images need.
 *
 * @param role what it is for, in a word or two
 * @param made whether the server makes it if it is missing
 */
record PlaceCheck(String role, Path place, boolean made, ServerUser server) implements Check {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** File systems of other hosts; those of FUSE may be. */
  private static final Set<String> NETWORK =
      Set.of(
          "nfs",
          "nfs4",
          "cifs",
          "smb3",
          "smbfs",
          "9p",
          "ceph",
          "glusterfs",
          "afs",
          "fuse.sshfs",
          "fuse.glusterfs",
          "fuse.ceph",
          "fuse.s3fs",
          "fuse.rclone",
          "davfs",
          "fuse.davfs2");

  private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

  private static final long LITTLE_BYTES = 1L << 30;
  private static final long FEW_FILES = 1000;

  @Override
  public String subject() {
    return role;
  }

  @Override
  public List<Finding> look() throws IOException {
    List<Finding> findings = new ArrayList<>();
    if (Silence.isAt(place, PATIENCE)) return List.of(silent(place));
    Path folder = existing();
    if (folder == null) {
      findings.add(wrong("there is no " + place, "mkdir -p " + place));
      return findings;
    }
    if (!Files.isDirectory(folder)) return List.of(single(folder));
    if (!folder.equals(place) && Silence.isAt(folder, PATIENCE)) return List.of(silent(folder));
    if (!folder.equals(place))
      findings.add(Finding.good(role, "%s will be made, in %s".formatted(place, folder)));
    Path real = folder.toRealPath(); // links to other file systems are followed
    kind(real, Mounts.mountOf(real), findings);
    room(real, findings);
    abilities(real, findings);
    return findings;
  }

  /** Of a media root that is one image or one device; a server makes nothing in it. */
  private Finding single(Path file) {
    if (made) return wrong(file + " is not a folder", "name a folder");
    return server.may("-r", file)
        ? Finding.good(role, file + " is a single file or device, and can be read")
        : wrong(
            "the user '%s' may not read %s".formatted(server.name(), file),
            new AccessWords(server.name()).toFile(file));
  }

  /** Of a file or folder of which nothing is heard. */
  Finding silent(Path folder) {
    Mount mount = Mounts.mountOf(folder);
    return wrong(
        "%s: its file system (%s on %s) does not answer within %d seconds"
            .formatted(folder, mount.type(), mount.point(), PATIENCE.toSeconds()),
        "look at 'dmesg'; thaw it (fsfreeze -u), bring its server back, or 'umount -f %s'"
            .formatted(mount.point()));
  }

  /** The folder, or the one in which it will be made; null if it has to be there and is not. */
  private @Nullable Path existing() {
    if (Files.exists(place)) return place;
    if (!made) return null;
    Path above = place.getParent();
    while (above != null && !Files.exists(above)) above = above.getParent();
    return above;
  }

  private Finding wrong(String what, String remedy) {
    return Finding.wrong(role, what, remedy);
  }

  private Finding warning(String what, String remedy) {
    return Finding.warning(role, what, remedy);
  }

  private void kind(Path folder, Mount mount, List<Finding> findings) {
    String on = "%s lies on %s (%s)".formatted(folder, mount.type(), mount.point());
    if (NETWORK.contains(mount.type()))
      findings.add(
          warning(
              on
                  + ": a file system of another host. While it does not answer, disks wait; and a lock may not hold against other hosts",
              made
                  ? "keep the state folder on a local disk: --state FOLDER"
                  : "keep images on a local disk, or let no other host use them"));
    else if (IN_MEMORY.contains(mount.type()))
      findings.add(
          warning(
              on + ": what is there is gone after the host restarts", "use a folder on a disk"));
    else findings.add(Finding.good(role, on));
  }

  private void room(Path folder, List<Finding> findings) throws IOException {
    FreeRoom room = FreeRoom.in(folder);
    if (room.readOnly()) {
      findings.add(
          wrong(
              folder + " is on a read-only file system",
              "mount -o remount,rw %s; look at 'dmesg' if the kernel has made it read-only"
                  .formatted(Mounts.of(folder))));
      return;
    }
    if (room.bounded()) findings.add(bytes(folder, room.bytes()));
    if (room.files() < FEW_FILES) {
      String left = "%s has room for %s".formatted(folder, Amount.of(room.files(), "more file"));
      String remedy = "delete small files there (df -i), or choose another file system";
      findings.add(room.files() == 0 ? wrong(left, remedy) : warning(left, remedy));
    }
  }

  private Finding bytes(Path folder, long left) {
    String room = "%s has %s left".formatted(folder, Amount.bytes(left));
    if (left >= LITTLE_BYTES) return Finding.good(role, room);
    String remedy = "free some room (varve medium list --unused), or choose another file system";
    return left < 1 << 20
        ? wrong(room + ": disks that need room get write errors", remedy)
        : warning(room, remedy);
  }

  private void abilities(Path folder, List<Finding> findings) {
    if (!server.canBeTried()) {
      findings.add(
          warning(
              "this user is not '%s', and cannot try what that one may do in %s"
                  .formatted(server.name(), folder),
              "run 'varve doctor' as root or as " + server.name()));
      return;
    }
    for (String test : List.of("-r", "-w", "-x"))
      if (!server.may(test, folder)) {
        findings.add(
            wrong(
                "the user '%s' may not use %s".formatted(server.name(), folder),
                new AccessWords(server.name()).toFolder(folder)));
        return;
      }
    findings.addAll(new AbilityWords(role, folder).of(FolderTrial.of(folder)));
  }
}
