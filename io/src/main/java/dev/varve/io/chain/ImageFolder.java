package dev.varve.io.chain;

import dev.varve.core.device.FailureWords;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The images in a folder whose files keep their ids. Extents of other images are none of them,
 * whatever a guest has written there. Immutable.
 *
 * @param images by uuid
 * @param unreadable files that look like images, and why they cannot be read
 * @param cut whether the folder has more entries than were looked at
 */
record ImageFolder(Map<UUID, List<FoundImage>> images, Map<Path, String> unreadable, boolean cut) {

  /** How many entries of a folder are looked at; a folder of images has fewer. */
  static final int MAX_ENTRIES = 20_000;

  private static final int MAX_UNREADABLE = 20;

  /** Looks at the files of a folder. Blocks. */
  static ImageFolder scan(Path place) throws IOException {
    List<Path> entries;
    try (Stream<Path> listed = Files.list(place)) {
      entries = new ArrayList<>(listed.limit(MAX_ENTRIES + 1L).toList());
    }
    Collections.sort(entries);
    List<FoundImage> found = new ArrayList<>();
    Map<Path, String> unreadable = new TreeMap<>();
    Set<Path> extents = new HashSet<>();
    for (Path entry : entries.subList(0, Math.min(entries.size(), MAX_ENTRIES))) {
      if (!Files.isRegularFile(entry)) continue;
      try {
        LayerFormat format = formatOf(entry);
        if (format == null) continue;
        List<Path> files = format.files(entry);
        extents.addAll(files.subList(1, files.size()));
        found.add(new FoundImage(entry, format.peek(entry)));
      } catch (IOException e) {
        if (unreadable.size() < MAX_UNREADABLE) unreadable.put(entry, FailureWords.of(e));
      }
    }
    unreadable.keySet().removeAll(extents);
    return new ImageFolder(byId(found, extents), unreadable, entries.size() > MAX_ENTRIES);
  }

  /** The format of an image; one that is damaged has the format of its name. */
  private static @Nullable LayerFormat formatOf(Path entry) throws IOException {
    LayerFormat format = Formats.recognized(entry);
    if (format != null) return format;
    return KnownFormat.named(entry) == KnownFormat.VDI ? Formats.VDI : null;
  }

  private static Map<UUID, List<FoundImage>> byId(List<FoundImage> found, Set<Path> extents) {
    Map<UUID, List<FoundImage>> images = new HashMap<>();
    for (FoundImage image : found) {
      LayerFacts facts = image.facts();
      if (facts.id() != null && !extents.contains(image.path()))
        images.computeIfAbsent(facts.id(), _ -> new ArrayList<>()).add(image);
    }
    return images;
  }
}
