package dev.varve.core.settings;

import dev.varve.core.machine.WrittenPath;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.MovedMedia.Note;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which files a machine's settings file means by the locations of its media.
 *
 * <p>A machine may have been moved here from another folder, or from Windows or macOS. Where its
 * file names nothing that is here, the file of the same name in the machine's folder or in its
 * snapshot folder is meant, if it holds the medium. Letter case and the form of Unicode do not
 * count, since the file systems of those systems ignore them.
 *
 * <p>Files outside of the machine's folder are looked at only if one inside has the same name: a
 * disk on a file system that hangs does not keep the machine from being read.
 *
 * <p>Not thread-safe; blocks.
 */
final class Whereabouts {

  private static final String SNAPSHOTS = "Snapshots";

  private final Path folder;
  private final List<Path> folders;
  private final @Nullable ImageFiles images;
  private final Map<Path, List<Path>> listings = new HashMap<>();

  /** How often each name is in the registry. */
  private final Map<String, Integer> names = new HashMap<>();

  private final Map<MediumId, Note> notes = new LinkedHashMap<>();
  private final Map<String, String> found = new LinkedHashMap<>();
  private final Map<String, String> lost = new LinkedHashMap<>();

  /**
   * @param folder the machine's
   * @param snapshotFolder where its snapshots are
   * @param images null: nothing is looked at, and files are where the settings file says
   */
  Whereabouts(Path folder, Path snapshotFolder, @Nullable ImageFiles images) {
    this.folder = folder;
    this.images = images;
    Set<Path> all = new LinkedHashSet<>(List.of(folder, folder.resolve(SNAPSHOTS)));
    if (snapshotFolder.startsWith(folder)) all.add(snapshotFolder);
    this.folders = new ArrayList<>(all);
  }

  /** For a registry that belongs to no machine: files are where it says. */
  static Whereabouts asWritten(Path folder) {
    return new Whereabouts(folder, folder, null);
  }

  /** Tells the locations of a registry, before the first is asked for. */
  void read(List<String> locations) {
    for (String text : locations)
      names.merge(folded(new WrittenPath(text).fileName()), 1, Integer::sum);
  }

  // ---- where a medium is

  /**
   * The file of a medium: where the settings file says, if it is or may be there; where it was
   * found; or where it was expected.
   *
   * @throws java.nio.file.InvalidPathException if no file of this system can have that name
   */
  Path of(String text, MediumId id, ImageFormat format, DeviceType device) {
    var written = new WrittenPath(text);
    if (written.isOfWindows()) {
      Path here = search(written, id, format, device);
      if (here != null) return found(text, here, id, "a path of Windows");
      return lost(text, expected(written, id), id, "a path of Windows");
    }
    Path literal = literal(text);
    if (images == null) return literal;
    if (!literal.startsWith(folder)) return outside(text, literal, id, format, device);
    if (Files.exists(literal)) return literal;
    Path slashed = literal(written.slashed());
    if (Files.exists(slashed)) return slashed;
    Path here = search(written, id, format, device);
    return here == null ? slashed : here;
  }

  private Path literal(String text) {
    return folder.resolve(text).normalize();
  }

  private Path outside(
      String location, Path literal, MediumId id, ImageFormat format, DeviceType device) {
    var written = new WrittenPath(location);
    Path here = search(written, id, format, device);
    if (here != null && Files.notExists(literal))
      return found(location, here, id, "where there is no such file");
    String text = "there is no file '%s' with its uuid in %s either";
    notes.put(id, new Note(literal, text.formatted(written.fileName(), searched()), false));
    return literal;
  }

  private Path found(String text, Path here, MediumId id, String what) {
    notes.put(id, new Note(here, "the settings file has '%s', %s".formatted(text, what), false));
    found.put(text, folder.relativize(here).toString());
    return here;
  }

  private Path lost(String text, Path expected, MediumId id, String what) {
    String name = new WrittenPath(text).fileName();
    notes.put(
        id,
        new Note(
            expected,
            "the settings file has '%s', %s, and no file '%s' with its uuid is in %s; copy it there"
                .formatted(text, what, name, searched()),
            true));
    lost.put(text, name);
    return expected;
  }

