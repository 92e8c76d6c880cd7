package dev.varve.io.vmdk;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.layer.MapLock;
import dev.varve.io.vmdk.header.Descriptor;
import dev.varve.io.vmdk.header.ExtentLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The VMDK format, in one file or in several. Immutable; any thread; blocks. */
public final class VmdkFormat implements LayerFormat {

  /** Where a sparse file ends at the latest, since sector numbers have 32 bits. */
  private static final long MAX_REACH = (long) Descriptor.SECTOR << 32;

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
    try (Layer image =
        VmdkImage.openReadOnly(
            MappedFile.openUnlocked(file),
            new FolderExtents(file, (extent, _) -> MappedFile.openUnlocked(extent)))) {
      return image.facts();
    }
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
    throw new IllegalArgumentException("VMDK images cannot be made");
  }

  @Override
  public void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent)
      throws IOException {
    throw new IllegalArgumentException("VMDK images cannot be made");
  }

  @Override
  public void reset(Path file) throws IOException {
    throw new IOException("VMDK images cannot be reset");
  }

  /** {@inheritDoc} If a running disk has the image open, it changes the parent itself. */
  @Override
  public void changeParent(Path file, @Nullable LayerFacts parent) throws IOException {
    try (Layer image = openReadWrite(file, false)) {
      image.changeParent(parent, new MapLock());
    }
  }

  @Override
  public void checkGrowth(Path file, long capacity) throws IOException {
    throw new IOException(file + " is a VMDK image and cannot be resized");
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

  /** All files of an image: the one that names it, and the extents that it names. */
  public List<Path> files(Path file) throws IOException {
    List<Path> files = new ArrayList<>(List.of(file));
    VmdkHead head = VmdkHead.peek(file);
    if (head.header() != null) return files;
    for (ExtentLine line : head.descriptor().extents())
      if (line.file() != null) files.add(FolderExtents.place(file, line));
    return files;
  }

  @Override
  public ImageReport check(Path file, boolean served) throws IOException {
    throw new IOException(file + " is a VMDK image and cannot be checked");
  }
}
