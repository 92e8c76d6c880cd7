package dev.varve.io.chain;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds the images below an image. An image names its parent by uuid and does not say where the
 * parent's file is; what it says of files is not followed.
 *
 * <p>The finder looks for a parent in the folder of its child, then in the search folders. If the
 * child is in a folder {@code Snapshots}, as VirtualBox makes it, the finder also looks in the
 * folder above. Files whose names fit their formats come before others. A parent whose file keeps
 * no uuid, or whose child keeps none of it, is found if a machine's settings file in these folders
 * lists it. Only headers are read, without locks. A finder reads each folder once, so that a long
 * chain in a full folder costs no more than a short one. Not thread-safe; may block.
 */
public final class ChainFinder {

  private static final String SNAPSHOTS = "Snapshots";

  private final List<Path> searchFolders;
  private final Map<Path, ImageFolder> folders = new HashMap<>();

  /**
   * Images that belong together.
   *
   * @param images base first
   * @param warnings what is unusual in how the images fit together, a sentence each
   */
  public record FoundChain(List<FoundImage> images, List<String> warnings) {

    /** The images, for opening them as one disk. */
    public ImageChain chain() {
      return new ImageChain(images.stream().map(FoundImage::registered).toList());
    }

    /** Base first. */
    public List<Path> paths() {
      return images.stream().map(FoundImage::path).toList();
    }

    public FoundImage leaf() {
      return images.getLast();
    }
  }

  /**
   * @param searchFolders other folders in which to look for parents
   */
  public ChainFinder(List<Path> searchFolders) {
    this.searchFolders = List.copyOf(searchFolders);
  }

  /**
   * The chain whose top is {@code leaf}.
   *
   * @throws ChainException if a parent is missing, is there twice, or is its own ancestor
   * @throws ImageFormatException if {@code leaf} is not a valid image
   */
  public FoundChain find(Path leaf) throws IOException {
    List<FoundImage> leafFirst = new ArrayList<>();
    Set<Path> seen = new HashSet<>();
    for (FoundImage image = new FoundImage(leaf, Formats.ofImage(leaf).peek(leaf));
        ;
        image = parentOf(image)) {
      leafFirst.add(image);
      if (!seen.add(image.path().toRealPath())) throw cycle(leafFirst);
      if (!image.facts().isDifferencing()) return checked(leafFirst.reversed());
    }
  }

  /**
   * The chain of exactly these images. A base without a signature is taken for a raw file or
   * device.
   *
   * @param paths base first
   * @throws ChainException if one is not the parent of the next
   * @throws ImageFormatException if one is not a valid image
   * @throws dev.varve.core.medium.OtherFormatException if one has a format that Varve cannot read
   */
  public static FoundChain listed(List<Path> paths) throws IOException {
    if (paths.isEmpty()) throw new ChainException("a chain needs at least one image");
    return listed(RawBase.found(paths));
  }

  /** As above, but the format of the base is known. */
  public static FoundChain listed(ImageFormat base, List<Path> paths) throws IOException {
    return listed(RawBase.found(base, paths));
  }

  /** As above, but all formats are known. */
  public static FoundChain listed(ImageChain chain) throws IOException {
    List<FoundImage> images = new ArrayList<>();
    for (var image : chain.images()) images.add(FoundImage.of(image));
    return checked(images);
  }

  private static FoundChain checked(List<FoundImage> baseFirst) throws ChainException {
    FoundImage base = baseFirst.getFirst();
    if (base.facts().isDifferencing()) {
      throw new ChainException(
          "%s is a differencing image and cannot be the base; its parent has uuid %s: list that image before it"
              .formatted(base.path(), text(base.facts().parent())));
    }
    List<FoundImage> images = new ArrayList<>(baseFirst);
    List<String> warnings = new ArrayList<>();
    for (int i = 1; i < images.size(); i++) {
      checkPair(images.get(i - 1), images.get(i), warnings);
      images.set(i - 1, asChildSays(images.get(i - 1), images.get(i)));
    }
    return new FoundChain(List.copyOf(images), List.copyOf(warnings));
  }

  private static FoundImage asChildSays(FoundImage parent, FoundImage child) {
    return new FoundImage(parent.path(), Ancestry.asChildSays(parent.facts(), child.facts()));
  }

  private static void checkPair(FoundImage parent, FoundImage child, List<String> warnings)
      throws ChainException {
    LayerFacts facts = child.facts();
    Ancestry.checkOnRaw(child.path().toString(), facts, parent.path().toString(), parent.facts());
    if (!facts.isDifferencing()) {
      throw new ChainException(
          "%s is a %s image and can only be the base of a chain; list the images base first, each the parent of the next"
              .formatted(child.path(), facts.kind()));
    }
    if (!Ancestry.isOn(facts, parent.facts())) {
      throw new ChainException(
          "%s has the parent uuid %s, but %s below it has the uuid %s; list the images base first, each the parent of the next"
              .formatted(
                  child.path(), text(facts.parent()), parent.path(), text(parent.facts().id())));
    }
    if (facts.parentModifyId() != null
        && !facts.parentModifyId().equals(parent.facts().modifyId())) {
      warnings.add(
          "%s was made when %s had the modify uuid %s, which is now %s: harmless after a merge; if the parent was written to since, the child may show damaged files"
              .formatted(
                  child.path(),
                  parent.path(),
                  facts.parentModifyId(),
                  text(parent.facts().modifyId())));
    }
    if (parent.facts().capacity() < facts.capacity()) {
      warnings.add(
          "%s has %d bytes and its parent %s only %d: behind the parent's end the disk reads as zeroes where the child holds nothing, and VirtualBox cannot read there"
              .formatted(child.path(), facts.capacity(), parent.path(), parent.facts().capacity()));
    }
  }

