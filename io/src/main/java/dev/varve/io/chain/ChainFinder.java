package dev.varve.io.chain;

import static java.util.Objects.requireNonNull;

import dev.varve.core.device.FailureWords;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the images below an image. An image names its parent by uuid and does not say where the
 * parent's file is.
 *
 * <p>The finder looks for a parent in the folder of its child, then in the search folders. If the
 * child is in a folder {@code Snapshots}, as VirtualBox makes it, the finder also looks in the
 * folder above. Files named {@code *.vdi} come before others. Only headers are read, without locks.
 * A finder reads each folder once, so that a long chain in a full folder costs no more than a short
 * one. Not thread-safe; may block.
 */
public final class ChainFinder {

  /** How many entries of a folder are looked at; a folder of images has fewer. */
  private static final int MAX_ENTRIES = 20_000;

  private static final String SNAPSHOTS = "Snapshots";

  private final List<Path> searchFolders;
  private final Map<Path, Folder> folders = new HashMap<>();

  /**
   * An image of a chain.
   *
   * @param path as it was given or found
   */
  public record Image(Path path, LayerFacts facts) {}

  /**
   * Images that belong together.
   *
   * @param images base first
   * @param onRaw whether the base is a raw file or device
   * @param warnings what is unusual in how the images fit together, a sentence each
   */
  public record FoundChain(List<Image> images, boolean onRaw, List<String> warnings) {

    /** The files, for opening them as one disk. */
    public ImageChain chain() {
      return ImageChain.of(onRaw ? ImageFormat.RAW : ImageFormat.VDI, paths());
    }

    /** Base first. */
    public List<Path> paths() {
      return images.stream().map(Image::path).toList();
    }

