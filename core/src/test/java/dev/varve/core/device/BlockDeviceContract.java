package dev.varve.core.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link BlockDevice} must do. The test of a device extends it and says how to make one.
 */
@Timeout(300)
public abstract class BlockDeviceContract {

  private static final int SECONDS = 30;

  private final Arena arena = Arena.ofShared();
  private BlockDevice device;

  /**
   * A new writable device that reads as zeroes everywhere, holds at least 4 MiB and need not have a
   * capacity that is a multiple of anything.
   */
  protected abstract BlockDevice open() throws Exception;

  /** Whether the device can tell which of its bytes are zero without reading them. */
  protected boolean knowsZeroes() {
    return true;
  }

  @BeforeEach
  void openDevice() throws Exception {
    device = open();
  }

  @AfterEach
  void closeDevice() throws Exception {
    if (device != null) get(device.close().toCompletableFuture());
    arena.close();
  }

  // ---- Contents

  @Test
  void newDeviceReadsAsZeroesFromTheFirstByteToTheLast() throws Exception {
    assertArrayEquals(new byte[10_000], read(0, 10_000));
    assertArrayEquals(new byte[10_000], read(device.capacity() - 10_000, 10_000));
  }

  @Test
  void readsBackWhatWasWritten() throws Exception {
    byte[] data = random(1, 4096);

    write(8192, data);

    assertArrayEquals(data, read(8192, 4096));
    assertArrayEquals(new byte[4096], read(4096, 4096));
    assertArrayEquals(new byte[4096], read(12_288, 4096));
  }

  @Test
  void writesAtOddOffsetsChangeNothingBesideThem() throws Exception {
    write(0, filled(10_000, 'a'));

    write(3001, filled(999, 'b'));

    byte[] expected = filled(10_000, 'a');
    Arrays.fill(expected, 3001, 4000, (byte) 'b');
    assertArrayEquals(expected, read(0, 10_000));
  }

  @Test
  void writesAcrossBlocksReadBackWhole() throws Exception {
    int length = (int) Math.min(2L * device.blockSize() + 100, device.capacity() - 50);
    byte[] data = random(2, length);

    write(50, data);

    assertArrayEquals(data, read(50, length));
  }

  @Test
  void lastByteCanBeWrittenAndRead() throws Exception {
    write(device.capacity() - 1, new byte[] {42});

    assertArrayEquals(new byte[] {0, 42}, read(device.capacity() - 2, 2));
  }

  @Test
  void submittedRequestsSeeWhatWasWrittenInPlaceAndTheReverse() throws Exception {
    submitWrite(5000, filled(3000, 'x'), false);
    assertArrayEquals(filled(3000, 'x'), read(5000, 3000));

    write(6000, filled(1000, 'y'));
    byte[] expected = filled(3000, 'x');
    Arrays.fill(expected, 1000, 2000, (byte) 'y');
    assertArrayEquals(expected, submitRead(5000, 3000));
  }

  @Test
  void fuaWriteReadsBack() throws Exception {
    submitWrite(0, filled(512, 'f'), true);

    assertArrayEquals(filled(512, 'f'), read(0, 512));
  }

  @Test
  void emptyRequestsSucceedAndDoNothing() throws Exception {
    write(device.capacity(), new byte[0]);
    get(device.discard(0, 0).toCompletableFuture());
    submit(request -> request.writeZeroes(device.capacity(), 0, false, false));

    assertArrayEquals(new byte[0], submitRead(0, 0));
  }

