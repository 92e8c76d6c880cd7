package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.varve.io.chain.InterceptedFile.Call;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.Loss;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that overtake each other at the worst moment, one situation each. */
class RacingRequestsTest {

  private static final int BLOCK = 16 << 10;
  private static final int PAGE = 4096;

  @AutoClose private static final StorageThreads threads = new StorageThreads(8);

  private final Gate gate = new Gate();
  private CrashingDisk disk;
  private TestChain images;
  private DifferencingChain chain;
  private Guest guest;

  /** A base full of 'p' under an empty top image. */
  @BeforeEach
  void open() throws IOException {
    disk = new CrashingDisk(1);
    images =
        TestChain.overFilledBase(
            disk,
            TestImage.of(8 * BLOCK).blockSize(BLOCK),
            8 * BLOCK,
            TestImage.of(8 * BLOCK).blockSize(BLOCK),
            threads);
    chain = images.open(threads, gate);
    guest = new Guest(chain);
  }

  @AfterEach
  void close() throws IOException {
    gate.open();
    guest.close();
    images.raw().assertDense();
    disk.close();
  }

  @Test
  void writeThatADiscardOvertakesDoesNotComeBack() throws Exception {
    guest.write(0, Guest.filled(BLOCK, 'a'));
    guest.flush();

    gate.shut(Call.WRITE, 0, false);
    CompletableFuture<Void> slow = background(() -> guest.write(PAGE, Guest.filled(PAGE, 'b')));
    gate.awaitArrival();
    guest.discard(0, BLOCK);
    CompletableFuture<Void> flushed = guest.submit(request -> request.flush());
    giveTime(flushed); // empties the place, if nothing prevents it
    guest.write(BLOCK, Guest.filled(BLOCK, 'c'));
    gate.open();
    slow.join();
    Guest.await(flushed);

    assertArrayEquals(Guest.filled(BLOCK, 'c'), guest.read(BLOCK, BLOCK));
    assertArrayEquals(Guest.filled(BLOCK, 0), guest.read(0, BLOCK));
    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(Guest.filled(BLOCK, 0), later.read(0, BLOCK));
      later.close();
    }
  }

  @Test
  void writeIntoABlockThatIsJustFoundEmptyIsKept() throws Exception {
    guest.write(0, Guest.filled(BLOCK, 'a'));
    guest.discard(PAGE, BLOCK - PAGE);

    gate.shut(Call.NEXT_DATA, 1, true); // it looks once more when no more writes can begin
    CompletableFuture<Void> discarded = guest.submit(request -> request.discard(0, PAGE, false));
    gate.awaitArrival();
    CompletableFuture<Void> written = background(() -> guest.write(PAGE, Guest.filled(PAGE, 'b')));
    giveTime(written);
    gate.open();
    Guest.await(discarded);
    written.join();

    assertArrayEquals(Guest.filled(PAGE, 'b'), guest.read(PAGE, PAGE));
    assertArrayEquals(Guest.filled(PAGE, 0), guest.read(0, PAGE));
  }

  @Test
  void writeThatBeganBeforeABlockWasFoundEmptyIsKept() throws Exception {
    guest.write(0, Guest.filled(BLOCK, 'a'));
    guest.discard(PAGE, BLOCK - PAGE);

    gate.shut(Call.WRITE, 0, false);
    CompletableFuture<Void> written = background(() -> guest.write(PAGE, Guest.filled(PAGE, 'b')));
    gate.awaitArrival();
    CompletableFuture<Void> discarded = guest.submit(request -> request.discard(0, PAGE, false));
    giveTime(discarded);
    gate.open();
    Guest.await(discarded);
    written.join();

    assertArrayEquals(Guest.filled(PAGE, 'b'), guest.read(PAGE, PAGE));
    assertArrayEquals(Guest.filled(PAGE, 0), guest.read(0, PAGE));
  }

  @Test
  void requestsDoNotWaitWhileACommitCopiesABlock() throws Exception {
    guest.write(0, Guest.filled(PAGE, 'a'));

    gate.shut(Call.WRITE, 0, false);
    CompletableFuture<Void> flushed = guest.submit(request -> request.flush());
    gate.awaitArrival();
    assertFalse(chain.tryWrite(0, Guest.memory(Guest.filled(PAGE, 'b'))));
    assertArrayEquals(Guest.filled(PAGE, 'p'), guest.read(PAGE, PAGE));
    assertArrayEquals(Guest.filled(PAGE, 'a'), guest.read(0, PAGE));
    guest.write(BLOCK, Guest.filled(PAGE, 'c'));
    CompletableFuture<Void> written = guest.submitWrite(PAGE, Guest.filled(PAGE, 'b'), false);
    gate.open();
    Guest.await(flushed);
    Guest.await(written);

    assertArrayEquals(Guest.filled(PAGE, 'b'), guest.read(PAGE, PAGE));
    assertArrayEquals(Guest.filled(PAGE, 'a'), guest.read(0, PAGE));
    assertArrayEquals(Guest.filled(PAGE, 'p'), guest.read(2 * PAGE, PAGE));
  }

  @Test
  void writeDuringACommitBelongsToTheNext() throws Exception {
    guest.write(0, Guest.filled(BLOCK, 'a'));

    gate.shut(Call.SYNC, 1, true); // the entries are durable, and not forgotten yet
    CompletableFuture<Void> flushed = guest.submit(request -> request.flush());
    gate.awaitArrival();
    guest.write(BLOCK, Guest.filled(BLOCK, 'b'));
    guest.discard(0, BLOCK);
    gate.open();
    Guest.await(flushed);
    guest.flush();

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(Guest.filled(BLOCK, 0), later.read(0, BLOCK));
      assertArrayEquals(Guest.filled(BLOCK, 'b'), later.read(BLOCK, BLOCK));
      later.close();
    }
  }

  @Test
  void commitCountsNoPlaceOfABlockThatIsBeingWritten() throws Exception {
    guest.write(0, Guest.filled(BLOCK, 'a'));

    gate.shut(Call.WRITE, 0, true); // it has its place, and the block map does not name it yet
    CompletableFuture<Void> written = guest.submitWrite(BLOCK, Guest.filled(BLOCK, 'b'), false);
    gate.awaitArrival();
    CompletableFuture<Void> flushed = guest.submit(request -> request.flush());
    giveTime(flushed);
    gate.open();
    Guest.await(written);
    Guest.await(flushed);

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      new TestChain(found, 2).raw().assertCounted();
    }
  }

  @Test
  void commitCountsNoBlockThatGotItsPlaceWhileItCopied() throws Exception {
    guest.write(0, Guest.filled(PAGE, 'a'));

    gate.shut(Call.WRITE, 0, false); // copies what block 0 lacks
    CompletableFuture<Void> flushed = guest.submit(request -> request.flush());
    gate.awaitArrival();
    guest.write(BLOCK, Guest.filled(PAGE, 'b'));
    guest.write(2 * BLOCK, Guest.filled(BLOCK, 'c'));
    gate.open();
    Guest.await(flushed);

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      assertEquals(1, new TestChain(found, 2).raw().assertCounted().count());
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(Guest.filled(PAGE, 'a'), later.read(0, PAGE));
      assertArrayEquals(Guest.filled(PAGE, 'p'), later.read(PAGE, PAGE));
      later.close();
    }
    guest.flush();
    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      assertEquals(3, new TestChain(found, 2).raw().assertCounted().count());
    }
  }

  @Test
  void blockThatIsWrittenWhileACommitEmptiesItsPlaceIsKept() throws Exception {
    guest.write(0, Guest.filled(2 * BLOCK, 'a'));
    guest.flush();
    guest.discard(0, 2 * BLOCK);

    gate.shut(Call.PUNCH, 0, false);
    CompletableFuture<Void> flushed = guest.submit(request -> request.flush());
    gate.awaitArrival();
    CompletableFuture<Void> first = guest.submitWrite(0, Guest.filled(BLOCK, 'b'), false);
    giveTime(first);
    gate.open();
    Guest.await(flushed);
    Guest.await(first);
    guest.write(BLOCK, Guest.filled(PAGE, 'c'));

    assertArrayEquals(Guest.filled(BLOCK, 'b'), guest.read(0, BLOCK));
    assertArrayEquals(Guest.filled(PAGE, 'c'), guest.read(BLOCK, PAGE));
    assertArrayEquals(Guest.filled(PAGE, 0), guest.read(BLOCK + PAGE, PAGE));
  }

  @Test
  void closeWaitsForAWriteInPlaceThatHasBegun() throws Exception {
    guest.write(0, Guest.filled(BLOCK, 'a'));

    gate.shut(Call.WRITE, 0, false);
    CompletableFuture<Void> written = background(() -> guest.write(0, Guest.filled(PAGE, 'b')));
    gate.awaitArrival();
    CompletableFuture<Void> closed = chain.close().toCompletableFuture();
    giveTime(closed);
    gate.open();
    written.join();
    Guest.await(closed);

    var later = new Guest(images.open(threads));
    assertArrayEquals(Guest.filled(PAGE, 'b'), later.read(0, PAGE));
    later.close();
  }

  /** What may fail. */
  private interface Work {
    void run() throws IOException;
  }

  private static CompletableFuture<Void> background(Work work) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            work.run();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        task -> Thread.ofPlatform().start(task));
  }

  /** Lets something happen that must not, if it can: the test holds however long this takes. */
  private static void giveTime(CompletableFuture<Void> answer) throws Exception {
    try {
      answer.get(50, TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      // it is held up, as it should be
    }
  }
}
