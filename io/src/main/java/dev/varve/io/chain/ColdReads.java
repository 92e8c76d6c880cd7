package dev.varve.io.chain;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.storage.TaskLane;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Reads that may have to wait for a medium. A few threads keep the medium's queue full: a thread
 * takes all waiting reads, asks the host to prefetch each of them, and only then reads them in
 * turn. A thread for each read would spend more time waking up than reading. Thread-safe.
 */
final class ColdReads {

  /** In bytes. A longer request is served elsewhere, since its batch would wait for it. */
  static final int LONGEST = 1 << 20;

  private static final int THREADS = 2;
  private static final int BATCH = 32;

  private final ChainReader chain;
  private final Consumer<DeviceRequest> serve;
  private final TaskLane lane;

  /** Any thread offers; one storage thread at a time takes. */
  private final MpscUnboundedVarHandleArrayQueue<DeviceRequest> waiting =
      new MpscUnboundedVarHandleArrayQueue<>(64);

  /**
   * @param serve reads and answers one request
   */
  ColdReads(ChainReader chain, StorageThreads threads, Consumer<DeviceRequest> serve) {
    this.chain = chain;
    this.serve = serve;
    this.lane = new TaskLane(threads, THREADS);
  }

  /** Has a storage thread serve {@code request}; never blocks. */
  void submit(DeviceRequest request) {
    waiting.offer(request);
    lane.execute(this::serveBatch);
  }

  /** Does nothing if another thread has taken the waiting requests already. */
  private void serveBatch() {
    List<DeviceRequest> batch = take();
    if (batch.size() > 1) batch.forEach(this::begin);
    batch.forEach(serve);
  }

  private synchronized List<DeviceRequest> take() {
    List<DeviceRequest> batch = new ArrayList<>();
    for (DeviceRequest request = next(batch); request != null; request = next(batch)) {
      batch.add(request);
    }
    return batch;
  }

  private @Nullable DeviceRequest next(List<DeviceRequest> batch) {
    return batch.size() < BATCH ? waiting.poll() : null;
  }

  private void begin(DeviceRequest request) {
    try {
      chain.prefetch(request.offset(), request.length());
    } catch (IOException | RuntimeException | Error e) {
      // The read will fail too, and reports it.
    }
  }
}
