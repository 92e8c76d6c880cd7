package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Chains of images of all formats, in any order: written, snapshotted and merged while a guest uses
 * them and while none does, and opened again in between. The disk always shows what a plain byte
 * array shows.
 */
class MixedChainsTest {

  private static final int STEPS = 24;
  private static final int MOST_IMAGES = 6;
  private static final int BLOCK_SIZE = 64 << 10;
  private static final ImageFormat[] CHILDREN = {
    ImageFormat.VDI, ImageFormat.VMDK, ImageFormat.VHD
  };

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  private Random random = new Random(0);
  private ChainFiles files;
  private final List<Image> images = new ArrayList<>();
  private byte[] expected = {};
  private LiveChain disk;
  private int made;

  /** {@code -Dvarve.seed=N} repeats one run. */
  static LongStream seeds() {
    return Seeds.of(20);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void aDiskShowsWhatWasWrittenWhateverFormatsItsImagesHave(long seed) throws IOException {
    random = new Random(seed);
    files = new ChainFiles(threads);
    images.add(base());
    disk = open();
    for (int step = 0; step < STEPS; step++) {
      String done = step();
      String when = "seed %d, step %d, %s, over %s".formatted(seed, step, done, formats());
      assertArrayEquals(expected, new Guest(disk).readAll(), when);
    }
    new Guest(disk).close();
    for (Image image : images)
      if (!image.isRaw())
        assertTrue(files.isImage(image.file(), image.id()), "seed " + seed + ": " + image);
  }

  private String formats() {
    return images.stream().map(image -> image.format().text()).toList().toString();
  }

  private Image base() throws IOException {
    ImageFormat[] bases = {
      ImageFormat.VDI, ImageFormat.VMDK, ImageFormat.VHD, ImageFormat.VMDK, ImageFormat.RAW
    };
    ImageFormat format = bases[random.nextInt(bases.length)];
    MediumVariant variant = random.nextInt(3) == 0 ? MediumVariant.FIXED : MediumVariant.STANDARD;
    int capacity = (4 << 20) + random.nextInt(6) * BLOCK_SIZE + random.nextInt(3) * 512;
    expected = new byte[capacity];
    Image image = image(format);
    files.create(image.file(), image.id(), format, variant, capacity, Announcement.UNHEARD);
    return image;
  }

  /** A name, and an id. */
  private Image image(ImageFormat format) {
    String name = "%d.%s".formatted(made++, format.text().toLowerCase(Locale.ROOT));
    return new Image(folder.resolve(name), format, new MediumId(new UUID(7, 1000 + made)));
  }

  private LiveChain open() throws IOException {
    return LiveChain.open(new ImageChain(images), false, new SharedFiles(), threads);
  }

  private String step() throws IOException {
    int chosen = random.nextInt(10);
    if (chosen == 0 || images.size() == 1) return snapshot();
    if (chosen == 1 && images.size() < MOST_IMAGES) return snapshot();
    if (chosen == 2) return mergeWhileItRuns();
    if (chosen == 3) return mergeWhileItIsOff();
    if (chosen == 4) return reopen();
    return write();
  }

  private String write() throws IOException {
    var guest = new Guest(disk);
    List<RandomRequests.Request> requests =
        RandomRequests.of(random, 12, expected.length, BLOCK_SIZE);
    for (var request : requests) {
      Guest.await(guest.submit(request::setUp));
      request.applyTo(expected);
    }
    return requests.toString();
  }

  private String reopen() throws IOException {
    new Guest(disk).close();
    disk = open();
    return "reopen";
  }

  private String snapshot() throws IOException {
    Image top = image(CHILDREN[random.nextInt(CHILDREN.length)]);
    files.createChild(top.file(), top.id(), top.format(), images.getLast());
    disk.prepareToHold();
    disk.hold();
    disk.push(top);
    disk.resume();
    images.add(top);
    return "snapshot " + top.format();
  }

  /** Two neighbours of which the source is no raw image. */
  private int[] neighbours() {
    int lower = random.nextInt(images.size() - 1);
    boolean up = random.nextBoolean() && !images.get(lower).isRaw();
    return up ? new int[] {lower, lower + 1} : new int[] {lower + 1, lower};
  }

  private String mergeWhileItRuns() throws IOException {
    int[] pair = neighbours();
    Image source = images.get(pair[0]);
    Image target = images.get(pair[1]);
    LiveMerge merge = disk.merge(source.file(), target.file(), Progress.NONE);
    disk.prepareToHold();
    disk.hold();
    merge.complete();
    disk.finish(merge);
    disk.resume();
    images.remove(source);
    delete(source);
    return "live merge of %s into %s".formatted(source, target);
  }

  private String mergeWhileItIsOff() throws IOException {
    int[] pair = neighbours();
    Image source = images.get(pair[0]);
    Image target = images.get(pair[1]);
    new Guest(disk).close();
    var chain = new ImageChain(images.subList(0, Math.max(pair[0], pair[1]) + 1));
    assertTrue(files.merge(chain, source.file(), target.file(), Progress.NONE));
    Image child = pair[0] + 1 < images.size() ? images.get(pair[0] + 1) : null;
    images.remove(source);
    if (child != null) {
      int position = images.indexOf(child);
      if (position == 0) files.makeBase(child.file());
      else files.reparent(child.file(), images.get(position - 1));
    }
    delete(source);
    disk = open();
    return "merge of %s into %s".formatted(source, target);
  }

  private void delete(Image image) throws IOException {
    for (Path file : files.files(image.file(), image.format()).reversed()) files.delete(file);
    assertTrue(Files.notExists(image.file()));
  }
}
