package dev.varve.io.vdi;

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
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The VDI format of VirtualBox. Immutable; any thread; blocks. */
public final class VdiFormat implements LayerFormat {

  @Override
  public ImageFormat format() {
    return ImageFormat.VDI;
  }

  @Override
  public boolean recognizes(Path file) throws IOException {
    return VdiHeader.hasSignature(file);
  }

  @Override
  public LayerFacts peek(Path file) throws IOException {
    return VdiHeader.peek(file).facts();
  }

  // ---- open

  @Override
  public Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException {
    return VdiImage.openReadOnly(files.openReadOnly(file, grows ? reach(file) : 0));
  }

  @Override
  public Layer openReadOnly(ImageFile file) throws IOException {
    return VdiImage.openReadOnly(file);
  }

  @Override
  public Layer openReadWrite(Path file, boolean grows) throws IOException {
    return VdiImage.openReadWrite(MappedFile.openReadWrite(file, grows ? reach(file) : 0));
  }

  /** The largest length of the file: every block in a file block. */
  private static long reach(Path file) throws IOException {
    VdiHeader header = VdiHeader.peek(file);
    return header.blockOffset(header.blockCount());
  }

  // ---- made

  @Override
  public void createBase(
      Path file, MediumId id, boolean fixed, long capacity, Announcement announcement)
      throws IOException {
    NewImage image =
        fixed
            ? NewImage.fixed(capacity, UUID::randomUUID)
            : NewImage.dynamic(capacity, UUID::randomUUID);
    VdiCreator.create(file, image.withUuid(id.uuid()));
  }

  @Override
  public void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent)
      throws IOException {
    try {
      VdiCreator.createChild(
          file, NewImage.childOf(parent, UUID::randomUUID).withUuid(id.uuid()), parentFile);
    } catch (FileAlreadyExistsException e) {
      if (!isChild(file, id, parent)) throw e; // else a call before a crash has made it
    }
  }

  private static boolean isChild(Path file, MediumId id, LayerFacts parent) throws IOException {
    if (!VdiHeader.hasSignature(file)) return false;
    VdiHeader found = VdiHeader.peek(file);
    return found.uuid().equals(id.uuid())
        && found.type() == ImageType.DIFFERENCING
        && found.parentUuid().equals(requireNonNull(parent.id()))
        && found.allocatedBlocks() == 0;
  }

  @Override
  public void reset(Path file) throws IOException {
    if (VdiHeader.peek(file).type() != ImageType.DIFFERENCING) {
      throw new IOException(file + " has no parent: only a differencing image can be reset");
    }
    VdiCreator.empty(file, UUID::randomUUID);
  }

  /**
   * {@inheritDoc} The header lies in one sector, which a crash leaves old or new. If a running disk
   * has the image open, the disk changes the parent itself at the end of a merge.
   */
  @Override
  public void changeParent(Path file, @Nullable LayerFacts parent) throws IOException {
    if (parent != null && VdiHeader.peek(file).type() != ImageType.DIFFERENCING)
      throw new IOException(file + " is not a differencing image and cannot have a parent");
    try (ImageFile opened = MappedFile.openReadWrite(file, 0)) {
      VdiHeader header = VdiHeader.read(opened);
      VdiHeader changed = header.above(parent);
      if (changed.bytes().mismatch(header.bytes()) >= 0) opened.write(0, changed.bytes());
      opened.sync();
    } catch (ImageInUseException e) {
      VdiHeader header = VdiHeader.peek(file);
      if (header.above(parent).bytes().mismatch(header.bytes()) >= 0) throw e;
    }
  }

  @Override
  public void checkGrowth(Path file, long capacity) throws IOException {
    VdiGrowth.check(VdiHeader.peek(file), capacity, file.toString());
  }

  /** {@inheritDoc} A link, or a file that cannot be read, does not. */
  @Override
  public boolean holds(Path file, UUID id) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) return false;
    try {
      return VdiHeader.hasSignature(file) && VdiHeader.peek(file).uuid().equals(id);
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public ImageReport check(Path file, boolean served) throws IOException {
    VdiCheck.Report report = served ? VdiCheck.checkServed(file) : VdiCheck.check(file);
    return new ImageReport(
        report.file(),
        switch (report.severity()) {
          case NOTE -> ImageReport.Status.CLEAN;
          case LEAK -> ImageReport.Status.LEAKS;
          case DAMAGE -> ImageReport.Status.DAMAGED;
        },
        report.findings().stream()
            .map(
                found ->
                    new ImageReport.Finding(
                        found.kind().text(), found.kind().severity().text(), found.message()))
            .toList(),
        served);
  }
}
