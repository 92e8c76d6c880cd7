package dev.varve.core.settings;

import dev.varve.core.journal.DurableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The previous version of a settings file, which VirtualBox and Varve keep beside it. It is named
 * to the user where the file itself is of no use, and never taken instead of it. Any thread; may
 * block.
 */
public final class PreviousVersion {

  private PreviousVersion() {}

  /** What to say of it after what is wrong with {@code file}; begins with {@code ". "}. */
  public static String hint(Path file) {
    Path previous = file.resolveSibling(file.getFileName() + DurableFile.PREVIOUS);
    if (!Files.isRegularFile(previous)) return "";
    try {
      MachineFile.readWhatever(previous);
    } catch (IOException e) {
      return ". Its previous version '%s' cannot be read either".formatted(previous);
    }
    return ". Its previous version '%s' is a good one: look whether it is what you want, and copy it to '%s'"
        .formatted(previous, file.getFileName());
  }
}
