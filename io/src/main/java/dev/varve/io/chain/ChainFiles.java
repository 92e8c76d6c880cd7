package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.ExtentSink;
import dev.varve.core.device.Stages;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileBytes;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.medium.Room;
import dev.varve.io.file.HostBytes;
import dev.varve.io.file.HostProbe;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.file.Removal;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawFormat;
import dev.varve.io.image.ImageName;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.layer.MapLock;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The image files of the attachment model: images of the formats in {@link Formats}, and raw files
 * as disks, DVDs and floppies. Thread-safe: the lock of a file keeps two calls from changing it at
 * once. All methods block.
 */
public final class ChainFiles implements ImageFiles {

  /** The errors of a host or file system that cannot exchange two names. */
  private static final Set<Integer> UNKNOWN = Set.of(Posix.EINVAL, Posix.ENOSYS, Posix.EOPNOTSUPP);

  private final StorageThreads threads;
  private final Function<Path, @Nullable String> complaints;

  /**
   * @param threads run the reads of a copy
   */
  public ChainFiles(StorageThreads threads) {
    this(threads, _ -> null);
  }

  /**
   * The same where not all files may be used.
   *
   * @param complaints says for people why a file may not be used; null if it may
   */
  public ChainFiles(StorageThreads threads, Function<Path, @Nullable String> complaints) {
    this.threads = threads;
    this.complaints = complaints;
  }

  // ---- the host

  @Override
  public void awaitHost(Path folder) {
    HostProbe.await(folder);
  }

  // ---- looking

  @Override
  public ImageInfo inspect(Path location, DeviceType device, @Nullable ImageFormat format)
      throws IOException {
    String complaint = complaints.apply(location);
    if (complaint != null) throw new IOException(complaint); // the kernel says "denied" at most
    return format == ImageFormat.RAW ? inspectRaw(location, device) : found(location, device);
  }

  private static ImageInfo found(Path location, DeviceType device) throws IOException {
    if (Files.exists(location) && BlockDeviceFacts.isBlockDevice(location))
      return infoOfDevice(location, device);
    LayerFormat image = Formats.recognized(location);
    if (image != null) {
      if (device != DeviceType.HARD_DISK) {
        throw new IOException(
            "%s is a %s hard disk image and cannot be a %s: attach it as a hard disk"
                .formatted(location, image.format(), device.text()));
      }
      return info(image.peek(location), lengthOf(image.files(location)));
    }
    if (device == DeviceType.HARD_DISK) RawBase.requireHardDisk(location);
    else KnownFormat.requireRaw(location, device);
    return infoOfRaw(location, device);
  }

  private static long lengthOf(List<Path> files) throws IOException {
    long length = 0;
    for (Path file : files) length += Files.size(file);
    return length;
  }

  private static ImageInfo inspectRaw(Path location, DeviceType device) throws IOException {
    if (Files.exists(location) && BlockDeviceFacts.isBlockDevice(location))
      return infoOfDevice(location, device);
    if (Files.exists(location) && !Files.isRegularFile(location))
      throw new IOException(location + " is not a regular file, as an image must be");
    return infoOfRaw(location, device);
  }

  private static ImageInfo infoOfRaw(Path location, DeviceType device) throws IOException {
    if (device == DeviceType.HARD_DISK) return infoOfRaw(RawFormat.capacity(location));
    long length = Files.size(location);
    RawFormat.requireNotEmpty(location, length);
    return infoOfRaw(length);
  }

  /** A drive without a disc is a medium too. */
  private static ImageInfo infoOfDevice(Path location, DeviceType device) throws IOException {
    if (device == DeviceType.HARD_DISK) return infoOfRaw(RawFormat.capacity(location));
    long capacity = BlockDeviceFacts.capacityOf(location);
    return new ImageInfo(
        null, ImageFormat.HOST_DRIVE, MediumVariant.STANDARD, null, capacity, capacity);
  }

  private static ImageInfo infoOfRaw(long capacity) {
    return new ImageInfo(null, ImageFormat.RAW, MediumVariant.FIXED, null, capacity, capacity);
  }

  private static ImageInfo info(LayerFacts facts, long fileLength) {
    return new ImageInfo(
        facts.id() == null ? null : new MediumId(facts.id()),
        facts.format(),
        facts.variant(),
        facts.isDifferencing() && facts.parent() != null ? new MediumId(facts.parent()) : null,
        facts.capacity(),
        fileLength);
  }

  // ---- making and deleting

  @Override
  public MappedDisk map(ImageChain chain, long offset, ExtentSink sink) throws IOException {
    BlockDevice disk = LiveChain.open(chain, true, new SharedFiles(), threads);
    try {
      if (offset <= disk.capacity()) DiskExtents.of(disk, offset, sink);
      return new MappedDisk(chain.files(), disk.capacity());
    } finally {
      Stages.join(disk.close());
    }
  }

