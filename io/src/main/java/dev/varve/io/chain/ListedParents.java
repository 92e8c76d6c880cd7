package dev.varve.io.chain;

import dev.varve.core.medium.Links;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.ListedImages;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Parents that the settings files of machines list, where the files of images do not tell them.
 * Only files in the folders that are searched count: a settings file can name any file of the host.
 * Used by one thread; blocks.
 */
final class ListedParents {

  private final Set<Path> folders;
  private final List<Medium> listed = new ArrayList<>();

  /**
   * @param folders that are searched for settings files and images
   */
  ListedParents(List<Path> folders) {
    this.folders = new HashSet<>(folders);
    for (Path folder : this.folders) listed.addAll(ListedImages.in(folder));
  }

  /**
   * The image that is listed under an id and does not keep one itself; null if there is none.
   *
   * @throws IOException if none was found, and one that is listed cannot be read
   */
  @Nullable FoundImage withId(UUID id) throws IOException {
    IOException unreadable = null;
    for (Medium medium : listed) {
      Path file = Links.target(medium.location());
      if (!medium.id().equals(new MediumId(id)) || !isSearched(file)) continue;
      try {
        LayerFacts facts = Formats.of(medium.format(), file).peek(file);
        if (facts.id() == null) return new FoundImage(file, facts.withId(id));
        if (facts.id().equals(id)) return new FoundImage(file, facts);
      } catch (IOException e) {
        if (unreadable == null) unreadable = e; // another settings file may list another image
      }
    }
    if (unreadable != null) throw unreadable;
    return null;
  }

  /** The image that is listed as the parent of another; null if there is none. */
  @Nullable FoundImage of(Path child) throws IOException {
    Path file = Links.target(child.toAbsolutePath());
    for (Medium medium : listed) {
      MediumId parent = medium.parent();
      if (parent == null || !Links.target(medium.location()).equals(file)) continue;
      FoundImage found = withId(parent.uuid());
      if (found != null) return found;
    }
    return null;
  }

  private boolean isSearched(Path file) {
    return folders.contains(Objects.requireNonNull(file.getParent())) && Files.exists(file);
  }
}
