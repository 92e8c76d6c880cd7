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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a rehearsal would have done to the host, as its ports were told. Used by one thread at a
 * time; looks at files, and changes none.
 *
 * <p>Its ports are told while the inventory is locked, so files are measured later, when what was
 * noted is asked for: of a file in many pieces that can take seconds, and a file system may not
 * answer at all.
 */
final class RehearsedEffects {

  private final ImageFiles images;
  private final Map<Path, Action> files = new LinkedHashMap<>();
  private final Map<Path, FileBytes> looked = new HashMap<>();
  private final List<Supplier<String>> sentences = new ArrayList<>();

  /** Files whose bytes are given back; each as often as that happens. */
  private final List<Path> freed = new ArrayList<>();

  /** Files whose contents need as much room elsewhere. */
  private final List<Path> copied = new ArrayList<>();

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

  // ---- what was noted; without the inventory's lock

  List<Preview.File> files() {
    return files.entrySet().stream().map(each -> file(each.getKey(), each.getValue())).toList();
  }

  private Preview.File file(Path path, Action action) {
    return new Preview.File(
        path,
        action,
        switch (action) {
          case CREATED -> null;
          case REWRITTEN, MOVED -> bytes(path).allocated();
          case DELETED -> bytes(path).freed();
        });
  }

  List<String> sentences() {
    return sentences.stream().map(Supplier::get).toList();
  }

  long freed() {
    return freed.stream().mapToLong(file -> bytes(file).freed()).sum();
  }

  long needed() {
    return needed + copied.stream().mapToLong(file -> bytes(file).length()).sum();
  }

  /** Whether contents go, or change so that the old ones cannot come back. */
  boolean isLossy() {
    return lossy;
  }

  void say(String sentence) {
    sentences.add(() -> sentence);
  }

  // ---- what becomes of files

  void creates(Path file) {
    files.put(file, Action.CREATED);
  }

  /** A change is given up that was going to make these. */
  void createsNot(Collection<Path> given) {
    for (Path file : given) if (isNew(file)) files.remove(file);
  }

  private boolean isNew(Path file) {
    return files.get(file) == Action.CREATED;
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
    files.putIfAbsent(file, Action.REWRITTEN);
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
    freed.addAll(all);
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
    if (files.put(file, Action.DELETED) == Action.DELETED) return;
    freed.add(file);
    lossy = true;
    sentences.add(
        () -> "'%s' is deleted, which frees %s".formatted(file, Amount.bytes(bytes(file).freed())));
  }

  /**
   * Images become one.
   *
   * @param used the ones that are used up: all that they hold may turn out to be new to the target
   */
  void merges(Path source, Path target, List<Path> used) {
    changesContents(target);
    for (Path image : used) copied.addAll(filesOf(image));
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

  /** What a file takes, looked at once. */
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
