package dev.varve.io.vmdk;

import static java.util.Objects.requireNonNull;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.layer.MapLock;
import dev.varve.io.vmdk.header.Descriptor;
import dev.varve.io.vmdk.header.ExtentLine;
import dev.varve.io.vmdk.header.VmdkRules;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The VMDK format, in one file or in several. Immutable; any thread; blocks. */
public final class VmdkFormat implements LayerFormat {

  /** Where a sparse file ends at the latest, since sector numbers have 32 bits. */
  private static final long MAX_REACH = (long) VmdkRules.SECTOR << 32;

  /** More than the metadata of a small extent can need. */
  private static final long METADATA = 64 << 20;

  @Override
  public ImageFormat format() {
    return ImageFormat.VMDK;
  }

  /** {@inheritDoc} That is a sparse extent, a descriptor, or an extent of ESX. */
  @Override
  public boolean recognizes(Path file) throws IOException {
    return VmdkHead.isIn(file);
  }

  @Override
  public LayerFacts peek(Path file) throws IOException {
    try (VmdkImage image = unlocked(file)) {
      return image.facts();
    }
  }

  /** To look at it, without a lock. */
  private static VmdkImage unlocked(Path file) throws IOException {
    return VmdkImage.openReadOnly(
        MappedFile.openUnlocked(file),
        new FolderExtents(file, (extent, _) -> MappedFile.openUnlocked(extent)));
  }

  // ---- open

  @Override
  public Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException {
    return VmdkImage.openReadOnly(
        files.openReadOnly(file, grows ? reach(file) : 0),
        new FolderExtents(
            file,
            (extent, line) ->
                files.openReadOnly(extent, grows ? reach(extent, line.length()) : 0)));
  }

  @Override
  public Layer openReadOnly(ImageFile file) throws IOException {
    return VmdkImage.openReadOnly(file);
  }

  @Override
  public Layer openReadWrite(Path file, boolean grows) throws IOException {
    return VmdkImage.openReadWrite(
        MappedFile.openReadWrite(file, grows ? reach(file) : 0),
        new FolderExtents(
            file,
            (extent, line) ->
                MappedFile.openReadWrite(extent, grows ? reach(extent, line.length()) : 0)));
  }

  /** How long the first file can become. */
  private static long reach(Path file) throws IOException {
    VmdkHead head = VmdkHead.peek(file);
    if (head.header() == null) return 0; // a text
    return reach(file, head.descriptor().extents().getFirst().length());
  }

  /** The same of an extent: what it has, and all grains appended, with their tables. */
  private static long reach(Path extent, long length) throws IOException {
    long now = Files.size(extent);
    return Math.max(now, Math.min(MAX_REACH, now + length + length / 256 + METADATA));
  }

  // ---- made

  @Override
  public void createBase(
      Path file, MediumId id, boolean fixed, long capacity, Announcement announcement)
      throws IOException {
    if (fixed) VmdkCreator.flat(file, id.uuid(), capacity);
    else VmdkCreator.sparse(file, id.uuid(), capacity);
  }

  @Override
  public void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent)
      throws IOException {
    try {
      VmdkCreator.child(file, id.uuid(), parentFile, parent);
    } catch (FileAlreadyExistsException e) {
      if (!isEmptyChild(file, id, parent)) throw e; // else a call before a crash has made it
    }
  }

  private boolean isEmptyChild(Path file, MediumId id, LayerFacts parent) throws IOException {
    if (!holds(file, id.uuid())) return false;
    try (VmdkImage image = unlocked(file)) {
      return requireNonNull(parent.id()).equals(image.facts().parent())
          && image.facts().capacity() == VmdkCreator.childCapacity(parent)
          && image.sparse().getFirst().scan().usedGrains() == 0;
    }
  }

  @Override
  public void reset(Path file) throws IOException {
    VmdkCreator.empty(file);
  }

  /** {@inheritDoc} If a running disk has the image open, it changes the parent itself. */
  @Override
  public void changeParent(Path file, @Nullable LayerFacts parent) throws IOException {
    if (parent != null && !VmdkHead.peek(file).descriptor().isDifferencing())
      throw new IOException(file + " is not a differencing image and cannot have a parent");
    if (hasParent(file, parent)) return;
    try (Layer image = openReadWrite(file, false)) {
      image.mend();
      image.changeParent(parent, new MapLock());
    } catch (ImageInUseException e) {
      if (!hasParent(file, parent)) throw e;
    }
  }

  private static boolean hasParent(Path file, @Nullable LayerFacts parent) throws IOException {
    Descriptor text = VmdkHead.peek(file).descriptor();
    return parent == null
        ? !text.isDifferencing()
        : Objects.equals(text.parent(), parent.id())
            && Objects.equals(text.parentModifyId(), parent.modifyId());
  }

  @Override
  public void checkGrowth(Path file, long capacity) throws IOException {
    try (VmdkImage image = unlocked(file)) {
      VmdkGrowth.check(image, capacity);
    }
  }

  /** {@inheritDoc} A link, or a file that cannot be read, does not. */
  @Override
  public boolean holds(Path file, UUID id) {
    if (!VmdkHead.isPlainFile(file)) return false;
    try {
      return VmdkHead.isIn(file) && id.equals(VmdkHead.peek(file).descriptor().id());
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public List<Path> files(Path file) throws IOException {
    List<Path> files = new ArrayList<>(List.of(file));
    VmdkHead head = VmdkHead.peek(file);
    if (head.header() != null) return files;
    for (ExtentLine line : head.descriptor().extents())
      if (line.file() != null) files.add(FolderExtents.place(file, line));
    return files;
  }

  @Override
  public List<String> notes(Path file) throws IOException {
    try (VmdkImage image = unlocked(file)) {
      return image.notes();
    }
  }

  @Override
  public ImageReport check(Path file, boolean served) throws IOException {
    if (served) return VmdkCheck.checkServed(file.toString(), () -> unlocked(file));
    return VmdkCheck.check(
        file.toString(),
        () ->
            VmdkImage.openReadOnly(
                MappedFile.openReadOnly(file, 0),
                new FolderExtents(file, (extent, _) -> MappedFile.openReadOnly(extent, 0))));
  }

  /** {@inheritDoc} Entries that cannot be right are given up. */
  @Override
  public List<String> repair(Path file) throws IOException {
    try (VmdkImage image =
        VmdkImage.openReadOnly(
            MappedFile.openReadWrite(file, 0),
            new FolderExtents(file, (extent, _) -> MappedFile.openReadWrite(extent, 0)))) {
      return VmdkRepair.repair(image);
    }
  }
}
