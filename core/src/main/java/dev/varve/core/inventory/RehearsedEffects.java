package dev.varve.core.inventory;

import dev.varve.core.inventory.Preview.Action;
import dev.varve.core.journal.DurableFile;
import dev.varve.core.log.Amount;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileBytes;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a rehearsal would have done to the host, as its ports were told. Used by one thread at a
 * time; looks at files, and changes none.
 */
final class RehearsedEffects {

  private final ImageFiles images;
  private final Map<Path, Preview.File> files = new LinkedHashMap<>();
  private final Map<Path, FileBytes> looked = new HashMap<>();
  private final List<String> sentences = new ArrayList<>();
  private long freed;
  private long needed;
  private boolean lossy;

  /**
   * @param images the real ones
   */
  RehearsedEffects(ImageFiles images) {
    this.images = images;
  }

  ImageFiles images() {
    return images;
  }

  List<Preview.File> files() {
    return List.copyOf(files.values());
  }

  List<String> sentences() {
    return List.copyOf(sentences);
  }

  long freed() {
    return freed;
  }

  long needed() {
    return needed;
  }

  /** Whether contents go, or change so that the old ones cannot come back. */
  boolean isLossy() {
    return lossy;
  }

  void say(String sentence) {
    sentences.add(sentence);
  }

  // ---- what becomes of files

  void creates(Path file) {
    files.put(file, new Preview.File(file, Action.CREATED, null));
  }

  /** A change is given up that was going to make these. */
  void createsNot(Collection<Path> given) {
    for (Path file : given) if (isNew(file)) files.remove(file);
  }

  private boolean isNew(Path file) {
    Preview.File known = files.get(file);
    return known != null && known.action() == Action.CREATED;
  }

  /** A settings file is replaced; its previous version is kept beside it. */
  void replaces(Path settings) {
    if (!exists(settings)) {
      creates(settings);
      return;
    }
    rewrites(settings);
    Path previous = settings.resolveSibling(settings.getFileName() + DurableFile.PREVIOUS);
    if (exists(previous)) rewrites(previous);
    else creates(previous);
  }

  private void rewrites(Path file) {
    if (!files.containsKey(file))
      files.put(file, new Preview.File(file, Action.REWRITTEN, bytes(file).allocated()));
  }

  /** An image gets other contents, or another parent. */
  void rewritesImage(Path image) {
    rewrites(List.of(image));
  }

  private void rewrites(List<Path> image) {
    for (Path file : image) if (!isNew(file)) rewrites(file);
  }

  /** The image shows other contents afterwards. */
  void changesContents(Path image) {
    changesContents(filesOf(image));
  }

  private void changesContents(List<Path> image) {
    rewrites(image);
    lossy = true;
  }

  /** An image is emptied; what it takes is given back. */
  void empties(Path image) {
    List<Path> all = filesOf(image);
    changesContents(all);
    for (Path file : all) freed += bytes(file).freed();
    say("'%s' is emptied: it shows what its parent shows".formatted(image));
  }

  /** A file goes, with what belongs to it. */
  void deletes(Path image, @Nullable ImageFormat format) {
    for (Path file : images.files(image, format)) deletes(file);
  }

  private void deletes(Path file) {
    if (isNew(file)) {
      files.remove(file);
      return;
    }
    if (!exists(file)) return;
    long given = bytes(file).freed();
    Preview.File before = files.put(file, new Preview.File(file, Action.DELETED, given));
    if (before != null && before.action() == Action.DELETED) return;
    freed += given;
    lossy = true;
    say("'%s' is deleted, which frees %s".formatted(file, Amount.bytes(given)));
  }

  /**
   * Images become one.
   *
   * @param used the ones that are used up: all that they hold may turn out to be new to the target
   */
  void merges(Path source, Path target, List<Path> used) {
    changesContents(target);
    for (Path image : used) for (Path file : filesOf(image)) needs(bytes(file).length());
    say("'%s' is merged into '%s'".formatted(source, target));
  }

  void needs(long bytes) {
    needed += bytes;
  }

  // ---- looks

  /** All files of an image whose format is not at hand. */
  private List<Path> filesOf(Path image) {
    try {
      return images.files(image, images.inspect(image, DeviceType.HARD_DISK).format());
    } catch (IOException _) {
      return List.of(image); // damaged: its file alone is known
    }
  }

  /** What a file takes, looked at once: of a file in many pieces that can take seconds. */
  private FileBytes bytes(Path file) {
    return looked.computeIfAbsent(file, this::look);
  }

  /** Nothing if it cannot be looked at. */
  private FileBytes look(Path file) {
    try {
      return images.bytes(file);
    } catch (IOException _) {
      return FileBytes.NONE;
    }
  }

  private static boolean exists(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }
}
