package dev.varve.io.vhd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.ImageReport.Finding;
import dev.varve.core.medium.ImageReport.Status;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Damage in VHD images is found, and repaired where possible. */
class VhdCheckTest {

  private static final VhdFormat FORMAT = new VhdFormat();
  private static final int TABLE = 1536;
  private static final int STRIDE = (256 << 10) + 512;

  @TempDir Path folder;

  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("a.vhd");
  }

  /** Blocks 0, 1 and 3 of six, of which the last lies first in the file. */
  private static TestVhd image() {
    return TestVhd.of(6 * (256 << 10), 256 << 10)
        .sector(0, 'a')
        .sector(513, 'b')
        .sector(3 * 512 + 7, 'd');
  }

  /** What can be wrong with an image whose contents are all there. */
  enum Lie {
    NO_FOOTER("noFooter") {
      @Override
      byte[] tell(byte[] image) {
        return Arrays.copyOf(image, image.length - 512);
      }
    },
    FOOTER_CHECKSUM("footerChecksum") {
      @Override
      byte[] tell(byte[] image) {
        image[image.length - 512 + 67]++;
        image[67]++;
        return image;
      }
    },
    DAMAGED_FOOTER("footerChecksum") {
      @Override
      byte[] tell(byte[] image) {
        image[image.length - 512 + 53]--; // the current size: the copy counts
        return image;
      }
    },
    FOOTER_WITHOUT_SENSE("header") {
      @Override
      byte[] tell(byte[] image) {
        image[image.length - 512 + 60] = 9;
        return image;
      }
    },
    NO_COPY("noCopy") {
      @Override
      byte[] tell(byte[] image) {
        Arrays.fill(image, 0, 512, (byte) 0);
        return image;
      }
    },
    OTHER_COPY("differentFooters") {
      @Override
      byte[] tell(byte[] image) {
        image[70]++;
        return image;
      }
    },
    HEADER_CHECKSUM("headerChecksum") {
      @Override
      byte[] tell(byte[] image) {
        image[512 + 64]++;
        return image;
      }
    },
    LEFT_BY_A_CRASH("trailingBytes") {
      @Override
      byte[] tell(byte[] image) {
        byte[] longer = Arrays.copyOf(image, image.length + STRIDE);
        System.arraycopy(image, image.length - 512, longer, longer.length - 512, 512);
        return longer;
      }
    };

    final String kind;

    Lie(String kind) {
      this.kind = kind;
    }

    abstract byte[] tell(byte[] image);
  }

  @Test
  void soundImageIsClean() throws IOException {
    Files.write(file, image().bytes());

    assertEquals(new ImageReport(file.toString(), Status.CLEAN, List.of(), false), check());
    assertEquals(List.of(), FORMAT.repair(file));
    assertArrayEquals(image().bytes(), Files.readAllBytes(file));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsWrongWithTheHeadIsFoundAndRepaired(Lie lie) throws IOException {
    Files.write(file, lie.tell(image().bytes()));

    assertTrue(kinds().contains(lie.kind), () -> String.valueOf(lie));
    assertTrue(!FORMAT.repair(file).isEmpty());

    assertEquals(List.of(), kinds());
    byte[] contents = raw().assertClosed().over(new byte[0]);
    assertArrayEquals(image().over(new byte[0]), contents);
    FORMAT.openReadWrite(file, false).close();
  }

  @Test
  void blocksThatCannotBeKeptBecomeFree() throws IOException {
    byte[] bytes = image().bytes();
    ByteBuffer table = ByteBuffer.wrap(bytes, TABLE, 24).slice();
    table.putInt(4 * 2, table.getInt(0)); // shares the place of block 0
    table.putInt(4 * 4, 0x00FFFFFF); // outside the file
    table.putInt(4 * 5, 1); // over the header
    Files.write(file, bytes);

    assertEquals(Status.DAMAGED, check().status());
    assertEquals(List.of("outsideFile", "overMetadata", "sharedPlace"), kinds());
    assertEquals(3, FORMAT.repair(file).size());

    assertEquals(List.of(), kinds());
    assertArrayEquals(image().over(new byte[0]), raw().assertClosed().over(new byte[0]));
  }

  @Test
  void ofOverlappingBlocksTheFirstIsKept() throws IOException {
    byte[] bytes = image().bytes();
    ByteBuffer table = ByteBuffer.wrap(bytes, TABLE, 24).slice();
    table.putInt(4 * 2, table.getInt(12) + 3);
    Files.write(file, bytes);

    assertEquals(List.of("overlappingPlace"), kinds());
    FORMAT.repair(file);

    assertEquals(List.of(), kinds());
    assertArrayEquals(image().over(new byte[0]), raw().over(new byte[0]));
  }

  @Test
  void placesThatNoBlockUsesAreFound() throws IOException {
    byte[] bytes = image().bytes();
    ByteBuffer.wrap(bytes).putInt(TABLE + 4, -1);
    Files.write(file, bytes);

    assertEquals(Status.LEAKS, check().status());
    assertEquals(List.of("unusedPlaces"), kinds());
  }

  @Test
  void imageThatCannotBeRepairedIsNotTouched() throws IOException {
    byte[] bytes = image().bytes();
    ByteBuffer.wrap(bytes).putLong(512, 0);
    Files.write(file, bytes);

    assertEquals(List.of("header"), kinds());
    assertThrows(ImageFormatException.class, () -> FORMAT.repair(file));
    assertArrayEquals(bytes, Files.readAllBytes(file));
  }

  @Test
  void repairThatLosesItsPowerAnywhereIsRepairedByTheNext() throws IOException {
    byte[] bytes = Lie.NO_FOOTER.tell(Lie.HEADER_CHECKSUM.tell(image().bytes()));
    ByteBuffer.wrap(bytes).putInt(TABLE + 8, 0x00FFFFFF);
    bytes = Arrays.copyOf(bytes, bytes.length + 700);
    boolean finished = false;
    for (int n = 0; !finished; n++) {
      try (var disk = diskWith(bytes)) {
        disk.losePowerAt(disk.operations() + n);
        finished = repairs(disk);
        for (Loss loss : List.of(Loss.NOTHING, Loss.EVERYTHING, Loss.any(n), Loss.any(n + 77))) {
          try (CrashingDisk found = disk.afterCrash(n, loss);
              ImageFile image = found.openReadWrite("a.vhd", 0)) {
            VhdRepair.repair(image);
            assertEquals(List.of(), VhdCheck.findings(image));
            assertArrayEquals(
                image().over(new byte[0]),
                VirtualBoxVhd.of(image).assertClosed().over(new byte[0]),
                "power cut at operation " + n + ", " + loss);
          }
        }
      }
    }
  }

  private static boolean repairs(CrashingDisk disk) throws IOException {
    try (ImageFile image = disk.openReadWrite("a.vhd", 0)) {
      VhdRepair.repair(image);
      return true;
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
      return false;
    }
  }

  private static CrashingDisk diskWith(byte[] contents) throws IOException {
    var disk = new CrashingDisk(5);
    try (ImageFile image = disk.create("a.vhd", 0);
        Arena arena = Arena.ofConfined()) {
      image.write(0, arena.allocate(contents.length).copyFrom(MemorySegment.ofArray(contents)));
      image.sync();
    }
    return disk;
  }

  private ImageReport check() throws IOException {
    return FORMAT.check(file, false);
  }

  private List<String> kinds() throws IOException {
    return check().findings().stream().map(Finding::kind).toList();
  }

  private VirtualBoxVhd raw() throws IOException {
    return VirtualBoxVhd.of(Files.readAllBytes(file));
  }
}