  /** Where a file would be found; two media of one name get places of their own. */
  private Path expected(WrittenPath written, MediumId id) {
    String name = written.fileName();
    boolean single = !name.isEmpty() && names.getOrDefault(folded(name), 1) == 1;
    return folder.resolve(single ? name : (id + " " + name).strip());
  }

  private String searched() {
    return String.join(
        " or ",
        folders.stream()
            .filter(f -> f.equals(folder) || Files.isDirectory(f))
            .map(Path::toString)
            .toList());
  }

  private @Nullable Path search(
      WrittenPath written, MediumId id, ImageFormat format, DeviceType device) {
    String name = folded(written.fileName());
    if (name.isEmpty() || images == null) return null;
    for (Path place : folders)
      for (Path file : listing(place))
        if (folded(file.getFileName().toString()).equals(name) && holds(file, id, format, device))
          return file;
    return null;
  }

  private List<Path> listing(Path place) {
    return listings.computeIfAbsent(
        place,
        _ -> {
          List<Path> files = new ArrayList<>();
          try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
            for (Path entry : entries) if (!Files.isDirectory(entry)) files.add(entry);
          } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // nothing can be found there
          }
          files.sort(null);
          return files;
        });
  }

  /** Where files hold no uuid, the name decides, if no other medium of the registry has it. */
  private boolean holds(Path file, MediumId id, ImageFormat format, DeviceType device) {
    assert images != null;
    try {
      boolean raw = format == ImageFormat.RAW;
      ImageInfo info = images.inspect(file, device, raw ? format : null);
      if (info.id() != null) return info.id().equals(id);
      return raw && names.getOrDefault(folded(file.getFileName().toString()), 1) == 1;
    } catch (IOException e) {
      return false;
    }
  }

  private static String folded(String name) {
    String composed = Normalizer.normalize(name, Normalizer.Form.NFC);
    return composed.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  // ---- what is said of it

  /** Whether a location of the settings file can mean {@code file}, wherever that was found. */
  boolean mayMean(String text, Path file) {
    var written = new WrittenPath(text);
    String name = folded(String.valueOf(file.getFileName()));
    String wanted = folded(written.fileName());
    if (written.isOfWindows()) return name.equals(wanted) || name.endsWith(" " + wanted);
    if (literal(text).equals(file) || literal(written.slashed()).equals(file)) return true;
    return name.equals(wanted) && folders.contains(file.getParent());
  }

  /** Notes a drive of the host that the settings file names as Windows does. */
  void noteDrive(MediumId id, Path location) {
    if (!location.startsWith(folder) || location.equals(folder)) return;
    String name = folder.relativize(location).toString();
    if (new WrittenPath(name).isOfWindows())
      notes.put(id, new Note(location, "'%s' is a drive of Windows".formatted(name), true));
  }

  /** What to say of each medium that is elsewhere than the settings file says, if it is missing. */
  Map<MediumId, Note> notes() {
    return notes;
  }

  /** What a user should know, a line each. */
  List<String> remarks(Path settingsFile) {
    List<String> remarks = new ArrayList<>();
    if (!found.isEmpty())
      remarks.add(
          "%s comes from another folder or system: '%s' is not here, and %s in %s used instead"
              .formatted(
                  settingsFile,
                  found.keySet().iterator().next(),
                  quoted(found.values()),
                  folder + (found.size() == 1 ? " is" : " are")));
    if (!lost.isEmpty())
      remarks.add(
          "%s comes from another system: '%s' is a path of Windows, and %s not in %s; copy %s there"
              .formatted(
                  settingsFile,
                  lost.keySet().iterator().next(),
                  quoted(lost.values()) + (lost.size() == 1 ? " is" : " are"),
                  searched(),
                  lost.size() == 1 ? "it" : "them"));
    return remarks;
  }

  private static String quoted(Iterable<String> names) {
    Set<String> quoted = new LinkedHashSet<>();
    for (String name : names) quoted.add("'" + name + "'");
    return String.join(", ", quoted);
  }
}
