package dev.varve.bench.compare;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;

/**
 * Makes the test disks, the same {@link Content} in each format. Images that a run only reads are
 * made once and shared; those that it writes are its own.
 */
final class TestDisks {

  /** How an image file keeps its disk. */
  enum Format {
    RAW("raw"),
    /** Blocks of 1 MiB. */
    VDI("vdi"),
    /** Grains of 64 KiB. */
    VMDK("vmdk"),
    /** Blocks of 2 MiB. */
    VHD("vpc"),
    /** Clusters of 64 KiB, QEMU's default. */
    QCOW2("qcow2"),
    /** Compressed grains of 64 KiB; can only be read. */
    STREAM("vmdk");

    private final String qemuName;

    Format(String qemuName) {
      this.qemuName = qemuName;
    }

    String suffix() {
      return this == STREAM ? "stream.vmdk" : name().toLowerCase(Locale.ROOT);
    }

    /** What QEMU calls it. */
    String qemuName() {
      return qemuName;
    }
  }

  private record Key(Format format, Layers layers, long size, int layer) {}

  /** The base is the same in every chain. */
  private static Key key(Format format, Layers layers, long size, int layer) {
    return new Key(format, layer == 0 ? Layers.SINGLE : layers, size, layer);
  }

  private final Path folder;
  private final Map<Key, Path> made = new HashMap<>();

  /**
   * @param folder where the images go; deleting them is the caller's
   */
  TestDisks(Path folder) {
    this.folder = folder;
  }

  /** The images of a chain, base first, to be read only. */
  List<Path> shared(Format format, Layers layers, long size)
      throws IOException, InterruptedException {
    var images = new ArrayList<Path>();
    for (int layer = 0; layer < layers.count(); layer++) {
      Key key = key(format, layers, size, layer);
      Path image = made.get(key);
      if (image == null) {
        image = folder.resolve("image-%02d.%s".formatted(made.size(), format.suffix()));
        make(key, image, images);
        made.put(key, image);
      }
      images.add(image);
    }
    return images;
  }

  /** The same with a top image that may be written, in {@code own}. */
  List<Path> writable(Format format, Layers layers, long size, Path own)
      throws IOException, InterruptedException {
    var images = new ArrayList<>(shared(format, layers, size));
    Path shared = images.removeLast();
    Path top = own.resolve(shared.getFileName());
    Files.copy(shared, top);
    images.add(top);
    return images;
  }

  private void make(Key key, Path image, List<Path> parents)
      throws IOException, InterruptedException {
    long[] held =
        LongStream.range(0, key.size / Content.MEBIBYTE)
            .filter(mebibyte -> key.layers.holds(key.layer, mebibyte))
            .toArray();
    switch (key.format) {
      case RAW -> makeRaw(key, image, held);
      case VDI -> makeVdi(key, image, held);
      case VMDK -> makeByVarve(ImageFormat.VMDK, key, image, held, parents);
      case VHD -> makeByVarve(ImageFormat.VHD, key, image, held, parents);
      case QCOW2 -> makeQcow2(key, image, held, parents);
      case STREAM -> makeStream(key, image);
    }
  }

  /** Makes an image as Varve does for a machine, and fills it through the chain. */
  private static void makeByVarve(
      ImageFormat format, Key key, Path image, long[] held, List<Path> parents) throws IOException {
    List<Image> chain = new ArrayList<>();
    for (Path parent : parents) chain.add(new Image(parent, format, null));
    var id = new MediumId(uuid(key, "image"));
    chain.add(new Image(image, format, id));
    try (var threads = new StorageThreads(2)) {
      var files = new ChainFiles(threads);
      if (parents.isEmpty())
        files.create(image, id, format, MediumVariant.STANDARD, key.size, Announcement.UNHEARD);
      else files.createChild(image, id, format, chain.get(parents.size() - 1));
      if (held.length > 0) fill(new ImageChain(chain), key.layer, held, threads);
    }
  }

