package dev.varve.http.server;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Which build of the program this is. Immutable.
 *
 * @param version null if it was not packaged
 * @param commit null if it was built without git
 */
public record BuildFacts(@Nullable String version, @Nullable String commit) {

  /** Of this program: from the manifest of its jar. */
  public static BuildFacts ofThisProgram() {
    return new BuildFacts(
        BuildFacts.class.getPackage().getImplementationVersion(), commitInManifest());
  }

  private static @Nullable String commitInManifest() {
    URL self = BuildFacts.class.getProtectionDomain().getCodeSource().getLocation();
    try (var jar = new JarFile(Path.of(self.toURI()).toFile(), false)) {
      String commit = jar.getManifest().getMainAttributes().getValue("Implementation-Commit");
      return commit == null || commit.isEmpty() || commit.startsWith("$") ? null : commit;
    } catch (IOException | URISyntaxException _) {
      return null;
    }
  }
}
