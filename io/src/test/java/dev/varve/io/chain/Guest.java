package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Uses a disk as a guest does, and waits for each answer, but not forever. */
final class Guest {

  private static final int PATIENCE_SECONDS = 60;

  private final BlockDevice device;

  Guest(BlockDevice device) {
    this.device = device;
  }

  /** In place if possible, else on a storage thread. */
  byte[] read(long offset, int length) throws IOException {
    MemorySegment memory = memory(length);
    await(device.read(offset, memory));
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  byte[] readAll() throws IOException {
    return read(0, Math.toIntExact(device.capacity()));
  }

  /** In place if possible, else on a storage thread. */
  void write(long offset, byte[] data) throws IOException {
    await(device.write(offset, memory(data)));
  }

  void writeDurably(long offset, byte[] data) throws IOException {
    await(submitWrite(offset, data, true));
  }

  void discard(long offset, long length) throws IOException {
    await(device.discard(offset, length));
  }

  void writeZeroes(long offset, long length, boolean keepsSpace) throws IOException {
    await(submit(request -> request.writeZeroes(offset, length, keepsSpace, false)));
  }

  void cache(long offset, long length) throws IOException {
    await(submit(request -> request.cache(offset, length)));
  }

  void flush() throws IOException {
    await(device.flush());
  }

  void close() throws IOException {
    await(device.close());
  }

  CompletableFuture<Void> beginClose() {
    return device.close().toCompletableFuture();
  }

  CompletableFuture<Void> submitWrite(long offset, byte[] data, boolean fua) {
    MemorySegment memory = memory(data);
    return submit(request -> request.write(offset, memory, fua));
  }

  /** Goes to a storage thread, and does not wait. */
  CompletableFuture<Void> submit(Consumer<DeviceRequest> setUp) {
    var request = new Asked();
    setUp.accept(request);
    device.submit(request);
    return request.answer;
  }

  /** Waits for an answer; its failure is thrown. */
  static void await(CompletionStage<Void> answer) throws IOException {
    try {
      answer.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) throw failure;
      throw new AssertionError("not answered as promised", e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("no answer within " + PATIENCE_SECONDS + " seconds", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static MemorySegment memory(int length) {
    return Arena.ofAuto().allocate(Math.max(1, length)).asSlice(0, length);
  }

  static MemorySegment memory(byte[] data) {
    MemorySegment memory = memory(data.length);
    MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_BYTE, 0, data.length);
    return memory;
  }

  /** A request that must be answered once. */
  private static final class Asked extends DeviceRequest {
    final CompletableFuture<Void> answer = new CompletableFuture<>();

    @Override
    protected void completed() {
      if (!answer.complete(null)) throw new AssertionError("answered twice");
    }

    @Override
    protected void failed(IOException cause) {
      if (!answer.completeExceptionally(cause)) throw new AssertionError("answered twice", cause);
    }
  }
}
