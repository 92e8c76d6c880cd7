package dev.varve.core.settings;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The hard disks that the settings files of machines in a folder list. They tell the ids and
 * parents of images whose files keep none. Any thread; may block.
 */
public final class ListedImages {

  /** A folder with more settings files is no machine's, and searching it would take long. */
  private static final int MOST_FILES = 256;

  private ListedImages() {}

  /** The disks, as far as the files can be read. */
  public static List<Medium> in(Path folder) {
    List<Medium> listed = new ArrayList<>();
    for (Path file : settingsFiles(folder)) {
      try {
        if (!isReadable(file)) continue;
        for (Medium medium :
            MachineFile.of(file.toAbsolutePath(), Files.readAllBytes(file)).registry())
          if (medium.device() == DeviceType.HARD_DISK) listed.add(medium);
      } catch (IOException _) {
        // Another file may list them too.
      }
    }
    return listed;
  }

  static List<Path> settingsFiles(Path folder) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            folder, file -> file.toString().toLowerCase(Locale.ROOT).endsWith(".vbox"))) {
      for (Path file : files) {
        if (found.size() == MOST_FILES) break;
        found.add(file);
      }
    } catch (IOException _) {
      return List.of();
    }
    return found;
  }

  static boolean isReadable(Path settingsFile) throws IOException {
    return Files.isRegularFile(settingsFile) && Files.size(settingsFile) <= SettingsFile.MAX_BYTES;
  }
}
