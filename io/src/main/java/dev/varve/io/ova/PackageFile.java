package dev.varve.io.ova;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.inventory.PackedMachine;
import dev.varve.core.machine.Names;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.medium.Room;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfFile;
import dev.varve.core.ovf.OvfMachine;
import dev.varve.core.ovf.OvfReader;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.chain.PackedDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.storage.StorageThreads;
import java.io.Closeable;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A package that a machine is imported from: an OVA, a descriptor with its disks beside it, or a
 * Vagrant box, packed by gzip or not. Used by one thread at a time; blocks.
 */
final class PackageFile implements PackedMachine {

  private static final String DESCRIPTOR = ".ovf";

  /** Of a whole archive that is unpacked: what it holds is bounded by the room on the host. */
  private static final long NO_BOUND = Long.MAX_VALUE;

  /** What an image has beside the data of its disk, at most: a share, and a little. */
  private static final int SHARE_BESIDE = 16;

  private static final long LITTLE = 64L << 20;

  private final Path file;
  private final StorageThreads threads;
  private final List<Closeable> opened = new ArrayList<>();
  private final Map<OvfDisk, PackedDisk> disks = new HashMap<>();
  private @Nullable Path scratch;
  private @Nullable Map<String, Member> members;
  private @Nullable OvfMachine machine;