    public Image leaf() {
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
    List<Image> leafFirst = new ArrayList<>();
    Set<@Nullable UUID> seen = new LinkedHashSet<>();
    for (Image image = new Image(leaf, Formats.ofImage(leaf).peek(leaf));
        ;
        image = parentOf(image)) {
      leafFirst.add(image);
      if (!seen.add(image.facts.id())) throw cycle(leafFirst);
      if (!image.facts.isDifferencing()) return checked(leafFirst.reversed(), false);
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

  /** As above, but the formats are known; a raw base must have an image above it. */
  public static FoundChain listed(ImageChain chain) throws IOException {
    List<Image> images = new ArrayList<>();
    for (var image : chain.images()) {
      LayerFacts facts = Formats.of(image.format(), image.file()).peek(image.file());
      images.add(new Image(image.file(), facts));
      if (images.size() == 2 && chain.base().isRaw()) nameRawBase(images);
    }
    return checked(images, chain.base().isRaw());
  }

  /** Gives a raw base the id that its first child has for it. */
  private static void nameRawBase(List<Image> images) throws ChainException {
    Image base = images.getFirst();
    Image child = images.getLast();
    ChainImages.checkOnRaw(base.path, base.facts, child.path, child.facts);
    images.set(0, new Image(base.path, base.facts.withId(requireNonNull(child.facts.parent()))));
  }

  private static FoundChain checked(List<Image> baseFirst, boolean onRaw) throws ChainException {
    Image base = baseFirst.getFirst();
    if (base.facts.isDifferencing()) {
      throw new ChainException(
          "%s is a differencing image and cannot be the base; its parent has uuid %s: list that image before it"
              .formatted(base.path, text(base.facts.parent())));
    }
    List<String> warnings = new ArrayList<>();
    for (int i = 1; i < baseFirst.size(); i++) {
      checkPair(baseFirst.get(i - 1), baseFirst.get(i), warnings);
    }
    return new FoundChain(List.copyOf(baseFirst), onRaw, List.copyOf(warnings));
  }

  private static void checkPair(Image parent, Image child, List<String> warnings)
      throws ChainException {
    LayerFacts facts = child.facts;
    if (!facts.isDifferencing()) {
      throw new ChainException(
          "%s is a %s image and can only be the base of a chain; list the images base first, each the parent of the next"
              .formatted(child.path, facts.kind()));
    }
    if (!Objects.equals(facts.parent(), parent.facts.id())) {
      throw new ChainException(
          "%s has the parent uuid %s, but %s below it has the uuid %s; list the images base first, each the parent of the next"
              .formatted(child.path, text(facts.parent()), parent.path, parent.facts.id()));
    }
    if (facts.parentModifyId() != null && !facts.parentModifyId().equals(parent.facts.modifyId())) {
      warnings.add(
          "%s was made when %s had the modify uuid %s, which is now %s: harmless after a merge; if the parent was written to since, the child may show damaged files"
              .formatted(
                  child.path, parent.path, facts.parentModifyId(), text(parent.facts.modifyId())));
    }
    if (parent.facts.capacity() < facts.capacity()) {
      warnings.add(
          "%s has %d bytes and its parent %s only %d: behind the parent's end the disk reads as zeroes where the child holds nothing, and VirtualBox cannot read there"
              .formatted(child.path, facts.capacity(), parent.path, parent.facts.capacity()));
    }
  }

  private static UUID text(@Nullable UUID id) {
    return id == null ? VdiHeader.NO_UUID : id;
  }

  private Image parentOf(Image child) throws IOException {
    UUID uuid = child.facts.parent();
    if (uuid == null) {
      throw new ChainException(
          "%s is a differencing image without a parent uuid, as a crash of VirtualBox leaves it; delete it if it is new, or restore it from a backup"
              .formatted(child.path));
    }
    List<Path> looked = new ArrayList<>();
    Image parent = lookUp(uuid, child, nearFolders(child.path), looked);
    if (parent == null) parent = lookUp(uuid, child, machineFolder(child.path), looked);
    if (parent == null) throw missing(uuid, child, looked);
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

  private @Nullable Image lookUp(UUID uuid, Image child, List<Path> places, List<Path> looked)
      throws IOException {
    List<Image> candidates = new ArrayList<>();
    for (Path place : places) {
      looked.add(place);
      for (Image image : folder(place).images.getOrDefault(uuid, List.of())) {
        if (!isKnown(image.path, candidates)) candidates.add(image);
      }
    }
    if (candidates.stream().anyMatch(image -> isNamedVdi(image.path))) {
      candidates.removeIf(image -> !isNamedVdi(image.path));
    }
    if (candidates.size() > 1) {
      throw new ChainException(
          "the parent of %s, uuid %s, was found more than once: %s; move the copies away, or list the whole chain"
              .formatted(child.path, uuid, candidates.stream().map(Image::path).toList()));
    }
    return candidates.isEmpty() ? null : asSibling(candidates.getFirst(), child);
  }

  /** Gives an image beside its child a path of the same kind, relative or absolute. */
  private static Image asSibling(Image parent, Image child) throws IOException {
    if (!folderOf(child.path).equals(parent.path.getParent())) return parent;
    return new Image(child.path.resolveSibling(parent.path.getFileName()), parent.facts);
  }

  /** The same file can be found under two names, or in a folder that is listed twice. */
  private static boolean isKnown(Path path, List<Image> candidates) throws IOException {
    for (Image candidate : candidates) {
      if (Files.isSameFile(candidate.path, path)) return true;
    }
    return false;
  }

  private static boolean isNamedVdi(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).endsWith(".vdi");
  }

  private Folder folder(Path place) throws IOException {
    Folder folder = folders.get(place);
    if (folder == null) {
      folder = Folder.scan(place);
      folders.put(place, folder);
    }
    return folder;
  }

  private ChainException missing(UUID uuid, Image child, List<Path> looked) {
    var message =
        new StringBuilder(
            "the parent of %s, an image with uuid %s, was not found; looked in %s"
                .formatted(child.path, uuid, looked));
    for (Path place : looked) {
      Folder folder = folders.get(place);
      if (folder == null) continue;
      if (folder.cut)
        message
            .append("; only the first ")
            .append(MAX_ENTRIES)
            .append(" entries of ")
            .append(place);
      folder.unreadable.forEach(
          (path, why) -> message.append("; ").append(path).append(" was skipped: ").append(why));
    }
    message.append("; name its folder with --search, or list the whole chain");
    return new ChainException(message.toString());
  }

  private static ChainException cycle(List<Image> leafFirst) {
    List<Path> paths = leafFirst.stream().map(Image::path).toList();
    return new ChainException(
        "the images are each other's parents: %s; one of them has the wrong parent uuid: restore that one from a backup"
            .formatted(paths));
  }

  /**
   * The images in a folder.
   *
   * @param images by uuid
   * @param unreadable files that look like images, and why they cannot be read
   * @param cut whether the folder has more entries than were looked at
   */
  private record Folder(Map<UUID, List<Image>> images, Map<Path, String> unreadable, boolean cut) {

    private static final int MAX_UNREADABLE = 20;

    static Folder scan(Path place) throws IOException {
      Map<UUID, List<Image>> images = new HashMap<>();
      Map<Path, String> unreadable = new TreeMap<>();
      List<Path> entries;
      try (Stream<Path> listed = Files.list(place)) {
        entries = new ArrayList<>(listed.limit(MAX_ENTRIES + 1L).toList());
      }
      Collections.sort(entries);
      for (Path entry : entries.subList(0, Math.min(entries.size(), MAX_ENTRIES))) {
        if (!Files.isRegularFile(entry)) continue;
        try {
          LayerFormat format = isNamedVdi(entry) ? Formats.VDI : Formats.recognized(entry);
          if (format == null) continue;
          LayerFacts facts = format.peek(entry);
          images
              .computeIfAbsent(requireNonNull(facts.id()), _ -> new ArrayList<>())
              .add(new Image(entry, facts));
        } catch (IOException e) {
          note(unreadable, entry, e);
        }
      }
      return new Folder(images, unreadable, entries.size() > MAX_ENTRIES);
    }

    private static void note(Map<Path, String> unreadable, Path entry, IOException why) {
      if (unreadable.size() < MAX_UNREADABLE) unreadable.put(entry, FailureWords.of(why));
    }
  }
}