  @Override
  public ImageReport check(Path location, boolean served) throws IOException {
    return Formats.ofImage(location).check(location, served);
  }

  @Override
  public @Nullable String whyNotNamed(Path location, ImageFormat format) {
    return ImageName.problem(location, format);
  }

  @Override
  public void create(
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      long capacity,
      Announcement announcement)
      throws IOException {
    Formats.toMake(format).createBase(location, id, isFixed(variant), capacity, announcement);
  }

  private static boolean isFixed(MediumVariant variant) {
    return switch (variant) {
      case STANDARD -> false;
      case FIXED -> true;
      case DIFFERENCING, STREAM_OPTIMIZED ->
          throw new IllegalArgumentException(
              "variant %s: a new base is Standard or Fixed".formatted(variant.text()));
    };
  }

  @Override
  public void createChild(Path location, MediumId id, ImageFormat format, Image parent)
      throws IOException {
    if (!parent.isRaw()) ChainImages.putRight(parent);
    Formats.toMake(format).createChild(location, id, parent.file(), factsOf(parent));
  }

  /** The facts of a parent; if the file stores no id, with the id under which it is registered. */
  private static LayerFacts factsOf(Image parent) throws IOException {
    LayerFacts facts = Formats.of(parent.format(), parent.file()).peek(parent.file());
    if (facts.id() != null) return facts;
    if (parent.id() == null)
      throw new IllegalArgumentException(
          parent.file() + " stores no id and is not registered under one");
    return facts.withId(parent.id().uuid());
  }

  @Override
  public void reset(Path location) throws IOException {
    Formats.ofImage(location).reset(location);
  }

  @Override
  public List<Path> files(Path location, @Nullable ImageFormat format) {
    if (format == null || format == ImageFormat.RAW || !Files.isRegularFile(location))
      return List.of(location);
    try {
      return Formats.of(format, location).files(location);
    } catch (IOException _) {
      return List.of(location); // damaged: nothing tells which files belong to it
    }
  }

  @Override
  public void delete(Path location) throws IOException {
    Removal.check(location);
    NewFile.sweep(location);
    remove(location);
  }

  @Override
  public void checkDeletable(Path file) throws IOException {
    Removal.check(file);
  }

  @Override
  public void checkChangeable(Path location) throws IOException {
    if (!Formats.ofImage(location).peek(location).isDifferencing())
      throw new IOException(location + " is not a differencing image and cannot have a parent");
    if (!Files.isWritable(location))
      throw new FileSystemException(
          location.toString(),
          null,
          Files.getFileStore(location).isReadOnly()
              ? "its file system is read-only; mount it for writing"
              : "this user has no permission to write it; grant the permission");
  }

  @Override
  public void deleteMade(Path location, MediumId id) throws IOException {
    NewFile.sweep(location);
    if (!isImage(location, id)) return;
    for (Path file : files(location, Formats.ofImage(location).format()).reversed()) remove(file);
  }

  @Override
  public void sweep(Path location) {
    try {
      NewFile.sweep(location.toRealPath()); // of a link, the target is the file that was reset
    } catch (IOException _) {
      NewFile.sweep(location);
    }
  }

  /** A link, or a file that cannot be read, was not made by Varve. */
  @Override
  public boolean isImage(Path location, MediumId id) {
    return Formats.hold(location, id.uuid());
  }

