package dev.varve.io.client;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskTraffic;
import dev.varve.io.loop.ServingLoop;
import org.jspecify.annotations.Nullable;

/**
 * Counts what one client asks for on one event loop and how long its answers take, for the loop,
 * the disk, and the client itself. Used on that loop.
 *
 * <p><b>How time is measured.</b> The clock is read when a turn of the loop begins, and once for
 * each batch of replies, just before the batch leaves. A request that is served in place takes from
 * the one to the other: its reply leaves with its batch and not before, and what holds up one
 * request of a batch holds up all of them. Of a second batch in the same turn the time begins with
 * the end of the first. For a request that is handed over the clock is read once more, when its
 * reply is queued; a write whose payload arrives in pieces begins in the turn in which the last one
 * arrives, so that a slow network is no slow disk.
 */
public final class ClientMeter {

  private final ServingLoop loop;
  private final DiskTraffic.Recorder disk;
  private final ClientCounters client;

  // Since the last batch was counted.
  private long newRequests;
  private long newRead;
  private long newWritten;
  private int readsInPlace;
  private int writesInPlace;

  private long counted;

  /**
   * @param traffic of the disk that the client uses
   * @param client what it counts for the client itself; no other meter writes there
   */
  public ClientMeter(ServingLoop loop, DiskTraffic traffic, ClientCounters client) {
    this.loop = loop;
    this.disk = traffic.recorder(loop);
    this.client = client;
    this.counted = loop.turnStart();
  }

  /** Since when what is done now counts as being under way. */
  public long batchStart() {
    return Math.max(counted, loop.turnStart());
  }

  /** A request has come. */
  public void came() {
    newRequests++;
  }

  /** A read was answered at once. */
  public void readInPlace(long length) {
    readsInPlace++;
    newRead += length;
  }

  /** A write was answered at once. */
  public void wroteInPlace(long length) {
    writesInPlace++;
    newWritten += length;
  }

  /**
   * A request is not answered at once.
   *
   * @param operation null, here and below, if it asks for nothing of the disk
   */
  public void begun(@Nullable Op operation) {
    client.begun();
    if (operation != null) disk.begun(operation);
  }

  /** What was {@link #begun} is over, answered or not. */
  public void ended(@Nullable Op operation) {
    client.ended();
    if (operation != null) disk.ended(operation);
  }

  /** Storage threads have to help with it. */
  public void handedOver(@Nullable Op operation) {
    loop.counters().handedOver();
    if (operation != null) disk.handedOver(operation);
  }

  /**
   * What was {@link #begun} is answered with success.
   *
   * @param startNanos since when it was under way
   * @param length of its range
   */
  public void answered(@Nullable Op operation, long startNanos, long length) {
    if (operation == null) return;
    disk.answered(operation, loop.now() - startNanos, 1);
    switch (operation) {
      case READ -> newRead += length;
      case WRITE -> newWritten += length;
      case DISCARD, WRITE_ZEROES, CACHE -> disk.moved(operation, length);
      case FLUSH, EXTENTS -> {}
    }
  }

  /**
   * A request is answered with an error.
   *
   * @param code the error's name in C
   */
  public void failed(@Nullable Op operation, String code) {
    disk.failed(operation, code);
  }

  /** The replies that have gathered are about to leave: what they answer is counted. */
  public void count() {
    if (readsInPlace > 0 || writesInPlace > 0) countInPlace();
    if (newRequests == 0 && newRead == 0 && newWritten == 0) return;
    loop.counters().batch(newRequests, newRead, newWritten);
    client.batch(newRequests, newRead, newWritten);
    if (newRead > 0) disk.moved(Op.READ, newRead);
    if (newWritten > 0) disk.moved(Op.WRITE, newWritten);
    newRequests = newRead = newWritten = 0;
  }

  private void countInPlace() {
    long now = loop.now();
    long nanos = now - batchStart();
    if (readsInPlace > 0) disk.answered(Op.READ, nanos, readsInPlace);
    if (writesInPlace > 0) disk.answered(Op.WRITE, nanos, writesInPlace);
    readsInPlace = writesInPlace = 0;
    counted = now;
  }
}
