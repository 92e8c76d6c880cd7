package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Stages;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A chain whose images do not belong together is refused before anything is mended in it, although
 * a crash left in each child what is mended when the image is opened for writing.
 */
class RefusedChainTest {

  private static final int CAPACITY = 4 << 20;
  private static StorageThreads threads;
  private static ChainFiles files;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    threads = new StorageThreads(2);
    files = new ChainFiles(threads);
  }

  @AfterAll
  static void stop() {
    threads.close();
  }

  private Image base(ImageFormat format, int id) throws IOException {
    Image base = image(format, id);
    files.create(
        base.file(), id(id), format, MediumVariant.STANDARD, CAPACITY, Announcement.UNHEARD);
    return base;
  }

  private Image child(ImageFormat format, int id, Image parent) throws IOException {
    Image child = image(format, id);
    files.createChild(child.file(), id(id), format, parent);
    return child;
  }

  private Image image(ImageFormat format, int id) {
    return new Image(folder.resolve(id + "." + format), format, id(id));
  }

  private static MediumId id(int id) {
    return new MediumId(new UUID(1, id));
  }

  /** Loses what a crash can lose: the copy of a grain table, or the footer. */
  private static void crash(Image image) throws IOException {
    try (var bytes = new RandomAccessFile(image.file().toFile(), "rw")) {
      if (image.format() == ImageFormat.VHD) {
        bytes.setLength(bytes.length() - 512);
      } else {
        bytes.seek(21 * 512);
        bytes.writeInt(0);
      }
    }
  }

  private static List<byte[]> bytes(ImageChain chain) throws IOException {
    List<byte[]> bytes = new ArrayList<>();
    for (Path file : chain.files()) bytes.add(Files.readAllBytes(file));
    return bytes;
  }

  private static void assertUntouched(List<byte[]> before, ImageChain chain) throws IOException {
    List<byte[]> now = bytes(chain);
    for (int i = 0; i < before.size(); i++) assertArrayEquals(before.get(i), now.get(i));
  }

  @ParameterizedTest
  @EnumSource(names = {"VMDK", "VHD"})
  void topOnAnotherParentIsNotMended(ImageFormat format) throws IOException {
    Image parent = base(format, 1);
    Image top = child(format, 3, parent);
    crash(top);
    var wrong = new ImageChain(List.of(base(format, 2), top));
    List<byte[]> before = bytes(wrong);

    assertThrows(
        ImageFormatException.class, () -> DifferencingChain.open(wrong, false, threads).close());

    assertUntouched(before, wrong);
    var right = new ImageChain(List.of(parent, top));
    Stages.join(DifferencingChain.open(right, false, threads).close());
    assertFalse(Arrays.equals(before.getLast(), Files.readAllBytes(top.file())), "it is mended");
  }

  @ParameterizedTest
  @EnumSource(names = {"VMDK", "VHD"})
  void targetOfAMergeBelowAForeignImageIsNotMended(ImageFormat format) throws IOException {
    Image base = base(format, 1);
    Image middle = child(format, 2, base);
    Image foreign = child(format, 4, child(format, 3, base));
    crash(middle);
    var wrong = new ImageChain(List.of(base, middle, foreign));
    List<byte[]> before = bytes(wrong);

    assertThrows(
        ImageFormatException.class,
        () -> files.merge(wrong, foreign.file(), middle.file(), Progress.NONE));

    assertUntouched(before, wrong);
    Image top = child(format, 5, middle);
    var right = new ImageChain(List.of(base, middle, top));
    assertTrue(files.merge(right, top.file(), middle.file(), Progress.NONE));
  }
}
