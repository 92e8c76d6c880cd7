package dev.varve.core.limit;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Flows that compete, and whose turn it is: the one that was served least. This is start-time fair
 * queueing: each request begins, on a virtual clock, where its flow's last one ended, and the one
 * that begins first goes first. The clock shows where the request that passed last began; a flow
 * that comes anew, or after a pause, begins there, so it is served next and has saved up nothing.
 *
 * <p>Flows with waiting requests are kept in a binary heap. Of flows that begin together the
 * newcomer goes first, and the flow that was just served goes last. Guarded by the group's lock.
 */
final class FairQueue {

  /** Bounds what a price of years adds, so that starts can be told apart by their difference. */
  private static final long LONGEST_SERVICE = 1L << 56;

  private Flow[] heap = new Flow[4];
  private int size;
  private long clock;

  boolean isEmpty() {
    return size == 0;
  }

  long clock() {
    return clock;
  }

  /** The flow whose turn it is, or null if none waits. */
  @Nullable Flow first() {
    return size == 0 ? null : heap[0];
  }

  /** Adds a request; a queue that was empty begins no earlier than {@code atLeast}. */
  void add(Flow flow, Waiting request, long atLeast) {
    if (size == 0 && clock - atLeast < 0) clock = atLeast;
    if (flow.isEmpty()) {
      catchUp(flow);
      if (size == heap.length) heap = Arrays.copyOf(heap, 2 * size);
      up(size++, flow);
    }
    flow.add(request);
  }

  /** Takes the first flow's first request, which was served for {@code nanos}. */
  Waiting pass(long nanos) {
    Flow flow = heap[0];
    Waiting request = flow.remove();
    serve(flow, nanos);
    if (flow.isEmpty()) {
      Flow moved = heap[--size];
      if (size > 0) down(0, moved);
    } else {
      down(0, flow);
    }
    return request;
  }

  /** A request of {@code flow} was served that did not wait. */
  void passInPlace(Flow flow, long nanos) {
    catchUp(flow);
    serve(flow, nanos);
  }

  /** A request that had passed in place was not served. */
  void refund(Flow flow, long nanos) {
    if (flow.isEmpty()) flow.start -= Math.min(nanos, LONGEST_SERVICE); // else its place is taken
  }

  private void catchUp(Flow flow) {
    if (flow.start - clock < 0) flow.start = clock;
  }

  private void serve(Flow flow, long nanos) {
    if (flow.start - clock > 0) clock = flow.start;
    flow.start += Math.min(nanos, LONGEST_SERVICE);
  }

  /** Takes out a flow that is waiting, and returns its requests as a chain. */
  @Nullable Waiting removeAll(Flow flow) {
    for (int i = 0; i < size; i++) {
      if (heap[i] != flow) continue;
      Flow moved = heap[--size];
      if (i < size) {
        down(i, moved);
        if (heap[i] == moved) up(i, moved);
      }
      break;
    }
    return flow.removeAll();
  }

  private void up(int i, Flow flow) {
    while (i > 0) {
      int parent = (i - 1) >> 1;
      if (heap[parent].start - flow.start < 0) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = flow;
  }

  private void down(int i, Flow flow) {
    for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && heap[child + 1].start - heap[child].start < 0) child++;
      if (flow.start - heap[child].start < 0) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = flow;
  }
}
