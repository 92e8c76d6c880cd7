package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.http.client.FolderProcess;
import dev.varve.io.file.ImageUsers;
import dev.varve.io.trial.Silence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A file or folder that the user or {@code start-machines} names: whether the server's user can
 * write to it now, and what its file system can do. Of a machine, each disk that its settings file
 * lists.
 */
record NamedCheck(Installation installation, Path named, ServerUser server) implements Check {

  private static final String FILE = "file";
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @Override
  public String subject() {
    return FILE;
  }

  @Override
  public List<Finding> look() throws IOException {
    if (Silence.isAt(named, PATIENCE)) return List.of(place(named).silent(named));
    if (Files.isDirectory(named)) return place(named).look();
    List<Finding> findings = new ArrayList<>(file(named, true));
    Path folder = named.getParent();
    if (!Files.isRegularFile(named) || folder == null) return findings; // of a device it is /dev
    findings.addAll(place(folder).look());
    if (named.toString().endsWith(".vbox"))
      ListedDisks.of(named).forEach((disk, written) -> findings.addAll(disk(disk, written)));
    return findings;
  }

  private List<Finding> disk(Path disk, boolean written) {
    if (!Silence.isAt(disk, PATIENCE)) return file(disk, written);
    return List.of(place(disk).silent(disk));
  }

  private PlaceCheck place(Path folder) {
    return new PlaceCheck("folder", folder, false, server);
  }

  private List<Finding> file(Path file, boolean written) {
    if (!Files.exists(file))
      return List.of(
          Finding.wrong(
              FILE,
              "there is no %s, or this user cannot see it".formatted(file),
              "look for its name and its folder"));
    if (!server.canBeTried())
      return List.of(
          Finding.warning(
              FILE,
              "this user cannot try what '%s' may do with %s".formatted(server.name(), file),
              "run 'varve doctor' as root or as " + server.name()));
    List<Finding> findings = new ArrayList<>();
    for (String test : written ? List.of("-r", "-w") : List.of("-r"))
      if (!server.may(test, file))
        findings.add(
            Finding.wrong(
                FILE,
                "the user '%s' may not %s %s"
                    .formatted(server.name(), test.equals("-r") ? "read" : "write", file),
                new AccessWords(server.name()).toFile(file)));
    if (findings.isEmpty()) findings.add(use(file));
    return findings;
  }

  private Finding use(Path file) {
    try {
      String user = ImageUsers.excludingWriter(file);
      Long own = FolderProcess.of(installation.stateFolder());
      if (user != null && own != null && user.contains("process " + own + " "))
        return Finding.good(FILE, "the server uses " + file);
      return user == null
          ? Finding.good(FILE, file + " can be opened, and no program uses it")
          : Finding.warning(FILE, user, "end that program, or power the machine down there");
    } catch (IOException e) {
      return Finding.wrong(FILE, FailureWords.of(e), "look at the file with 'varve image info'");
    }
  }
}
