package dev.varve.io.chain;

import static java.util.Arrays.copyOfRange;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.JoinedExtents;
import dev.varve.core.device.JoinedExtents.Extent;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Layers that say more than VDI and raw files do: blocks that are only in part here, blocks whose
 * bytes are encoded, and images in several files. Below a VDI image that a guest writes.
 */
class OtherLayersTest {

  private static final int SECTOR = 512;
  private static final int BLOCK = 8192;
  private static final int CAPACITY = 4 * BLOCK;
  private static final UUID BASE = new UUID(1, 0);
  private static final UUID TOP = new UUID(1, 1);
  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  private final CrashingDisk disk = new CrashingDisk(1);

  @AfterEach
  void end() throws IOException {
    disk.close();
  }

  private Guest guest(Layer... below) throws IOException {
    List<Layer> images = new ArrayList<>(List.of(below));
    images.add(top());
    return new Guest(new DifferencingChain(images, true, threads, () -> TestChain.CHANGED));
  }

  private VdiImage top() throws IOException {
    try (ImageFile made = disk.create("top", 0)) {
      made.write(
          0, Guest.memory(TestImage.of(CAPACITY).blockSize(BLOCK).uuid(TOP).parent(BASE).bytes()));
      made.sync();
    }
    return VdiImage.openReadWrite(disk.openReadWrite("top", 1 << 20));
  }

  private HandmadeLayer base() throws IOException {
    return new HandmadeLayer(disk, BASE, CAPACITY, BLOCK);
  }

  private static byte[] sectors(String letters) {
    byte[] bytes = new byte[letters.length() * SECTOR];
    for (int i = 0; i < bytes.length; i++) {
      char letter = letters.charAt(i / SECTOR);
      bytes[i] = (byte) (letter == '.' ? 0 : letter);
    }
    return bytes;
  }

  private static String letters(byte[] bytes) {
    var letters = new StringBuilder();
    for (int i = 0; i < bytes.length; i += SECTOR) {
      byte[] sector = copyOfRange(bytes, i, i + SECTOR);
      for (byte each : sector) assertEquals(sector[0], each, "sector " + i / SECTOR);
      letters.append(sector[0] == 0 ? '.' : (char) sector[0]);
    }
    return letters.toString();
  }

  // ---- sectors

  @Test
  void aBlockWithSomeOfItsSectorsShowsTheOthersFromBelow() throws IOException {
    HandmadeLayer upper = new HandmadeLayer(disk, BASE, CAPACITY, BLOCK);
    upper.sectors(16, "x..yy...........");
    HandmadeLayer lower = new HandmadeLayer(disk, new UUID(1, 9), CAPACITY, BLOCK);
    lower.sectors(16, "abcdefghijklmnop");

    Guest guest = guest(lower, upper);

    assertEquals("xbcyyfghijklmnop", letters(guest.read(BLOCK, BLOCK)));
    assertEquals("cyyf", letters(guest.read(BLOCK + 2 * SECTOR, 4 * SECTOR)));
    guest.close();
  }

  @Test
  void writingToAPartOfSuchABlockKeepsTheRestOfIt() throws IOException {
    HandmadeLayer base = base();
    base.sectors(16, "a.b.............");
    Guest guest = guest(base);

    guest.write(BLOCK + SECTOR, sectors("W"));
    guest.flush();

    assertEquals("aWb.............", letters(guest.read(BLOCK, BLOCK)));
    guest.close();
  }

  // ---- encoded blocks

  @Test
  void anEncodedBlockIsReadDecoded() throws IOException {
    HandmadeLayer base = base();
    base.encoded(2, "abcdefghijklmnop");
    Guest guest = guest(base);

    assertEquals("abcdefghijklmnop", letters(guest.read(2 * BLOCK, BLOCK)));
    assertEquals("..ab", letters(guest.read(2 * BLOCK - 2 * SECTOR, 4 * SECTOR)));
    assertEquals("cd", letters(guest.read(2 * BLOCK + 2 * SECTOR, 2 * SECTOR)));
    guest.close();
  }

  @Test
  void writingToAPartOfAnEncodedBlockKeepsTheRestOfIt() throws IOException {
    HandmadeLayer base = base();
    base.encoded(2, "abcdefghijklmnop");
    Guest guest = guest(base);

    guest.write(2 * BLOCK + 3 * SECTOR + 7, new byte[] {'!', '!'});
    guest.flush();

    byte[] expected = sectors("abcdefghijklmnop");
    expected[3 * SECTOR + 7] = expected[3 * SECTOR + 8] = '!';
    assertArrayEquals(expected, guest.read(2 * BLOCK, BLOCK));
    guest.close();
  }

