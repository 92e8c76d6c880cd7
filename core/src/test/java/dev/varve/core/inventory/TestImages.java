package dev.varve.core.inventory;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileBytes;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.medium.Room;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Images of a format of our own: small files that hold the sectors that were written, and grow with
 * them. A sector that was cleared hides its parent's. Merging really moves contents.
 */
public final class TestImages implements ImageFiles, SectorAccess {

  /** Runs before a file is measured. */
  Runnable measuring = () -> {};

  /** Files on a host that does not answer until the latch is open. */
  final Map<Path, CountDownLatch> hanging = new ConcurrentHashMap<>();

  private static final int MAGIC = 0x56415256;

  /** Of a disk, in bytes. */
  private static final long LARGEST = 8L << 40;

  private static final byte[] ZEROES = new byte[SECTOR];

  /** What a file holds. */
  private record Contents(
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      @Nullable MediumId parent,
      long capacity,
      SortedMap<Long, byte[]> sectors) {

    Contents on(@Nullable MediumId other) {
      return new Contents(id, format, variant, other, capacity, sectors);
    }

    Contents sized(long bytes) {
      return new Contents(id, format, variant, parent, bytes, sectors);
    }
  }

  /** Of every file system. */
  Room room = new Room(Room.UNKNOWN, Room.UNKNOWN, false);

  // ---- the port

  @Override
  public ImageInfo inspect(Path location, DeviceType device, @Nullable ImageFormat registered)
      throws IOException {
    CountDownLatch answer = hanging.get(location);
    if (answer != null) await(answer);
    if (!Files.exists(location)) throw new NoSuchFileException(location.toString());
    if (!isImage(location)) {
      if (device == DeviceType.HARD_DISK)
        throw new IOException("'%s' is no disk image".formatted(location));
      long length = Files.size(location);
      return new ImageInfo(null, ImageFormat.RAW, MediumVariant.FIXED, null, length, length);
    }
    Contents image = load(location);
    boolean named = image.format() != ImageFormat.RAW;
    return new ImageInfo(
        named ? image.id() : null,
        image.format(),
        image.variant(),
        image.parent(),
        image.capacity(),
        Files.size(location));
  }

