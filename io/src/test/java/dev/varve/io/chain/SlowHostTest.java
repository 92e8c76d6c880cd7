package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A write does not return, as on a file system that is frozen. */
@Timeout(300)
class SlowHostTest {

  private static final int BLOCK = 4096;
  private static final int BLOCKS = 64;
  private static final int PATIENCE_SECONDS = 30;

  private final StorageThreads threads = new StorageThreads(4);
  private final Gate gate = new Gate();
  private final List<CrashingDisk> disks = new ArrayList<>();

  @BeforeEach
  void create() throws IOException {
    for (int i = 0; i < 5; i++) {
      var disk = new CrashingDisk(i);
      TestChain.create(disk, 0, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
      disks.add(disk);
    }
  }

  @AfterEach
  void remove() throws IOException {
    gate.open();
    threads.close();
    for (CrashingDisk disk : disks) disk.close();
  }

  private TestChain image(int disk) {
    return new TestChain(disks.get(disk), 1);
  }

  @Test
  void noMoreEventLoopsWriteToADiskWhoseLastWriteDoesNotReturn() throws Exception {
    var disk = image(0).open(threads, gate);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(4 * BLOCK, 'a'));
    MemorySegment data = Guest.memory(Guest.filled(BLOCK, 'b'));
    gate.shut(InterceptedFile.Call.WRITE, 0, false);
    var stuck = CompletableFuture.supplyAsync(() -> wrote(disk, 0, data));
    gate.awaitArrival();

    until(() -> !wrote(disk, BLOCK, data));
    assertArrayEquals(Guest.filled(2 * BLOCK, 'a'), guest.read(2 * BLOCK, 2 * BLOCK));
    var later = guest.submitWrite(2 * BLOCK, Guest.filled(BLOCK, 'c'), false);
    Guest.await(later); // this one the host does not keep waiting

    gate.open();
    assertTrue(stuck.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    until(() -> wrote(disk, BLOCK, data)); // it is fast again
    guest.close();
  }

  @Test
  void disksWhoseRequestsAllHangLeaveThreadsToAnother() throws Exception {
    List<Guest> hanging = new ArrayList<>();
    List<CompletableFuture<Void>> answers = new ArrayList<>();
    try (var hang = new Hang()) {
      for (int i = 1; i < disks.size(); i++) hanging.add(new Guest(image(i).open(threads, hang)));
      hang.begin();
      for (Guest guest : hanging) {
        for (int block = 0; block < BLOCKS; block++) {
          byte[] data = Guest.filled(BLOCK, 'a');
          answers.add(guest.submitWrite((long) block * BLOCK, data, true));
        }
      }
      var other = new Guest(image(0).open(threads));

      other.writeDurably(0, Guest.filled(8 * BLOCK, 'b'));
      assertArrayEquals(Guest.filled(8 * BLOCK, 'b'), other.read(0, 8 * BLOCK));
      other.flush();
      other.close();

      assertFalse(answers.stream().anyMatch(CompletableFuture::isDone));
    }
    for (CompletableFuture<Void> answer : answers) Guest.await(answer);
    for (Guest guest : hanging) guest.close();
  }

  private static boolean wrote(DifferencingChain disk, long offset, MemorySegment data) {
    try {
      return disk.tryWrite(offset, data);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "it does not come true");
      Thread.onSpinWait();
    }
  }
}
