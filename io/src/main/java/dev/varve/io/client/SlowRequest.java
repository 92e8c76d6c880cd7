package dev.varve.io.client;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.RequestTimes;
import java.util.Locale;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * The event of Java's Flight Recorder that tells of a request which took long, and where the time
 * went. Made only while a recording wants it, and only for requests that are not answered in place.
 * Used on the event loop that serves it.
 */
@Name(SlowRequest.NAME)
@Label("Slow Request")
@Category("Varve")
@Description("A request of a client that took longer than the threshold, from when it was taken")
@Threshold("20 ms")
@StackTrace(false)
public final class SlowRequest extends Event {

  public static final String NAME = "varve.SlowRequest";

  /** Tells whether a recording wants such events. */
  private static final SlowRequest ANY = new SlowRequest();

  @Label("Disk")
  String disk = "";

  @Label("Operation")
  String operation = "";

  @Label("Offset")
  long offset;

  @Label("Length")
  @DataAmount
  long length;

  @Label("Failed")
  boolean failed;

  @Label("Limit")
  @Description("How long its slowest part waited for a bandwidth limit")
  @Timespan
  long limit;

  @Label("Storage Thread")
  @Description("How long that part then waited for a storage thread; 0 for a flush")
  @Timespan
  long storageThread;

  @Label("Host")
  @Description("How long it then took to be carried out, most of which is waiting for the host")
  @Timespan
  long host;

  /** Of a request that is taken now; null if no recording wants it. */
  public static @Nullable SlowRequest begun() {
    if (!ANY.isEnabled()) return null;
    var event = new SlowRequest();
    event.begin();
    return event;
  }

  /** A part of it has come back from the device. The one that took longest is told of. */
  public void part(RequestTimes times, long nowNanos) {
    long took = times.limitNanos() + times.threadNanos() + times.hostNanos(nowNanos);
    if (took < limit + storageThread + host) return;
    limit = times.limitNanos();
    storageThread = times.threadNanos();
    host = times.hostNanos(nowNanos);
  }

  /**
   * It is answered.
   *
   * @param operation null if it asks for nothing of the disk
   */
  public void ended(String disk, @Nullable Op operation, long offset, long length, boolean failed) {
    end();
    if (!shouldCommit()) return;
    this.disk = disk;
    this.operation = operation == null ? "unknown" : operation.name().toLowerCase(Locale.ROOT);
    this.offset = offset;
    this.length = length;
    this.failed = failed;
    commit();
  }
}
