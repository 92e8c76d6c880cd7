package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.varve.core.device.ReadSink;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** VDI images on bases that are only read: they show what a plain array shows, also reopened. */
class EncodedBasesTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "qcow2-comp",
        "qcow2-zstd",
        "qcow2-512",
        "qcow2-extl2",
        "qcow2-backing",
        "qcow2-on-raw",
        "vm-qcow2-snap",
        "vmdk-stream",
        "q-vmdk-stream",
        "hm-vmdk-cowd"
      })
  void aVdiImageOnTopTakesTheWrites(String name) throws Exception {
    ImageChain below = FormatFixtures.chain(name).unpack(folder);
    List<byte[]> before = contents(below);
    var random = new Random(name.hashCode());
    ImageChain chain = withChild(below);
    Guest guest = new Guest(LiveChain.open(below, true, new SharedFiles(), threads));
    byte[] expected = guest.readAll();
    guest.close();

    for (int session = 0; session < 3; session++) {
      if (session == 1) chain = withChild(chain);
      guest = new Guest(LiveChain.open(chain, false, new SharedFiles(), threads));
      assertArrayEquals(expected, guest.readAll());
      for (var request : RandomRequests.of(random, 40, expected.length, 1 << 16)) {
        Guest.await(guest.submit(request::setUp));
        request.applyTo(expected);
        int at = random.nextInt(expected.length - 5000);
        assertArrayEquals(
            java.util.Arrays.copyOfRange(expected, at, at + 5000), guest.read(at, 5000));
      }
      guest.close();
    }

    List<byte[]> after = contents(below);
    for (int i = 0; i < before.size(); i++) assertArrayEquals(before.get(i), after.get(i));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qcow2-comp", "vmdk-stream"})
  void aHotReadAllocatesAtMost100Bytes(String name) throws Exception {
    ImageChain chain = withChild(FormatFixtures.chain(name).unpack(folder));
    LiveChain disk = LiveChain.open(chain, true, new SharedFiles(), threads);
    Guest guest = new Guest(disk);
    guest.readAll();
    long offset = hotOffset(disk);
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 20_000; i++) assertTrue(disk.tryRead(offset, 4096, COUNTING));

    long before = thread.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 10_000; i++) disk.tryRead(offset, 4096, COUNTING);
    long bytes = (thread.getCurrentThreadAllocatedBytes() - before) / 10_000;

    assertTrue(bytes <= 100, bytes + " bytes");
    guest.close();
  }

  /** Somewhere with data, which this disk only has in its encoded base. */
  private static long hotOffset(LiveChain disk) throws IOException {
    for (long at = 0; at < disk.capacity(); at += 4096) {
      bytesSeen = 0;
      if (disk.tryRead(at, 4096, COUNTING) && bytesSeen == 4096) return at;
    }
    throw new AssertionError("no data was kept");
  }

  private static int bytesSeen;

  private static final ReadSink COUNTING =
      new ReadSink() {
        @Override
        public void bytes(MemorySegment memory, long offset, int length) {
          bytesSeen += length;
        }

        @Override
        public void zeroes(int length) {}
      };

  private ImageChain withChild(ImageChain below) throws IOException {
    List<Image> images = new ArrayList<>();
    for (Image image : below.images())
      images.add(
          image.id() != null
              ? image
              : new Image(image.file(), image.format(), new MediumId(UUID.randomUUID())));
    Image parent = images.getLast();
    LayerFormat format = Formats.of(parent.format(), parent.file());
    LayerFacts facts = format.peek(parent.file());
    MediumId parentId = parent.id();
    assert parentId != null;
    if (facts.id() == null) facts = facts.withId(parentId.uuid());
    var id = new MediumId(UUID.randomUUID());
    Path child = folder.resolve(id.uuid() + ".vdi");
    Formats.VDI.createChild(child, id, parent.file(), facts);
    if (format.peek(parent.file()).id() != null)
      images.set(images.size() - 1, new Image(parent.file(), parent.format(), null));
    images.add(new Image(child, ImageFormat.VDI, id));
    return new ImageChain(images);
  }

  private static List<byte[]> contents(ImageChain chain) throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : chain.files()) contents.add(Files.readAllBytes(file));
    return contents;
  }
}
