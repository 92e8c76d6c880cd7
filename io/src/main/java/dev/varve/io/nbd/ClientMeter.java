package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskTraffic;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts what one client asks for and how long its answers take, for the loop, the disk, and the
 * client itself. Written on the connection's event loop; {@link #requests}, {@link #bytesRead},
 * {@link #bytesWritten} and {@link #inFlight} are read by any thread.
 *
 * <p><b>How time is measured.</b> The clock is read when a turn of the loop begins, and once for
 * each batch of replies, just before the batch leaves. A request that is served in place takes from
 * the one to the other: its reply leaves with its batch and not before, and what holds up one
 * request of a batch holds up all of them. Of a second batch in the same turn the time begins with
 * the end of the first. For a request that is handed over the clock is read once more, when its
 * reply is queued; a write whose payload arrives in pieces begins in the turn in which the last one
 * arrives, so that a slow network is no slow disk.
 */
final class ClientMeter {

  private final NbdLoop loop;
  private final DiskTraffic.Recorder disk;

  private final AtomicLong inFlight = new AtomicLong();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();

  // Since the last batch was counted.
  private long newRequests;
  private long newRead;
  private long newWritten;
  private int readsInPlace;
  private int writesInPlace;

  private long counted;

  ClientMeter(NbdLoop loop, DiskTraffic traffic) {
    this.loop = loop;
    this.disk = traffic.recorder(loop);
    this.counted = loop.turnStart();
    disk.clients(1);
  }

  /** The client does not use the disk any more. */
  void gone() {
    disk.clients(-1);
  }

  /** Since when what is done now counts as being under way. */
  long batchStart() {
    return Math.max(counted, loop.turnStart());
  }

  /** A request has come. */
  void came() {
    newRequests++;
  }

  void readInPlace(int length) {
    readsInPlace++;
    newRead += length;
  }

  void wroteInPlace(int length) {
    writesInPlace++;
    newWritten += length;
  }

  /** A request is not answered at once. */
  void begun(Transaction transaction) {
    add(inFlight, 1);
    Op operation = transaction.command().operation();
    if (operation != null) disk.begun(operation);
  }

  /** What was {@link #begun} is over, answered or not. */
  void ended(Transaction transaction) {
    add(inFlight, -1);
    Op operation = transaction.command().operation();
    if (operation != null) disk.ended(operation);
  }

  /** Storage threads have to help with it. */
  void handedOver(Transaction transaction) {
    loop.counters().handedOver();
    Op operation = transaction.command().operation();
    if (operation != null) disk.handedOver(operation);
  }

  /** What was {@link #begun} is answered with success. */
  void answered(Transaction transaction) {
    Op operation = transaction.command().operation();
    if (operation == null) return;
    disk.answered(operation, loop.now() - transaction.startNanos(), 1);
    switch (operation) {
      case READ -> newRead += transaction.length();
      case WRITE -> newWritten += transaction.length();
      case DISCARD, WRITE_ZEROES, CACHE -> disk.moved(operation, transaction.range());
      case FLUSH, EXTENTS -> {}
    }
  }

  /** A request is answered with an error. */
  void failed(@Nullable Op operation, NbdError error) {
    disk.failed(operation, error.name());
  }

  /** The replies that have gathered are about to leave: what they answer is counted. */
  void count() {
    if (readsInPlace > 0 || writesInPlace > 0) countInPlace();
    if (newRequests == 0 && newRead == 0 && newWritten == 0) return;
    loop.counters().batch(newRequests, newRead, newWritten);
    if (newRead > 0) disk.moved(Op.READ, newRead);
    if (newWritten > 0) disk.moved(Op.WRITE, newWritten);
    add(requests, newRequests);
    add(bytesRead, newRead);
    add(bytesWritten, newWritten);
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

  /** One writer: no atomic addition is needed. */
  private static void add(AtomicLong counter, long value) {
    counter.setOpaque(counter.getPlain() + value);
  }

  /** How many requests wait for their answer now. */
  long inFlight() {
    return inFlight.getOpaque();
  }

  /** How many requests the client has made. */
  long requests() {
    return requests.getOpaque();
  }

  /** How many bytes it has read, by requests that succeeded. */
  long bytesRead() {
    return bytesRead.getOpaque();
  }

  /** How many bytes it has written, by requests that succeeded. */
  long bytesWritten() {
    return bytesWritten.getOpaque();
  }
}