  private static Object text(@Nullable UUID id) {
    return id == null ? "that it does not keep" : id;
  }

  private FoundImage parentOf(FoundImage child) throws IOException {
    UUID uuid = child.facts().parent();
    List<Path> looked = new ArrayList<>(nearFolders(child.path()));
    if (uuid == null) return unnamedParentOf(child, looked);
    FoundImage parent = lookUp(uuid, child, looked);
    if (parent == null) {
      List<Path> above = machineFolder(child.path());
      parent = lookUp(uuid, child, above);
      looked.addAll(above);
    }
    if (parent == null) parent = new ListedParents(looked).withId(uuid);
    if (parent == null) throw missing(uuid, child, looked);
    return parent;
  }

  private static FoundImage unnamedParentOf(FoundImage child, List<Path> looked)
      throws IOException {
    if (child.facts().format().keepsParentId())
      throw new ChainException(
          "%s is a differencing image without a parent uuid, as a crash of VirtualBox leaves it; delete it if it is new, or restore it from a backup"
              .formatted(child.path()));
    looked.addAll(machineFolder(child.path()));
    FoundImage parent = new ListedParents(looked).of(child.path());
    if (parent == null)
      throw new ChainException(
          "%s is a differencing image that does not keep the uuid of its parent, and no machine's settings file in %s lists it; list the whole chain with --chain"
              .formatted(child.path(), looked));
    return parent;
  }

  private List<Path> nearFolders(Path child) throws IOException {
    Set<Path> places = new LinkedHashSet<>();
    places.add(folderOf(child));
    places.add(folderOf(child.toRealPath()));
    for (Path folder : searchFolders) places.add(folder.toRealPath());
    return List.copyOf(places);
  }

  private static Path folderOf(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) throw new ChainException(file + " is not a file");
    return folder.toRealPath();
  }

  /**
   * VirtualBox keeps differencing images in {@code machine/Snapshots} and bases in {@code machine}.
   */
  private static List<Path> machineFolder(Path child) throws IOException {
    Path folder = folderOf(child);
    Path above = folder.getParent();
    return above != null && folder.endsWith(SNAPSHOTS) ? List.of(above) : List.of();
  }

  private @Nullable FoundImage lookUp(UUID uuid, FoundImage child, List<Path> places)
      throws IOException {
    List<FoundImage> candidates = new ArrayList<>();
    for (Path place : places) {
      for (FoundImage image : folder(place).images().getOrDefault(uuid, List.of())) {
        if (!isKnown(image.path(), candidates)) candidates.add(image);
      }
    }
    if (candidates.stream().anyMatch(ChainFinder::isNamedWell))
      candidates.removeIf(image -> !isNamedWell(image));
    if (candidates.size() > 1) {
      throw new ChainException(
          "the parent of %s, uuid %s, was found more than once: %s; move the copies away, or list the whole chain"
              .formatted(child.path(), uuid, candidates.stream().map(FoundImage::path).toList()));
    }
    return candidates.isEmpty() ? null : asSibling(candidates.getFirst(), child);
  }

  /** Gives an image beside its child a path of the same kind, relative or absolute. */
  private static FoundImage asSibling(FoundImage parent, FoundImage child) throws IOException {
    if (!folderOf(child.path()).equals(parent.path().getParent())) return parent;
    return new FoundImage(child.path().resolveSibling(parent.path().getFileName()), parent.facts());
  }

  /** The same file can be found under two names, or in a folder that is listed twice. */
  private static boolean isKnown(Path path, List<FoundImage> candidates) throws IOException {
    for (FoundImage candidate : candidates) {
      if (Files.isSameFile(candidate.path(), path)) return true;
    }
    return false;
  }

  private static boolean isNamedWell(FoundImage image) {
    String suffix = "." + image.facts().format().text().toLowerCase(Locale.ROOT);
    return image.path().toString().toLowerCase(Locale.ROOT).endsWith(suffix);
  }

  private ImageFolder folder(Path place) throws IOException {
    ImageFolder folder = folders.get(place);
    if (folder == null) {
      folder = ImageFolder.scan(place);
      folders.put(place, folder);
    }
    return folder;
  }

  private ChainException missing(UUID uuid, FoundImage child, List<Path> looked) {
    var message =
        new StringBuilder(
            "the parent of %s, an image with uuid %s, was not found; looked in %s"
                .formatted(child.path(), uuid, looked));
    for (Path place : looked) {
      ImageFolder folder = folders.get(place);
      if (folder == null) continue;
      if (folder.cut())
        message
            .append("; only the first ")
            .append(ImageFolder.MAX_ENTRIES)
            .append(" entries of ")
            .append(place);
      folder
          .unreadable()
          .forEach(
              (path, why) ->
                  message.append("; ").append(path).append(" was skipped: ").append(why));
    }
    message.append("; name its folder with --search, or list the whole chain");
    return new ChainException(message.toString());
  }

  private static ChainException cycle(List<FoundImage> leafFirst) {
    List<Path> paths = leafFirst.stream().map(FoundImage::path).toList();
    return new ChainException(
        "the images are each other's parents: %s; one of them has the wrong parent uuid: restore that one from a backup"
            .formatted(paths));
  }
}
