package dev.varve.io.vhost;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A small disk for fuzzing: it fails if it is asked for what its capacity or the guest's memory
 * does not have, and answers at once or later, as the decisions say. Not thread-safe.
 */
final class FuzzedDisk implements BlockDevice {

  static final int CAPACITY = 64 << 10;
  private static final int MARGIN = 4096;
  private static final byte CANARY = 0x5a;

  /** Requests that wait here at once; the queue lets no more wait than it promises. */
  private static final int MOST_WAITING = 64 << 10;

  private final MemorySegment memory = Arena.ofAuto().allocate(CAPACITY + 2 * MARGIN, 64);
  private final List<DeviceRequest> waiting = new ArrayList<>();
  private Decisions decisions = new Decisions(new byte[0]);
  private FuzzedMemory guest;

  FuzzedDisk(FuzzedMemory guest) {
    this.guest = guest;
    memory.fill(CANARY);
  }

  void begin(Decisions decisions) {
    this.decisions = decisions;
    waiting.clear();
    memory.asSlice(MARGIN, CAPACITY).fill((byte) 1);
  }

  private MemorySegment inside(long offset, long length) {
    if (offset < 0 || length < 0 || offset > CAPACITY - length)
      throw new AssertionError("%d bytes at %d of the disk".formatted(length, offset));
    return memory.asSlice(MARGIN + offset, length);
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    MemorySegment range = inside(offset, length);
    if (decisions.oneIn(4)) return false;
    if (decisions.oneIn(64)) throw new IOException("fuzzed");
    int zeroes = decisions.oneIn(4) ? length / 2 : 0;
    if (zeroes > 0) sink.zeroes(zeroes);
    sink.bytes(range, zeroes, length - zeroes);
    return true;
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment all, long from, long length)
      throws IOException {
    MemorySegment source = all.asSlice(from, length);
    MemorySegment range = inside(offset, source.byteSize());
    guest.check(source);
    if (decisions.oneIn(4)) return false;
    if (decisions.oneIn(64)) throw new IOException("fuzzed");
    range.copyFrom(source);
    return true;
  }

  @Override
  public void submit(DeviceRequest request) {
    inside(request.offset(), request.length());
    if (request.memory().byteSize() > 0) guest.check(request.memory());
    waiting.add(request);
    if (waiting.size() > MOST_WAITING) throw new AssertionError("requests without a bound");
  }

  /** Carries out one request that waits; false if none does. */
  boolean carryOutOne() {
    if (waiting.isEmpty()) return false;
    DeviceRequest request = waiting.remove(decisions.below(waiting.size()));
    if (decisions.oneIn(32)) {
      DeviceRequest.fail(request, new IOException("fuzzed"));
      return true;
    }
    MemorySegment range = inside(request.offset(), request.length());
    switch (request.op()) {
      case READ -> request.memory().copyFrom(range);
      case WRITE -> range.copyFrom(request.memory());
      case DISCARD, WRITE_ZEROES -> range.fill((byte) 0);
      default -> {}
    }
    DeviceRequest.complete(request);
    return true;
  }

  void checkMargins() {
    for (int i = 0; i < MARGIN; i += 8) {
      if (HostMemory.getLong(memory.address() + i) != 0x5a5a5a5a5a5a5a5aL
          || HostMemory.getLong(memory.address() + MARGIN + CAPACITY + i) != 0x5a5a5a5a5a5a5a5aL)
        throw new AssertionError("bytes beside the disk have changed");
    }
  }

  @Override
  public long capacity() {
    return CAPACITY;
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public int blockSize() {
    return 4096;
  }

  @Override
  public Lease lease() {
    return () -> {};
  }

  @Override
  public CompletionStage<Void> close() {
    return CompletableFuture.completedFuture(null);
  }
}