  @Test
  void randomRequestsAgreeWithAPlainByteArray() throws Exception {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    int size = (int) Math.min(device.capacity(), 4 << 20);
    byte[] model = new byte[size];
    for (int i = 0; i < 300; i++) {
      int offset = random.nextInt(size);
      int length = random.nextInt(Math.min(size - offset, random.nextBoolean() ? 9000 : 1 << 20));
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          byte[] data = random(random.nextLong(), length);
          System.arraycopy(data, 0, model, offset, length);
          if (random.nextBoolean()) write(offset, data);
          else submitWrite(offset, data, random.nextInt(8) == 0);
        }
        case 2 -> {
          Arrays.fill(model, offset, offset + length, (byte) 0);
          get(device.discard(offset, length).toCompletableFuture());
        }
        case 3 -> {
          Arrays.fill(model, offset, offset + length, (byte) 0);
          boolean keepsSpace = random.nextBoolean();
          submit(request -> request.writeZeroes(offset, length, keepsSpace, false));
        }
        case 4 -> get(device.flush().toCompletableFuture());
        default -> {
          byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
          byte[] actual = random.nextBoolean() ? read(offset, length) : submitRead(offset, length);
          assertArrayEquals(expected, actual, () -> "seed " + seed + ", offset " + offset);
        }
      }
    }
    assertArrayEquals(model, read(0, size), () -> "seed " + seed);
  }

  // ---- Zeroes, discard, cache, flush

  @Test
  void discardedRangeReadsAsZeroesAndItsNeighboursAreKept() throws Exception {
    int block = device.blockSize();
    int length = (int) Math.min(3L * block, device.capacity());
    write(0, filled(length, 'd'));

    get(device.discard(100, length - 200).toCompletableFuture());

    byte[] expected = new byte[length];
    Arrays.fill(expected, 0, 100, (byte) 'd');
    Arrays.fill(expected, length - 100, length, (byte) 'd');
    assertArrayEquals(expected, read(0, length));
  }

  @Test
  void zeroedRangeReadsAsZeroesWithAndWithoutSpace() throws Exception {
    write(0, filled(20_000, 'z'));

    submit(request -> request.writeZeroes(1000, 2000, false, false));
    submit(request -> request.writeZeroes(5000, 9000, true, true));

    byte[] expected = filled(20_000, 'z');
    Arrays.fill(expected, 1000, 3000, (byte) 0);
    Arrays.fill(expected, 5000, 14_000, (byte) 0);
    assertArrayEquals(expected, read(0, 20_000));
  }

  @Test
  void wholeDeviceCanBeZeroedAndWrittenAgain() throws Exception {
    write(4096, filled(4096, 'w'));

    submit(request -> request.writeZeroes(0, device.capacity(), false, false));
    assertArrayEquals(new byte[4096], read(4096, 4096));

    write(4096, filled(4096, 'v'));
    assertArrayEquals(filled(4096, 'v'), read(4096, 4096));
  }

  @Test
  void cacheChangesNothing() throws Exception {
    write(0, filled(4096, 'c'));

    submit(request -> request.cache(0, Math.min(device.capacity(), 1 << 20)));

    assertArrayEquals(filled(4096, 'c'), read(0, 4096));
  }

  @Test
  void flushCompletesWithAndWithoutWritesBefore() throws Exception {
    get(device.flush().toCompletableFuture());
    write(0, filled(4096, 'f'));
    get(device.flush().toCompletableFuture());

    assertArrayEquals(filled(4096, 'f'), read(0, 4096));
  }

  // ---- Extents

  @Test
  void extentsCoverTheRangeAndDataIsNotCalledZero() throws Exception {
    long middle = device.capacity() / 2 / device.blockSize() * device.blockSize();
    write(middle, filled(4096, 'e'));

    List<Extent> extents = extents(0, device.capacity());

    assertEquals(device.capacity(), extents.stream().mapToLong(Extent::length).sum());
    assertFalse(at(extents, middle).zero());
    assertTrue(at(extents, middle).depth() >= 1);
    assertTrue(extents.stream().allMatch(e -> e.length() > 0));
    assertTrue(extents.stream().allMatch(e -> e.depth() > 0 || e.zero()));
  }

  @Test
  void extentsOfAPartBeginAndEndWithIt() throws Exception {
    write(0, filled(8192, 'e'));

    assertEquals(5000, extents(1000, 5000).stream().mapToLong(Extent::length).sum());
    assertEquals(1, extents(device.capacity() - 1, 1).stream().mapToLong(Extent::length).sum());
  }

  @Test
  void whatWasZeroedIsCalledZero() throws Exception {
    assumeTrue(knowsZeroes(), "the device keeps no account of zeroes");
    write(0, filled(2 * device.blockSize(), 'e'));

    submit(request -> request.writeZeroes(0, device.blockSize(), false, false));

    assertTrue(at(extents(0, 2L * device.blockSize()), 0).zero());
  }

  @Test
  void extentsStopWhenTheSinkHasHeardEnough() throws Exception {
    write(0, filled(4096, 'e'));
    var heard = new ArrayList<Long>();

    submit(
        request ->
            request.extents(
                0,
                device.capacity(),
                (length, _, _) -> {
                  heard.add(length);
                  return false;
                }));

    assertEquals(1, heard.size());
  }

  // ---- Threads

  @Test
  void overlappingRequestsFromManyThreadsLeaveOneOfTheirContents() throws Exception {
    int sector = 512;
    var threads = new ArrayList<Thread>();
    var failures = new ArrayList<Throwable>();
    for (int t = 0; t < 4; t++) {
      byte[] data = filled(sector, 'A' + t);
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, e) -> failures.add(e))
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < 200; i++) write((i % 16) * (long) sector, data);
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  }));
    }
    for (Thread thread : threads) thread.join();

    assertEquals(List.of(), failures);
    byte[] contents = read(0, 16 * sector);
    for (int i = 0; i < 16; i++) {
      byte first = contents[i * sector];
      assertTrue(first >= 'A' && first < 'A' + 4, "sector " + i + " holds " + first);
    }
  }

  @Test
  void manyRequestsInFlightAllComplete() throws Exception {
    var all = new ArrayList<CompletableFuture<Void>>();
    for (int i = 0; i < 200; i++) {
      var request = new Completion();
      long offset = i * 4096L;
      if (i % 3 == 0) request.flush();
      else request.write(offset, memory(filled(4096, i)), false);
      device.submit(request);
      all.add(request.future);
    }

    for (CompletableFuture<Void> future : all) get(future);

    assertArrayEquals(filled(4096, 100), read(100 * 4096L, 4096));
  }

  // ---- Leases

  @Test
  void memoryUnderALeaseIsKeptWhenTheDeviceIsClosed() throws Exception {
    write(0, filled(4096, 'l'));
    var runs = new ArrayList<MemorySegment>();
    BlockDevice.Lease lease = device.lease();
    boolean hot = device.tryRead(0, 4096, new Keep(runs));

    CompletableFuture<Void> closed = device.close().toCompletableFuture();
    var bytes = new java.io.ByteArrayOutputStream();
    for (MemorySegment run : runs) bytes.write(run.toArray(ValueLayout.JAVA_BYTE));
    lease.release();
    get(closed);

    if (hot) assertArrayEquals(filled(4096, 'l'), bytes.toByteArray());
  }

  @Test
  void memoryUnderALeaseIsNotReusedForOtherContents() throws Exception {
    int block = device.blockSize();
    write(0, filled(block, 'l'));
    var runs = new ArrayList<MemorySegment>();
    BlockDevice.Lease lease = device.lease();
    boolean hot = device.tryRead(0, 4096, new Keep(runs));

    get(device.discard(0, block).toCompletableFuture());
    get(device.flush().toCompletableFuture());
    write(block, filled(block, 'm'));

    if (hot) {
      for (MemorySegment run : runs) {
        for (byte b : run.toArray(ValueLayout.JAVA_BYTE))
          assertTrue(b == 'l' || b == 0, "holds " + b);
      }
    }
    lease.release();
  }

  // ---- The end

  @Test
  void requestsAfterCloseFail() throws Exception {
    get(device.close().toCompletableFuture());

    assertThrows(DeviceClosedException.class, () -> device.lease());
    assertThrows(DeviceClosedException.class, () -> read(0, 512));
    assertThrows(DeviceClosedException.class, () -> write(0, new byte[512]));
    assertThrows(DeviceClosedException.class, () -> submitRead(0, 512));
    assertThrows(DeviceClosedException.class, () -> submitWrite(0, new byte[512], false));
    assertThrows(DeviceClosedException.class, () -> get(device.flush().toCompletableFuture()));
    assertThrows(DeviceClosedException.class, () -> extents(0, 512));
  }

  @Test
  void closingWithRequestsInFlightAnswersEachOfThem() throws Exception {
    var all = new ArrayList<CompletableFuture<Void>>();
    for (int i = 0; i < 50; i++) {
      var request = new Completion();
      request.write(i * 4096L, memory(filled(4096, i)), false);
      device.submit(request);
      all.add(request.future);
    }

    get(device.close().toCompletableFuture());

    for (CompletableFuture<Void> future : all) {
      try {
        get(future);
      } catch (IOException e) {
        assertInstanceOf(DeviceClosedException.class, e);
      }
    }
  }

  @Test
  void closingTwiceIsOneClose() throws Exception {
    CompletableFuture<Void> first = device.close().toCompletableFuture();
    CompletableFuture<Void> second = device.close().toCompletableFuture();

    get(first);
    get(second);
  }

  // ---- Asking

  /** Reads as a program does: in place if possible, else on a storage thread. */
  protected final byte[] read(long offset, int length) throws IOException {
    MemorySegment memory = arena.allocate(Math.max(1, length)).asSlice(0, length);
    get(device.read(offset, memory).toCompletableFuture());
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  protected final void write(long offset, byte[] data) throws IOException {
    get(device.write(offset, memory(data)).toCompletableFuture());
  }

  private byte[] submitRead(long offset, int length) throws IOException {
    MemorySegment memory = arena.allocate(Math.max(1, length)).asSlice(0, length);
    submit(request -> request.read(offset, memory));
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  private void submitWrite(long offset, byte[] data, boolean fua) throws IOException {
    MemorySegment memory = memory(data);
    submit(request -> request.write(offset, memory, fua));
  }

  private List<Extent> extents(long offset, long length) throws IOException {
    var extents = new ArrayList<Extent>();
    submit(
        request ->
            request.extents(
                offset,
                length,
                (n, depth, zero) -> {
                  extents.add(new Extent(n, depth, zero));
                  return true;
                }));
    return extents;
  }

  private static Extent at(List<Extent> extents, long offset) {
    for (Extent extent : extents) {
      if (offset < extent.length()) return extent;
      offset -= extent.length();
    }
    throw new AssertionError("no extent at " + offset + " beyond the last");
  }

  private void submit(Consumer<DeviceRequest> setUp) throws IOException {
    var request = new Completion();
    setUp.accept(request);
    device.submit(request);
    get(request.future);
  }

  private MemorySegment memory(byte[] data) {
    MemorySegment memory = arena.allocate(Math.max(1, data.length)).asSlice(0, data.length);
    MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_BYTE, 0, data.length);
    return memory;
  }

  private static <T> T get(CompletableFuture<T> future) throws IOException {
    try {
      return future.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) throw cause;
      throw new AssertionError(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("not completed within " + SECONDS + " seconds", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private record Extent(long length, int depth, boolean zero) {}

  private static final class Completion extends DeviceRequest {
    final CompletableFuture<Void> future = new CompletableFuture<>();

    @Override
    protected void completed() {
      if (!future.complete(null)) throw new AssertionError("completed twice");
    }

    @Override
    protected void failed(IOException cause) {
      if (!future.completeExceptionally(cause)) throw new AssertionError("failed after its end");
    }
  }

  private record Keep(List<MemorySegment> runs) implements ReadSink {
    @Override
    public boolean keepsReferences() {
      return true;
    }

    @Override
    public void bytes(MemorySegment memory, long offset, int length) {
      runs.add(memory.asSlice(offset, length));
    }

    @Override
    public void zeroes(int length) {}
  }
}