  private static void await(CountDownLatch answer) {
    try {
      answer.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
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
    create(
        location, new Contents(id, format, variant, null, capacity, new TreeMap<>()), announcement);
  }

  private static void create(Path location, Contents image, Announcement announcement)
      throws IOException {
    Files.createDirectories(location.getParent());
    refuseExisting(location);
    Path fresh = write(location, image);
    if (image.format() == ImageFormat.RAW)
      announcement.before(location, FileIdentity.unchanged(fresh));
    Files.move(fresh, location, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void createChild(Path location, MediumId id, ImageFormat format, Image parent)
      throws IOException {
    refuseExisting(location);
    Contents below = load(parent.file());
    store(
        location,
        new Contents(
            id, format, MediumVariant.DIFFERENCING, below.id(), below.capacity(), new TreeMap<>()));
  }

  private static void refuseExisting(Path location) throws IOException {
    if (Files.exists(location)) throw new FileAlreadyExistsException(location.toString());
  }

  @Override
  public void reset(Path location) throws IOException {
    Contents image = load(location);
    image.sectors().clear();
    store(location, image);
  }

  @Override
  public void checkGrowth(ImageChain chain, long capacity) throws IOException {
    if (capacity > LARGEST) throw new IOException("the format has disks of 8 TiB and less");
    if (load(chain.files().getLast()).variant() == MediumVariant.FIXED && capacity > room.bytes())
      throw new OutOfSpaceException("no space");
  }

  @Override
  public void grow(ImageChain chain, long capacity) throws IOException {
    Path top = chain.files().getLast();
    store(top, load(top).sized(capacity));
  }

  @Override
  public boolean merge(ImageChain images, Path source, Path target, Progress progress)
      throws IOException {
    List<Path> chain = images.files();
    boolean forward = chain.getLast().equals(target);
    int lowest = chain.indexOf(forward ? source : target);
    List<Path> merged = chain.subList(lowest, chain.size());
    SortedMap<Long, byte[]> sectors = new TreeMap<>();
    for (int i = 0; i < merged.size(); i++) {
      if (!progress.at(i, merged.size())) return false;
      sectors.putAll(load(merged.get(i)).sectors());
    }
    Contents into = load(target).sized(load(chain.getLast()).capacity());
    into.sectors().clear();
    into.sectors().putAll(sectors);
    store(target, into);
    return true;
  }

  @Override
  public void reparent(Path location, Image parent) throws IOException {
    store(location, load(location).on(load(parent.file()).id()));
  }

  @Override
  public void makeBase(Path location) throws IOException {
    store(location, load(location).on(null));
  }

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
    if (!progress.at(0, 1)) return false;
    long capacity = load(chain.files().getLast()).capacity();
    var image = new Contents(id, format, variant, null, capacity, new TreeMap<>());
    for (Path path : chain.files()) image.sectors().putAll(load(path).sectors());
    create(location, image, announcement);
    return true;
  }

  @Override
  public void checkDeletable(Path file) throws IOException {
    if (Files.isSymbolicLink(file)) throw new IOException("'%s' is a link".formatted(file));
  }

  @Override
  public void checkChangeable(Path location) throws IOException {
    load(location);
  }

  @Override
  public void delete(Path location) throws IOException {
    Files.deleteIfExists(location);
  }

  @Override
  public void deleteMade(Path location, MediumId id) throws IOException {
    sweep(location);
    if (isImage(location, id)) Files.delete(location);
  }

  @Override
  public boolean isImage(Path location, MediumId id) {
    try {
      if (!Files.exists(location) || !isImage(location)) return false;
      Contents image = load(location);
      return image.id().equals(id) && image.format() != ImageFormat.RAW;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Room room(Path place) {
    return room;
  }

  @Override
  public void sweep(Path location) {
    try {
      Files.deleteIfExists(location.resolveSibling(location.getFileName() + ".new"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- contents

  @Override
  public void write(List<Path> chain, long offset, byte[] sector) throws IOException {
    Contents image = load(chain.getLast());
    image.sectors().put(offset / SECTOR, sector.clone());
    store(chain.getLast(), image);
  }

  @Override
  public byte[] read(List<Path> chain, long offset) throws IOException {
    for (Path path : chain.reversed()) {
      byte[] sector = load(path).sectors().get(offset / SECTOR);
      if (sector != null) return sector;
    }
    return ZEROES.clone();
  }

  // ---- the file: number of sectors, then each with its number; cleared ones without bytes

  private static boolean isImage(Path location) throws IOException {
    byte[] head;
    try (var in = Files.newInputStream(location)) {
      head = in.readNBytes(Integer.BYTES);
    }
    return head.length == Integer.BYTES
        && new DataInputStream(new ByteArrayInputStream(head)).readInt() == MAGIC;
  }

  private static Contents load(Path location) throws IOException {
    byte[] bytes = Files.readAllBytes(location);
    try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readInt() != MAGIC) throw new IOException("'%s' is no image".formatted(location));
      MediumId id = MediumId.of(in.readUTF());
      ImageFormat format = ImageFormat.of(in.readUTF());
      MediumVariant variant = MediumVariant.valueOf(in.readUTF());
      String parent = in.readUTF();
      long capacity = in.readLong();
      SortedMap<Long, byte[]> sectors = new TreeMap<>();
      for (int left = in.readInt(); left > 0; left--) {
        long number = in.readLong();
        sectors.put(number, in.readBoolean() ? in.readNBytes(SECTOR) : ZEROES.clone());
      }
      return new Contents(
          id, format, variant, parent.isEmpty() ? null : MediumId.of(parent), capacity, sectors);
    }
  }

  private static void store(Path location, Contents image) throws IOException {
    Files.move(write(location, image), location, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Returns the file, which has another name yet. */
  private static Path write(Path location, Contents image) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeInt(MAGIC);
    out.writeUTF(image.id().toString());
    out.writeUTF(image.format().text());
    out.writeUTF(image.variant().name());
    out.writeUTF(image.parent() == null ? "" : image.parent().toString());
    out.writeLong(image.capacity());
    out.writeInt(image.sectors().size());
    for (Map.Entry<Long, byte[]> sector : new ArrayList<>(image.sectors().entrySet())) {
      boolean full = !Arrays.equals(sector.getValue(), ZEROES);
      out.writeLong(sector.getKey());
      out.writeBoolean(full);
      if (full) out.write(sector.getValue());
    }
    Path fresh = location.resolveSibling(location.getFileName() + ".new");
    return Files.write(fresh, bytes.toByteArray());
  }

  @Override
  public FileBytes bytes(Path file) throws IOException {
    measuring.run();
    return ImageFiles.super.bytes(file);
  }
}