  private static void fill(ImageChain chain, int layer, long[] held, StorageThreads threads)
      throws IOException {
    BlockDevice disk = DifferencingChain.open(chain, false, threads);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(Content.MEBIBYTE, Content.PAGE);
      for (long mebibyte : held) {
        Content.put(layer, mebibyte, block.asByteBuffer());
        disk.write(mebibyte * Content.MEBIBYTE, block).toCompletableFuture().join();
      }
      disk.flush().toCompletableFuture().join();
    } finally {
      disk.close().toCompletableFuture().join();
    }
  }

  private void makeStream(Key key, Path image) throws IOException, InterruptedException {
    Path raw = shared(Format.RAW, key.layers, key.size).getLast();
    var convert = new ArrayList<>(List.of("qemu-img", "convert", "-f", "raw", "-O", "vmdk"));
    convert.addAll(List.of("-o", "subformat=streamOptimized", raw.toString(), image.toString()));
    Programs.run(convert);
  }

  private static void makeRaw(Key key, Path image, long[] held) throws IOException {
    try (FileChannel file = FileChannel.open(image, CREATE_NEW, WRITE)) {
      putBlocks(file, 0, key.layer, held);
      file.force(true);
    }
  }

  private static void makeVdi(Key key, Path image, long[] held) throws IOException {
    boolean base = key.layer == 0;
    Key parent = key(key.format, key.layers, key.size, key.layer - 1);
    NewImage described =
        new NewImage(
            base ? ImageType.DYNAMIC : ImageType.DIFFERENCING,
            key.size,
            Content.MEBIBYTE,
            "",
            uuid(key, "image"),
            uuid(key, "modify"),
            base ? VdiHeader.NO_UUID : uuid(parent, "image"),
            base ? VdiHeader.NO_UUID : uuid(parent, "modify"));
    VdiHeader header = described.header().withAllocatedBlocks(held.length);
    ByteBuffer map = ByteBuffer.allocate(4 * header.blockCount()).order(ByteOrder.LITTLE_ENDIAN);
    while (map.hasRemaining()) map.putInt(BlockEntry.FREE);
    for (int place = 0; place < held.length; place++) map.putInt(4 * (int) held[place], place);
    try (FileChannel file = FileChannel.open(image, CREATE_NEW, WRITE)) {
      put(file, 0, header.bytes().asByteBuffer());
      put(file, header.mapOffset(), map.flip());
      put(file, header.dataOffset() - 1, ByteBuffer.allocate(1));
      putBlocks(file, header.dataOffset(), key.layer, held);
      file.force(true);
    }
  }

  private static UUID uuid(Key key, String what) {
    return UUID.nameUUIDFromBytes((key + what).getBytes(StandardCharsets.UTF_8));
  }

  private static void putBlocks(FileChannel file, long offset, int layer, long[] held)
      throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(Content.MEBIBYTE);
    for (int place = 0; place < held.length; place++) {
      Content.put(layer, held[place], block.clear());
      put(file, offset + (long) place * Content.MEBIBYTE, block.flip());
    }
  }

  private static void put(FileChannel file, long offset, ByteBuffer bytes) throws IOException {
    for (long at = offset; bytes.hasRemaining(); ) at += file.write(bytes, at);
  }

  private void makeQcow2(Key key, Path image, long[] held, List<Path> parents)
      throws IOException, InterruptedException {
    var create = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2"));
    create.addAll(List.of("-o", "cluster_size=64k"));
    if (!parents.isEmpty())
      create.addAll(List.of("-b", parents.getLast().toString(), "-F", "qcow2"));
    create.addAll(List.of(image.toString(), Long.toString(key.size)));
    Programs.run(create);
    if (held.length == 0) return;
    Path socket = folder.resolve("filling.sock");
    List<String> serve =
        List.of("qemu-nbd", "-t", "-f", "qcow2", "-k", socket.toString(), image.toString());
    ByteBuffer block = ByteBuffer.allocateDirect(Content.MEBIBYTE);
    try (var server = ServerProcess.start("qemu-nbd", serve, socket);
        NbdSession session = server.connect()) {
      for (long mebibyte : held) {
        Content.put(key.layer, mebibyte, block.clear());
        session.write(mebibyte * Content.MEBIBYTE, block.flip());
      }
      session.flush();
    }
  }
}
