package dev.varve.http.doctor;

import dev.varve.io.trial.FolderTrial;
import dev.varve.io.trial.FolderTrial.Ability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What it means for a server's disks what the file system of a folder can do. Immutable.
 *
 * @param role of the folder
 */
record AbilityWords(String role, Path folder) {

  private static final String OTHER = "choose another file system, such as XFS, ext4 or Btrfs";

  List<Finding> of(FolderTrial trial) {
    List<Finding> findings = new ArrayList<>();
    for (Ability ability : Ability.values()) {
      String why = trial.failure(ability);
      if (why != null) findings.add(missing(ability, why));
    }
    boolean works = findings.stream().noneMatch(each -> each.grade() != Grade.GOOD);
    if (works)
      findings.addFirst(
          Finding.good(role, "files, locks, holes, reserved space and flushes work in " + folder));
    if (works && trial.failure(Ability.REFLINKS) == null)
      findings.add(Finding.good(role, "copies can share their blocks (reflinks)"));
    return findings;
  }

  private Finding missing(Ability ability, String why) {
    String reason = " (" + why + ")";
    return switch (ability) {
      case NEW_FILE ->
          wrong(
              "no file can be made in " + folder,
              reason,
              "chmod or chown the folder, or free room");
      case WRITE -> wrong("no file can be written in " + folder, reason, "free room there");
      case SYNC -> wrong("no file can be made durable in " + folder, reason, OTHER);
      case LOCKS ->
          wrong(
              "locks do not hold in " + folder + ": two programs can write to one image",
              reason,
              OTHER + "; on NFS mount with version 4, and without 'nolock'");
      case HOLES ->
          Finding.warning(
              role,
              "files in " + folder + " have no holes, so discarded blocks stay allocated" + reason,
              OTHER);
      case RESERVE ->
          Finding.warning(
              role,
              "no space can be reserved in " + folder + ", so images are scattered more" + reason,
              OTHER);
      case REFLINKS ->
          Finding.good(
              role, "there are no reflinks: a copy of an image takes as much room as the image");
      case DIRECT_IO -> Finding.good(role, "there is no direct I/O, which images do not need");
    };
  }

  private Finding wrong(String what, String reason, String remedy) {
    return Finding.wrong(role, what + reason, remedy);
  }
}
