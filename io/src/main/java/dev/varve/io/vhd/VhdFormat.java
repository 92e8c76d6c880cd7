package dev.varve.io.vhd;

import static java.util.Objects.requireNonNull;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.layer.MapLock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The VHD format of Virtual PC, VirtualBox and Hyper-V. Immutable; any thread; blocks. */
public final class VhdFormat implements LayerFormat {

  @Override
  public ImageFormat format() {
    return ImageFormat.VHD;
  }

  @Override
  public boolean recognizes(Path file) throws IOException {
    if (!Files.isRegularFile(file)) return false;
    try (var opened = FileChannel.open(file, StandardOpenOption.READ)) {
      return VhdHead.isSigned(HeadSource.of(opened, file.toString()));
    }
  }

  @Override
  public LayerFacts peek(Path file) throws IOException {
    return head(file).facts();
  }

  /** Opening anything but a regular file, such as a pipe, could wait for ever. */
  private static VhdHead head(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file))
      throw new IOException(file + " is not a regular file, as an image must be");
    try (var opened = FileChannel.open(file, StandardOpenOption.READ)) {
      return VhdHead.read(HeadSource.of(opened, file.toString()));
    }
  }

  // ---- open

  @Override
  public Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException {
    return VhdImage.openReadOnly(files.openReadOnly(file, grows ? reach(file) : 0));
  }

  @Override
  public Layer openReadOnly(ImageFile file) throws IOException {
    return VhdImage.openReadOnly(file);
  }

  @Override
  public Layer openReadWrite(Path file, boolean grows) throws IOException {
    return VhdImage.openReadWrite(MappedFile.openReadWrite(file, grows ? reach(file) : 0));
  }

  /** The largest length of the file: every block appended behind what it has now. */
  private static long reach(Path file) throws IOException {
    VhdHead head = head(file);
    if (head.isFixed()) return 0;
    long more = head.blocks() * (head.stride() + FileEnd.PAGE) + FileEnd.MAX_AHEAD;
    return Math.min(head.fileLength() + more, Math.max(head.fileLength(), FileEnd.MAX_LENGTH));
  }

  // ---- made

  @Override
  public void createBase(
      Path file, MediumId id, boolean fixed, long capacity, Announcement announcement)
      throws IOException {
    VhdType type = fixed ? VhdType.FIXED : VhdType.DYNAMIC;
    var image = new NewVhd(type, capacity, id.uuid(), null);
    try (var made = NewFile.create(file, NewFile.Existing.REFUSED)) {
      image.write(made.contents());
      made.publish();
    }
  }

  @Override
  public void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent)
      throws IOException {
    UUID parentId = requireNonNull(parent.id());
    var image =
        new NewVhd(
            VhdType.DIFFERENCING,
            parent.capacity(),
            id.uuid(),
            new NewVhd.Parent(
                parentId, parentFile.getFileName().toString(), locators(file, parentFile)));
    try (var made = create(file, parentFile)) {
      image.write(made.contents());
      made.publish();
    } catch (FileAlreadyExistsException e) {
      if (!isEmptyChild(file, id, parentId)) throw e; // else a call before a crash has made it
    }
  }

  private static NewFile create(Path file, Path parentFile) throws IOException {
    return Files.isRegularFile(parentFile)
        ? NewFile.create(file, NewFile.Existing.REFUSED, parentFile)
        : NewFile.create(file, NewFile.Existing.REFUSED);
  }

  /** The paths of the parent, as VirtualBox writes them. */
  private static List<Locator> locators(Path file, Path parentFile) {
    Path parent = parentFile.toAbsolutePath().normalize();
    Path folder = file.toAbsolutePath().normalize().getParent();
    List<Locator> locators = new ArrayList<>();
    locators.add(new Locator("W2ku", parent.toString()));
    if (folder != null) locators.add(new Locator("W2ru", folder.relativize(parent).toString()));
    return locators;
  }

  private static boolean isEmptyChild(Path file, MediumId id, UUID parent) throws IOException {
    try (Layer layer = VhdImage.openReadOnly(MappedFile.openReadOnly(file, 0))) {
      return layer instanceof VhdImage image
          && image.head().type() == VhdType.DIFFERENCING
          && id.uuid().equals(image.head().footer().id())
          && parent.equals(image.head().dynamic().parent())
          && BlockScan.of(image.head(), image.table()).count() == 0;
    }
  }

  @Override
  public void reset(Path file) throws IOException {
    VhdHead head = head(file);
    if (head.type() != VhdType.DIFFERENCING)
      throw new IOException(file + " has no parent: only a differencing image can be reset");
    try (var made = NewFile.create(file, NewFile.Existing.REPLACED)) {
      EmptyCopy.write(file, made.contents());
      made.publish();
    }
  }

  /**
   * {@inheritDoc} If a running disk has the image open, the disk changes the parent itself at the
   * end of a merge. The locators stay as they are.
   */
  @Override
  public void changeParent(Path file, @Nullable LayerFacts parent) throws IOException {
    VhdHead head = head(file);
    if (!head.isFixed()) ParentChange.check(head, parent);
    else if (parent != null)
      throw new IOException(file + " is a fixed image and cannot have a parent");
    if (!ParentChange.isNeeded(head, parent)) return;
    try (Layer layer = openReadWrite(file, false)) {
      layer.mend();
      if (parent == null && layer instanceof VhdImage image)
        ParentChange.clearMissing(image.file(), image.head(), image.table());
      layer.changeParent(parent, new MapLock());
    } catch (ImageInUseException e) {
      if (ParentChange.isNeeded(head(file), parent)) throw e;
    }
  }

  @Override
  public void checkGrowth(Path file, long capacity) throws IOException {
    WritingRules.checkGrowth(head(file), capacity);
  }

  /** {@inheritDoc} A link, or a file that cannot be read, does not. */
  @Override
  public boolean holds(Path file, UUID id) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) return false;
    try {
      return recognizes(file) && Objects.equals(head(file).footer().id(), id);
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public ImageReport check(Path file, boolean served) throws IOException {
    return served ? VhdCheck.checkServed(file) : VhdCheck.check(file);
  }

  /**
   * {@inheritDoc} Of blocks that share a place only the first is kept, and none that lies outside
   * the file: the others read as zeroes or as the parent's.
   */
  @Override
  public List<String> repair(Path file) throws IOException {
    try (ImageFile opened = MappedFile.openReadWrite(file, 0)) {
      return VhdRepair.repair(opened);
    }
  }
}