  @Test
  void discardingAnEncodedBlockHidesIt() throws IOException {
    HandmadeLayer base = base();
    base.encoded(2, "abcdefghijklmnop");
    Guest guest = guest(base);

    guest.discard(2 * BLOCK, BLOCK);
    guest.flush();

    assertEquals(".".repeat(16), letters(guest.read(2 * BLOCK, BLOCK)));
    guest.close();
  }

  @Test
  void mergingBringsSectorsAndEncodedBlocksIntoTheImageAbove() throws IOException {
    HandmadeLayer base = base();
    base.encoded(0, "abcdefghijklmnop");
    base.sectors(16, "x..y............");
    VdiImage target = top();
    List<Layer> chain = List.of(base, target);

    assertTrue(ChainFiles.merge(chain, 0, 1, Long.MAX_VALUE, Progress.NONE));

    var alone = new ChainReader(List.of(target), new MapLock(), MapMemory.OF_PROCESS);
    var found = Guest.memory(new byte[2 * BLOCK]);
    alone.read(0, found);
    byte[] bytes = found.toArray(ValueLayout.JAVA_BYTE);
    assertEquals("abcdefghijklmnopx..y............", letters(bytes));
    target.close();
  }

  // ---- failures

  @Test
  void aReadThatMeetsABugOrRunsOutOfMemoryFailsAndTheNextOneIsServed() throws IOException {
    HandmadeLayer base = base();
    base.sectors(0, "aaaaaaaaaaaaaaaa");
    Guest guest = guest(base);

    for (Error failure : List.of(new OutOfMemoryError("of a map"), new AssertionError("a bug"))) {
      base.failWith(failure);
      assertThrows(IOException.class, () -> guest.read(0, BLOCK), failure.getMessage());
    }

    base.failWith(null);
    assertEquals("a".repeat(16), letters(guest.read(0, BLOCK)));
    guest.close();
  }

  // ---- several files

  @Test
  void anImageInSeveralFilesIsOneLayer() throws IOException {
    HandmadeLayer base = base();
    base.sectors(0, "aaaaaaaaaaaaaaaa");
    base.nextFile();
    base.sectors(16, "bbbbbbbbbbbbbbbb");
    Guest guest = guest(base);

    assertEquals("aabb", letters(guest.read(BLOCK - 2 * SECTOR, 4 * SECTOR)));
    guest.write(3 * BLOCK, sectors("W"));
    guest.flush();
    assertEquals("W...", letters(guest.read(3 * BLOCK, 4 * SECTOR)));
    guest.close();
  }

  @Test
  void extentsOfABlockWithSomeOfItsSectorsEndWhereTheSectorsDo() throws IOException {
    HandmadeLayer base = base();
    base.sectors(0, "..aa............");
    List<Layer> images = List.of(base, top());
    var chain = new DifferencingChain(images, true, threads, () -> TestChain.CHANGED);
    List<Extent> extents = new ArrayList<>();

    var joined = new JoinedExtents(0, 10, extents::add);
    DiskExtents.of(chain, 0, joined);
    joined.end();

    assertEquals(
        List.of(
            new Extent(0, 2 * SECTOR, 0, true),
            new Extent(2 * SECTOR, 2 * SECTOR, 2, false),
            new Extent(4 * SECTOR, CAPACITY - 4 * SECTOR, 0, true)),
        extents);
    new Guest(chain).close();
  }

  @Test
  void extentsTellWhichLayerHoldsThem() throws IOException {
    HandmadeLayer base = base();
    base.nextFile();
    base.sectors(0, "aaaaaaaaaaaaaaaa");
    base.encoded(1, "abcdefghijklmnop");
    List<Layer> images = List.of(base, top());
    var chain = new DifferencingChain(images, true, threads, () -> TestChain.CHANGED);
    List<Extent> extents = new ArrayList<>();

    var joined = new JoinedExtents(0, 10, extents::add);
    DiskExtents.of(chain, 0, joined);
    joined.end();

    assertEquals(
        List.of(new Extent(0, 2 * BLOCK, 2, false), new Extent(2 * BLOCK, 2 * BLOCK, 0, true)),
        extents);
    new Guest(chain).close();
  }
}