  private static void remove(Path location) throws IOException {
    if (!Files.deleteIfExists(location)) return;
    Path folder = location.toAbsolutePath().getParent();
    if (folder == null) return;
    try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
      opened.force(true);
    }
  }

  // ---- growing

  @Override
  public void checkGrowth(ImageChain chain, long capacity) throws IOException {
    new DiskGrowth(chain, capacity).check();
  }

  @Override
  public void grow(ImageChain chain, long capacity) throws IOException {
    new DiskGrowth(chain, capacity).run();
  }

  // ---- merging

  @Override
  public boolean merge(ImageChain images, Path source, Path target, Progress progress)
      throws IOException {
    List<Path> chain = images.files();
    int from = position(chain, source);
    int to = position(chain, target);
    if (from == to || Math.max(from, to) != chain.size() - 1) {
      throw new IllegalArgumentException(
          "the chain of a merge must end with the upper one of source %s and target %s"
              .formatted(source, target));
    }
    boolean intoRaw = to == 0 && images.base().isRaw(); // then the sizes are equal
    if (from > to && !intoRaw && !makeRoomFor(images, from, to, progress)) return false;
    List<Layer> opened = new ArrayList<>();
    try {
      ChainImages.openForWork(opened, images, to);
      return merge(opened, from, to, HostRoom.of(target).bytes(), progress);
    } finally {
      ChainImages.closeAll(opened);
    }
  }

  private static int position(List<Path> chain, Path image) {
    int position = chain.indexOf(image);
    if (position < 0) throw new IllegalArgumentException(image + " is not part of the chain");
    return position;
  }

  @Override
  public boolean exchange(Path one, Path other) throws IOException {
    try {
      Posix.exchange(one, other);
      return true;
    } catch (PosixException e) {
      if (UNKNOWN.contains(e.errno())) return false;
      throw e;
    }
  }

  @Override
  public FileBytes bytes(Path file) throws IOException {
    return HostBytes.of(file);
  }

  @Override
  public Room room(Path place) throws IOException {
    return HostRoom.of(place);
  }

  /**
   * Merges open images into the one at {@code to}, which must be writable. Afterwards the target's
   * file is dense; after a failure too, if possible.
   *
   * @throws HalfMergedException the merge failed after the target's contents had changed
   */
  static boolean merge(List<Layer> images, int from, int to, long free, Progress progress)
      throws IOException {
    MergeTarget target = OfflineChain.alone(images.subList(0, to + 1), UUID::randomUUID);
    var merge = new BlockMerge(target, images, from, new MapLock());
    long needed = merge.spaceNeeded(progress);
    if (needed < 0) return false;
    BlockMerge.checkSpace(target.image().name(), needed, free);
    try {
      boolean done = merge.run(progress);
      target.finish();
      return done;
    } catch (Throwable e) {
      try {
        target.finish();
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      if (e instanceof IOException failure && merge.hasChangedTarget())
        throw new HalfMergedException(failure);
      throw e;
    }
  }

  /**
   * Enlarges the target of a backward merge if the source is larger.
   *
   * @return false if it was cancelled before anything was changed
   */
  private static boolean makeRoomFor(ImageChain images, int from, int to, Progress progress)
      throws IOException {
    long capacity = peek(images.images().get(from)).capacity();
    if (peek(images.images().get(to)).capacity() >= capacity) return true;
    new DiskGrowth(new ImageChain(images.images().subList(0, to + 1)), capacity).check();
    if (!progress.at(0, capacity)) return false;
    List<Layer> opened = new ArrayList<>();
    try {
      ChainImages.openForWork(opened, images, to);
      DiskGrowth.of(opened.subList(0, to + 1), capacity);
    } finally {
      ChainImages.closeAll(opened);
    }
    return true;
  }

  private static LayerFacts peek(Image image) throws IOException {
    return Formats.of(image.format(), image.file()).peek(image.file());
  }

  // ---- parents

  @Override
  public void reparent(Path location, Image parent) throws IOException {
    if (Ancestry.isUnnamed(Formats.ofImage(location).peek(location))) return;
    Formats.ofImage(location).changeParent(location, factsOf(parent));
  }

  @Override
  public void makeBase(Path location) throws IOException {
    Formats.ofImage(location).changeParent(location, null);
  }

  // ---- copying

  @Override
  public boolean copy(
      ImageChain chain,
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      Progress progress,
      Announcement announcement)
      throws IOException {
    boolean packed = variant == MediumVariant.STREAM_OPTIMIZED;
    boolean fixed = !packed && isFixed(variant);
    if ((format == ImageFormat.VDI || packed) && isImage(location, id))
      return true; // a call before a crash made it
    try (DiskSource source = source(chain)) {
      long capacity = source.capacity();
      var copy =
          new DiskCopy(
              source,
              done -> {
                if (!progress.at(done, capacity)) throw new Cancelled();
              });
      switch (format) {
        case VDI -> {
          long sectors = Math.ceilDiv(capacity, 512L) * 512;
          NewImage base =
              fixed
                  ? NewImage.fixed(sectors, UUID::randomUUID)
                  : NewImage.dynamic(sectors, UUID::randomUUID);
          copy.toVdi(location, base.withUuid(id.uuid()), Existing.REFUSED);
        }
        case RAW -> copy.toRaw(location, Existing.REFUSED, announcement);
        default -> {
          if (packed) copy.toStreamOptimized(location, id, Existing.REFUSED);
          else copy.toImage(location, Formats.toMake(format), id, fixed, announcement);
        }
      }
      return true;
    } catch (Cancelled _) {
      return false;
    }
  }

  private DiskSource source(ImageChain chain) throws IOException {
    if (chain.base().isRaw() && chain.files().size() == 1)
      return DiskSource.raw(chain.files().getFirst());
    return DiskSource.device(DifferencingChain.open(chain, true, threads));
  }
}
