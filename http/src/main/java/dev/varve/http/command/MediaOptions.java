package dev.varve.http.command;

import dev.varve.http.access.MediaRoots;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options for the files that machines may use. */
final class MediaOptions {

  @Option(
      names = "--media-root",
      paramLabel = "FOLDER",
      description =
          "Use files below this folder and the state folder only: images, settings files, packages, devices, whatever a"
              + " request or a file names. The kernel holds this, also against links that change. May be repeated; without"
              + " it the server uses what its user may use.")
  private List<Path> roots = List.of();

  boolean areGiven() {
    return !roots.isEmpty();
  }

  List<Path> named() {
    return roots;
  }

  MediaRoots roots() throws IOException {
    return MediaRoots.of(roots);
  }
}
