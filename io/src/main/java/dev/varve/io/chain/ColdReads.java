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
 * Reads that may have to wait for a medium. A few threads keep its queue full: each takes all reads
 * that have gathered, asks the host to begin with every one of them, and only then reads them in
 * turn. A thread for each read would spend more time on being woken than the read takes.
 */
final class ColdReads {

  /** A longer request, in bytes, is better served elsewhere: its batch would wait for it. */
  static final int LONGEST = 1 << 20;

  private static final int THREADS = 2;
  private static final int BATCH = 32;

  private final ChainReader chain;
  private final Consumer<DeviceRequest> serve;
  private final TaskLane lane;

  /** Anybody offers; of the threads, one at a time takes. */
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

  /** Serves {@code request} on a storage thread; never blocks. */
  void submit(DeviceRequest request) {
    waiting.offer(request);
    lane.execute(this::serveBatch);
  }

  /**
   * Finds nothing to do if another thread has taken the request that it was asked for with its own.
   */
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
    } catch (IOException e) {
      // It will fail again when it is read, and then somebody is told.
    }
  }
}
