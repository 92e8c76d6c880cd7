package dev.varve.io.qcow;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The formats QCOW and QCOW2, which are only read. Immutable; any thread; blocks. */
public final class QcowFormat implements LayerFormat {

  @Override
  public ImageFormat format() {
    return ImageFormat.QCOW;
  }

  @Override
  public boolean recognizes(Path file) throws IOException {
    if (!Files.isRegularFile(file)) return false;
    try (InputStream contents = Files.newInputStream(file)) {
      byte[] head = contents.readNBytes(4);
      return head.length == 4 && ByteBuffer.wrap(head).getInt() == HeaderRules.SIGNATURE;
    }
  }

  @Override
  public LayerFacts peek(Path file) throws IOException {
    return HeaderRules.peek(file).facts();
  }

  @Override
  public Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException {
    return QcowImage.openReadOnly(files.openReadOnly(file, 0));
  }

  /** {@inheritDoc} Reads the tables up to the first cluster that is marked as zero. */
  @Override
  public List<String> notes(Path file) throws IOException {
    try (var opened = MappedFile.openUnlocked(file)) {
      QcowHeader header = HeaderRules.read(opened);
      List<String> notes = new ArrayList<>(QcowNotes.of(header));
      if (header.version() == 3 && !header.hasSubclusters() && QcowCheck.hasZeroCluster(opened))
        notes.add(QcowNotes.ZERO_CLUSTERS);
      return List.copyOf(notes);
    }
  }

  @Override
  public ImageReport check(Path file, boolean served) throws IOException {
    try (var opened = MappedFile.openUnlocked(file)) {
      return QcowCheck.of(opened, served);
    }
  }

  // ---- what only a format can do that is written

  @Override
  public Layer openReadOnly(ImageFile file) throws IOException {
    return QcowImage.openReadOnly(file);
  }

  @Override
  public Layer openReadWrite(Path file, boolean grows) throws IOException {
    throw QcowImage.onlyRead(file);
  }

  @Override
  public void createBase(
      Path file, MediumId id, boolean fixed, long capacity, Announcement announcement) {
    throw new IllegalArgumentException(
        "format QCOW: Varve only reads these images; make a VDI image instead");
  }

  @Override
  public void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent)
      throws IOException {
    throw QcowImage.onlyRead(file);
  }

  @Override
  public void reset(Path file) throws IOException {
    throw QcowImage.onlyRead(file);
  }

  @Override
  public void changeParent(Path file, @Nullable LayerFacts parent) throws IOException {
    throw QcowImage.onlyRead(file);
  }

  @Override
  public void checkGrowth(Path file, long capacity) throws IOException {
    throw QcowImage.onlyRead(file);
  }

  /** Always false: the format stores no id. */
  @Override
  public boolean holds(Path file, UUID id) {
    return false;
  }
}
