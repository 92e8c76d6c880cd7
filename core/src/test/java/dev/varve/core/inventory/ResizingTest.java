package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.CAPACITY;
import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.sata;
import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.E_OUTOFMEMORY;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.medium.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hard disks that become larger. */
class ResizingTest {

  private static final long LARGER = 2 * CAPACITY;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MediumId disk;
  private MachineId machine;

  @BeforeEach
  void machine() throws IOException {
    bench = new Bench(folder);
    disk = bench.disk("disk");
    machine = bench.machine("mail", disk);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  @Test
  void diskIsAsLargeAsWantedAndKeepsItsContents() throws IOException {
    bench.write(disk, 0, "data");

    bench.inventory.resizeMedium(disk, LARGER);

    assertEquals(LARGER, bench.medium(disk).capacity());
    assertEquals("data", bench.read(disk, 0));
    bench.reopen();
    bench.inventory.refreshState(disk);
    assertEquals(LARGER, bench.medium(disk).capacity());
  }

  @Test
  void settingsFileSaysNothingOfTheSizeAndStaysAsItWas() throws IOException {
    Path settings = bench.machine(machine).saved().settingsFile();
    String before = Files.readString(settings);

    bench.inventory.resizeMedium(disk, LARGER);

    assertEquals(before, Files.readString(settings));
  }

  @Test
  void sizeThatItHasAlreadyIsNoMistake() {
    bench.inventory.resizeMedium(disk, CAPACITY);

    assertEquals(CAPACITY, bench.medium(disk).capacity());
  }

  @Test
  void machineStartsWithTheLargerDisk() {
    bench.inventory.resizeMedium(disk, LARGER);

    bench.inventory.start(machine);

    assertEquals(1, bench.disks.of(machine).size());
    assertRefused(disk, 3 * CAPACITY, VBOX_E_INVALID_OBJECT_STATE, "machine 'mail' holds it");
    bench.inventory.powerDown(machine);
    bench.inventory.resizeMedium(disk, 3 * CAPACITY);
  }

  @Test
  void diskIsNeverCut() {
    assertRefused(disk, CAPACITY - 512, VBOX_E_NOT_SUPPORTED, "a disk can only grow");
  }

  @Test
  void sizesThatNoDiskHasAreRefused() {
    assertRefused(disk, CAPACITY + 1, VBOX_E_NOT_SUPPORTED, "choose " + (CAPACITY + 512));
    assertRefused(disk, 0, E_INVALIDARG, "holds nothing");
    assertRefused(disk, -512, E_INVALIDARG, "holds nothing");
    assertRefused(disk, 9L << 40, VBOX_E_NOT_SUPPORTED, "8 TiB");
  }

  @Test
  void fixedDiskNeedsItsSpaceAtOnce() {
    MediumId fixed = bench.disk("fixed", MediumType.NORMAL, MediumVariant.FIXED);
    bench.contents.room = new Room(CAPACITY, Room.UNKNOWN, false);

    assertRefused(fixed, LARGER, E_OUTOFMEMORY, "no space");
    bench.inventory.resizeMedium(disk, LARGER);
  }

  @Test
  void topOfAChainGrowsAndWhatItBuildsOnDoesNot() throws IOException {
    bench.write(disk, 0, "base");
    String session = bench.lock(machine);
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.unlock(session);
    MediumId top = bench.attached(machine, 0);

    assertRefused(disk, LARGER, VBOX_E_OBJECT_IN_USE, "1 image builds on it, ");
    assertRefused(disk, LARGER, VBOX_E_OBJECT_IN_USE, bench.medium(top).name());
    bench.inventory.resizeMedium(top, LARGER);

    assertEquals(LARGER, bench.medium(top).capacity());
    assertEquals(CAPACITY, bench.medium(disk).capacity());
    assertEquals("base", bench.read(top, 0));
  }

  @Test
  void diskThatASnapshotKeepsStaysAsItIs() {
    String session = bench.lock(machine);
    bench.inventory.takeSnapshot(session, "S1", "");
    MediumId top = bench.attached(machine, 0);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    bench.inventory.deleteStorage(top);

    assertRefused(disk, LARGER, VBOX_E_OBJECT_IN_USE, "a snapshot keeps it");
  }

  @Test
  void diskThatASavedMemoryKnowsStaysAsItIs() throws IOException {
    bench.saveMemory(machine, "mail.sav");

    assertRefused(disk, LARGER, VBOX_E_INVALID_VM_STATE, "discard-state");
  }

  @Test
  void diskThatIsHeldStaysAsItIs() {
    String lock = bench.inventory.lockMedium(disk, false, Hold.Holder.THIS_PROGRAM);

    assertRefused(disk, LARGER, VBOX_E_INVALID_OBJECT_STATE, "holds it for reading");
    bench.inventory.abandonLock(lock);
    bench.inventory.resizeMedium(disk, LARGER);
  }

  @Test
  void imageThatAttachingMadeIsSavedFirst() {
    MediumId immutable = bench.disk("immutable", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    String session = bench.lock(machine);
    bench.attach(session, 1, immutable);
    MediumId made = bench.attached(machine, 1);

    assertRefused(made, LARGER, VBOX_E_INVALID_OBJECT_STATE, "save the session first");
    bench.inventory.save(session);
    bench.inventory.resizeMedium(made, LARGER);
  }

  @Test
  void discsAreNotResized() throws IOException {
    assertRefused(bench.dvd("disc"), LARGER, VBOX_E_NOT_SUPPORTED, "only hard disks");
  }

  @Test
  void sizeThatAnotherProgramChangedIsSeen() throws IOException {
    bench.contents.grow(ImageChain.of(List.of(bench.medium(disk))), 4 * CAPACITY);

    assertRefused(disk, LARGER, VBOX_E_NOT_SUPPORTED, "a disk can only grow");
  }

  /** The message says why, and the file is as it was. */
  private void assertRefused(MediumId medium, long capacity, ErrorCode code, String why) {
    try {
      Path file = bench.medium(medium).location();
      byte[] before = Files.readAllBytes(file);

      ModelException refused = refusal(() -> bench.inventory.resizeMedium(medium, capacity));

      assertEquals(code, refused.code(), refused.getMessage());
      assertTrue(refused.getMessage().contains(why), refused.getMessage());
      assertArrayEquals(before, Files.readAllBytes(file));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