  /**
   * @param file looked at when it is opened
   * @param threads run the reads of disks
   */
  PackageFile(Path file, StorageThreads threads) {
    this.file = file;
    this.threads = threads;
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public boolean isCompressed() {
    try {
      return format() == KnownFormat.GZIP;
    } catch (IOException e) {
      return false; // opening it says why
    }
  }

  private @Nullable KnownFormat format() throws IOException {
    if (!Files.exists(file)) throw new NoSuchFileException(file.toString());
    if (!Files.isRegularFile(file))
      throw new PackageException(
          file + " is no file; name the package: an .ova, an .ovf or a .box");
    KnownFormat format = KnownFormat.of(file);
    // Of the text of a descriptor only its name tells what it is: makers prefix what is in it.
    boolean described = isDescriptor(String.valueOf(file.getFileName()));
    return described && (format == null || format == KnownFormat.TEXT) ? KnownFormat.OVF : format;
  }

  // ---- the descriptor

  @Override
  public void open(Path folder, Progress progress) throws IOException {
    scratch = folder;
    KnownFormat format = format();
    Map<String, Member> found =
        switch (format) {
          case OVA -> archive(open(file));
          case GZIP -> archive(unpacked(file, folder, progress));
          case OVF -> beside();
          case null -> throw noPackage("it has no signature of one");
          default -> throw noPackage("it is " + format);
        };
    Member descriptor = descriptor(found);
    members = found;
    machine = OvfReader.read(descriptor.file(), descriptor.bytes(OvfReader.MAX_BYTES));
  }

  private PackageException noPackage(String what) {
    return new PackageException(
        "%s is no package of a machine: %s. Name an OVA, a descriptor (.ovf) with its disks beside it, or a Vagrant box; of any other archive, unpack it and name the .ova or .ovf in it"
            .formatted(file, what));
  }

  private ImageFile open(Path of) throws IOException {
    return keep(MappedFile.openReadOnly(of, 0));
  }

  private <T extends Closeable> T keep(T resource) {
    opened.add(resource);
    return resource;
  }

  private static Map<String, Member> archive(ImageFile archive) throws IOException {
    return TarIndex.of(archive);
  }

  private ImageFile unpacked(Path packed, Path folder, Progress progress) throws IOException {
    Member whole =
        new Member(
            packed.toString(),
            packed.toString(),
            packed,
            Files.size(packed),
            () -> MappedFile.openReadOnly(packed, 0));
    Unpacked all = keep(Unpacked.of(whole, folder, NO_BOUND, new Step(progress, whole.length())));
    ImageFile contents = all.contents();
    KnownFormat inside = KnownFormat.of(contents);
    if (inside != KnownFormat.OVA)
      throw noPackage(
          "gzip has packed it, and in it is " + (inside == null ? "no archive" : inside));
    return contents;
  }

  /** The descriptor and what lies beside it: found when it is asked for by its name. */
  private Map<String, Member> beside() throws IOException {
    Map<String, Member> found = new HashMap<>();
    String name = String.valueOf(file.getFileName());
    found.put(name, member(name));
    String manifest = stem(name) + Manifest.ENDING;
    if (Files.exists(file.resolveSibling(manifest))) {
      found.put(manifest, member(manifest));
      for (Manifest.Line line : Manifest.read(member(manifest)).lines())
        addIfThere(line.name(), found);
    }
    OvfMachine described = OvfReader.read(file.toString(), member(name).bytes(OvfReader.MAX_BYTES));
    for (OvfDisk disk : described.disks()) {
      if (disk.file() == null) continue;
      for (String href : names(disk.file())) addIfThere(href, found);
    }
    return found;
  }

  private void addIfThere(String name, Map<String, Member> found) throws IOException {
    boolean plain = Names.faultOfPart(name) == null && name.indexOf('\\') < 0;
    if (plain && Files.exists(file.resolveSibling(name), LinkOption.NOFOLLOW_LINKS))
      found.put(name, member(name));
  }

  private Member member(String name) throws IOException {
    Path path = file.resolveSibling(name);
    boolean isNamed = path.equals(file);
    if (!isNamed && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
      throw new PackageException(
          path
              + " is no plain file; the files of a package lie beside its descriptor, without links");
    Member.Contents contents = // what lies beside it can become a link later
        () -> isNamed ? MappedFile.openReadOnly(path, 0) : MappedFile.openPlain(path);
    return new Member(name, path.toString(), path, Files.size(path), contents);
  }

  private static String stem(String name) {
    int dot = name.lastIndexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** By its name: an OVA should begin with it and need not, a box has one somewhere. */
  private Member descriptor(Map<String, Member> found) throws IOException {
    List<Member> all = found.values().stream().filter(PackageFile::isDescriptor).toList();
    if (all.size() == 1) return all.getFirst();
    throw new PackageException(
        all.isEmpty()
            ? "%s has no descriptor: none of its members ends in .ovf; check that it is the right file. A box must be one for VirtualBox"
                .formatted(file)
            : "%s has %d descriptors ('%s' and '%s'), and a package has one; unpack it and name one of them"
                .formatted(file, all.size(), all.get(0).name(), all.get(1).name()));
  }

  private static boolean isDescriptor(Member member) {
    return isDescriptor(member.name());
  }

  private static boolean isDescriptor(String name) {
    return name.toLowerCase(Locale.ROOT).endsWith(DESCRIPTOR);
  }

  @Override
  public OvfMachine machine() {
    OvfMachine described = machine;
    if (described == null) throw new IllegalStateException("the package is not open");
    return described;
  }

  private Map<String, Member> members() {
    Map<String, Member> found = members;
    if (found == null) throw new IllegalStateException("the package is not open");
    return found;
  }

  // ---- the files

  @Override
  public void check(Path folder, Progress progress) throws IOException {
    Manifest manifest = manifest();
    long work = manifest == null ? 0 : manifest.bytes(members());
    for (OvfDisk disk : machine().disks()) if (isPacked(disk)) work += member(disk).length();
    var step = new Step(progress, work);
    if (manifest != null) manifest.check(members(), step);
    for (OvfDisk disk : machine().disks()) {
      if (disk.file() == null) continue;
      PackedDisk open = keep(open(disk, step));
      disks.put(disk, open);
      checkCapacity(disk, open.capacity());
    }
    checkRoom(folder);
  }

  private @Nullable Manifest manifest() throws IOException {
    Member descriptor = descriptor(members());
    Member list = members().get(stem(descriptor.name()) + Manifest.ENDING);
    if (list == null)
      for (Member member : members().values())
        if (member.name().endsWith(Manifest.ENDING)) list = member;
    return list == null ? null : Manifest.read(list);
  }

  private static boolean isPacked(OvfDisk disk) {
    return disk.file() != null && disk.file().gzip();
  }

  private Member member(OvfDisk disk) throws IOException {
    OvfFile wanted = disk.file();
    if (wanted == null) throw new IllegalStateException("disk '%s' has no file".formatted(disk));
    Member member = null;
    for (String name : names(wanted)) if (member == null) member = members().get(name);
    if (member == null)
      throw new PackageException(
          "%s names the file '%s' for disk '%s', and there is no such file in the package; put it there, or copy or download the package again"
              .formatted(descriptor(members()).file(), wanted.href(), disk.id()));
    if (wanted.length() >= 0 && wanted.length() != member.length())
      throw new PackageException(
          "%s has %d bytes, and the descriptor says %d: it was damaged or changed; copy or download it again, or correct ovf:size"
              .formatted(member.file(), member.length(), wanted.length()));
    return member;
  }

  /** A reference is written as a file name, or as a part of an address with %20 for a blank. */
  private static List<String> names(OvfFile file) {
    String href = file.href();
    if (href.indexOf('%') < 0) return List.of(href);
    try {
      String decoded = URLDecoder.decode(href.replace("+", "%2B"), StandardCharsets.UTF_8);
      return decoded.indexOf('/') >= 0 || decoded.indexOf('\0') >= 0
          ? List.of(href)
          : List.of(href, decoded);
    } catch (IllegalArgumentException e) {
      return List.of(href);
    }
  }

  private PackedDisk open(OvfDisk disk, Step step) throws IOException {
    Member member = member(disk);
    if (isPacked(disk)) {
      Path folder = scratch;
      if (folder == null) throw new IllegalStateException("the package is not open");
      Unpacked unpacked = keep(Unpacked.of(member, folder, mostUnpacked(disk.capacity()), step));
      return open(disk, member, unpacked.contents());
    }
    Path path = member.path();
    PackedDisk inSeveral = isRaw(disk) || path == null ? null : inSeveralFiles(member, path);
    return inSeveral == null ? open(disk, member, member.open()) : inSeveral;
  }

  /** At most so many bytes are unpacked of an image of a disk, of which 0 says nothing. */
  private static long mostUnpacked(long capacity) {
    if (capacity == 0 || capacity > NO_BOUND / 2) return NO_BOUND;
    return capacity + capacity / SHARE_BESIDE + LITTLE;
  }

  /** Opens an image whose extents lie beside it, too; null if it is none. */
  private @Nullable PackedDisk inSeveralFiles(Member member, Path path) throws IOException {
    try (ImageFile contents = member.open()) {
      if (KnownFormat.of(contents) != KnownFormat.VMDK_DESCRIPTOR) return null;
      PackedDisk disk = PackedDisk.open(path, ImageFormat.VMDK, threads);
      if (contents.isInPlace()) return disk;
      disk.close();
      throw new PackageException(path + " was replaced while it was opened; try again");
    }
  }

  /** Contents without a signature are a disk if the name says so, in a box for instance. */
  private PackedDisk open(OvfDisk disk, Member member, ImageFile contents) throws IOException {
    if (isRaw(disk)) return PackedDisk.raw(contents);
    boolean isNamedRaw = KnownFormat.isNamedRaw(Path.of(stemOfGzip(member.name())));
    return PackedDisk.open(contents, isNamedRaw, threads);
  }

  /** Whether the descriptor says so. Then its guest has written whatever looks like a signature. */
  private static boolean isRaw(OvfDisk disk) {
    return disk.format().toLowerCase(Locale.ROOT).contains("raw");
  }

  private static String stemOfGzip(String name) {
    return name.toLowerCase(Locale.ROOT).endsWith(".gz") ? stem(name) : name;
  }

  /** The descriptor counts in a unit of its choice; what it says is off by less than one. */
  private void checkCapacity(OvfDisk disk, long actual) throws IOException {
    boolean close = Math.abs(actual - disk.capacity()) < Math.max(disk.unit(), LARGEST_GRAIN);
    if (disk.capacity() == 0 || close) return;
    throw new PackageException(
        "%s says that disk '%s' has %d bytes (in units of %d), and its image %s has %d; correct the capacity, or take the right image"
            .formatted(
                descriptor(members()).file(),
                disk.id(),
                disk.capacity(),
                disk.unit(),
                member(disk).file(),
                actual));
  }

  /** Makers round the capacity of a VMDK to its grain, or not. */
  private static final long LARGEST_GRAIN = 1 << 20;

  private void checkRoom(Path folder) throws IOException {
    Room room = new ChainFiles(threads).room(folder);
    if (room.bytes() == Room.UNKNOWN) return;
    long needed = 0;
    for (PackedDisk disk : disks.values()) needed += disk.space();
    if (room.bytes() < needed)
      throw new OutOfSpaceException(
          "the disks of %s take up to %d bytes, and %d are free in %s; make room first"
              .formatted(file, needed, room.bytes(), folder));
  }

  // ---- the disks

  @Override
  public void copy(NewDisk disk, Progress progress) throws IOException {
    PackedDisk open = disks.get(disk.disk());
    if (open == null) {
      new ChainFiles(threads)
          .create(
              disk.location(),
              disk.id(),
              disk.format(),
              MediumVariant.STANDARD,
              disk.disk().capacity(),
              disk.announcement());
      return;
    }
    var step = new Step(progress, open.capacity());
    open.copyTo(disk.location(), disk.id(), disk.format(), disk.announcement(), step::at);
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Closeable resource : opened.reversed()) {
      try {
        resource.close();
      } catch (IOException e) {
        if (failure == null) failure = e;
      }
    }
    opened.clear();
    disks.clear();
    if (failure != null) throw failure;
  }
}
