package dev.varve.io.vhost;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest.Count;
import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.Export;
import dev.varve.core.device.RequestTimes;
import dev.varve.io.client.ClientMeter;
import dev.varve.io.client.SlowRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The requests of virtio-blk (virtio 1.2, section 5.2.6) on a disk: served in place if they need no
 * waiting, else handed over, straight from and to the guest's memory. Used on the loop of its
 * queue.
 */
final class BlockRequests {

  /** The queue that requests come from. Used on its loop. */
  interface Source extends Part.Origin {
    /**
     * A request is over.
     *
     * @param head the first descriptor of its chain
     * @param written how many bytes of the chain were written, at most, with the status
     */
    void answer(int head, long written);

    /** A request is handed over to the device. */
    void begun();

    /** It is over, and {@link #answer} follows. */
    void ended();

    /**
     * Whether a failure is that of a front-end whose memory cannot be used any more. No request is
     * answered then.
     *
     * @param chain of the request that has failed
     */
    boolean hasLostMemory(Throwable failure, Chain chain);
  }

  static final byte OK = 0;
  static final byte IOERR = 1;
  static final byte UNSUPP = 2;

  private static final int IN = 0;
  private static final int OUT = 1;
  private static final int FLUSH = 4;
  private static final int GET_ID = 8;
  private static final int DISCARD = 11;
  private static final int WRITE_ZEROES = 13;

  private static final int ID_LENGTH = 20;

  /** A range of a discard or zeroing: sector, number of sectors, flags. */
  private static final int RANGE = 16;

  private static final int UNMAP = 1;

  /** What a cold read of several buffers is fetched in. */
  private static final int PIECE = 256 << 10;

  /** A longer request would keep others of the loop for too long. */
  private static final int MOST_IN_PLACE = 4 << 20;

  /**
   * From here on a read is worth the waking of a storage thread, which copies it while the loop
   * copies the next. Not writes: the file systems of Linux let one writer into a file at a time.
   */
  private static final int LONG_READ = 256 << 10;

  /** Each buffer is a request of its own then, so they must not be small. */
  private static final int LONG_BUFFER = 64 << 10;

  /** One part for storage threads has at most so many bytes. */
  private static final int MOST_AT_ONCE = 4 << 20;

  private final Source source;
  private final VhostLoop loop;
  private final Export export;
  private final BlockDevice device;
  private final DiskFailures failures;
  private final ClientMeter meter;
  private final BlockConfig config;
  private final Scatter scatter = new Scatter();
  private int parts;

  /** The long read that a storage thread copies; null if there is none. */
  private @Nullable Pending copied;

  BlockRequests(
      Source source, VhostLoop loop, Export export, BlockConfig config, ClientMeter meter) {
    this.source = source;
    this.loop = loop;
    this.export = export;
    this.device = export.device();
    this.failures = export.failures();
    this.meter = meter;
    this.config = config;
  }

  /**
   * Serves the request in a chain, or begins to.
   *
   * @param writeback whether writes may wait for a flush
   * @param last whether nothing waits behind it in the ring
   * @return what it cost: 1, and 1 for each 4 KiB or 32 descriptors
   */
  int serve(int head, Chain chain, boolean writeback, boolean last) throws ProtocolException {
    chain.takeFrame();
    meter.came();
    switch (chain.type()) {
      case IN -> read(head, chain, last);
      case OUT -> write(head, chain, writeback);
      case FLUSH -> flush(head, chain);
      case DISCARD, WRITE_ZEROES -> ranges(head, chain, writeback);
      case GET_ID -> identify(head, chain);
      default -> answer(head, chain, UNSUPP, 0);
    }
    int bytes = (int) Math.min(chain.readableBytes() + chain.writableBytes() >> 12, 1 << 16);
    return 1 + bytes + (chain.descriptors() >> 5);
  }

  /** How many requests are with the device: one of a guest may be many there. */
  int parts() {
    return parts;
  }

  private boolean isInside(long sector, long bytes) {
    return bytes % BlockConfig.SECTOR == 0
        && sector >= 0
        && bytes / BlockConfig.SECTOR <= config.sectors()
        && sector <= config.sectors() - bytes / BlockConfig.SECTOR;
  }

  // ---- Reads

  private void read(int head, Chain chain, boolean last) {
    long length = chain.writableBytes();
    if (!isInside(chain.sector(), length) || length > Integer.MAX_VALUE) {
      refuse(head, chain, Op.READ);
      return;
    }
    if (length == 0) {
      answer(head, chain, OK, 0);
      return;
    }
    long offset = chain.sector() * BlockConfig.SECTOR;
    if (!last && copied == null && isForAnotherThread(chain, length)) {
      copied = begin(head, chain, Op.READ, offset, length);
      readBuffers(copied, Count.WHOLE);
      return;
    }
    try {
      boolean done =
          length <= MOST_IN_PLACE && device.tryRead(offset, (int) length, scatter.to(chain));
      HostMemory.settle();
      if (done) {
        answer(head, chain, OK, length);
        meter.readInPlace(length);
        succeeded(Op.READ, length);
      } else {
        handOverRead(begin(head, chain, Op.READ, offset, length));
      }
    } catch (IOException | InternalError e) { // see BlockDevice.tryRead
      fail(head, chain, Op.READ, offset, length, e);
    }
  }

  private static boolean isForAnotherThread(Chain chain, long length) {
    return length >= LONG_READ && length >= (long) LONG_BUFFER * (chain.end() - chain.middle());
  }

  /** Its parts come back in a later turn, so that all are counted before the first ends. */
  private void handOverRead(Pending read) {
    Chain chain = read.chain();
    if (chain.end() - chain.middle() == 1) readBuffers(read, Count.WHOLE);
    else fetch(read);
  }

  /**
   * Brings the range into memory: fewer requests than one for each buffer, where there are many.
   */
  private void fetch(Pending read) {
    read.fetched(true);
    Count count = Count.WHOLE;
    for (long at = 0; at < read.length(); at += PIECE) {
      Part part = part(read);
      part.cache(read.offset() + at, Math.min(PIECE, read.length() - at)).counting(count);
      submit(part);
      count = Count.BYTES; // the rest of it
    }
  }

  private void readBuffers(Pending read, Count count) {
    read.fetched(false);
    Chain chain = read.chain();
    long offset = read.offset();
    for (int buffer = chain.middle(), into = 0; buffer < chain.end(); ) {
      MemorySegment memory = piece(chain, buffer, into);
      Part part = part(read);
      part.read(offset, memory).counting(count);
      submit(part);
      if (count == Count.WHOLE) count = Count.BYTES; // the rest of it
      offset += memory.byteSize();
      into += (int) memory.byteSize();
      if (into < chain.length(buffer)) continue;
      buffer++;
      into = 0;
    }
  }

  private static MemorySegment piece(Chain chain, int buffer, int into) {
    int length = Math.min(MOST_AT_ONCE, chain.length(buffer) - into);
    return HostMemory.segment(chain.address(buffer) + into, length);
  }

  private void readFetched(Pending read) {
    Chain chain = read.chain();
    try {
      boolean done =
          read.length() <= MOST_IN_PLACE
              && device.tryReadCached(read.offset(), (int) read.length(), scatter.to(chain));
      HostMemory.settle();
      if (done) end(read);
      else readBuffers(read, Count.NOTHING);
    } catch (IOException | InternalError e) {
      failed(read, Op.READ, e);
      end(read);
    }
  }

  // ---- Writes

  private void write(int head, Chain chain, boolean writeback) {
    long length = chain.readableBytes();
    boolean inside = isInside(chain.sector(), length) && length <= Integer.MAX_VALUE;
    if (export.readOnly() || !inside) {
      refuse(head, chain, Op.WRITE);
      return;
    }
    long offset = chain.sector() * BlockConfig.SECTOR;
    long at = offset;
    int buffer = chain.first();
    boolean inPlace = writeback && length <= MOST_IN_PLACE;
    try {
      for (; inPlace && buffer < chain.middle(); buffer++) {
        if (!tryWrite(at, at == offset, chain.address(buffer), chain.length(buffer))) break;
        at += chain.length(buffer);
      }
      HostMemory.settle();
    } catch (IOException | InternalError e) {
      fail(head, chain, Op.WRITE, offset, length, e);
      return;
    }
    if (buffer == chain.middle()) {
      answer(head, chain, OK, 0);
      meter.wroteInPlace(length);
      succeeded(Op.WRITE, length);
    } else {
      handOverWrite(begin(head, chain, Op.WRITE, offset, length), buffer, at, !writeback);
    }
  }

  private boolean tryWrite(long offset, boolean first, long address, int length)
      throws IOException {
    return first
        ? device.tryWrite(offset, HostMemory.ALL, address, length)
        : device.tryWriteMore(offset, HostMemory.ALL, address, length);
  }

  private void handOverWrite(Pending write, int buffer, long offset, boolean fua) {
    Chain chain = write.chain();
    for (int into = 0; buffer < chain.middle(); ) {
      MemorySegment memory = piece(chain, buffer, into);
      Part part = part(write);
      part.write(offset, memory, fua);
      part.counting(offset == write.offset() ? Count.WHOLE : Count.BYTES);
      submit(part);
      offset += memory.byteSize();
      into += (int) memory.byteSize();
      if (into < chain.length(buffer)) continue;
      buffer++;
      into = 0;
    }
  }

  // ---- Everything else

  private void flush(int head, Chain chain) {
    Pending flush = begin(head, chain, Op.FLUSH, 0, 0);
    Part part = part(flush);
    part.flush();
    submit(part);
  }

  /** Discards or zeroes: the data are ranges, of which each is checked before the first begins. */
  private void ranges(int head, Chain chain, boolean writeback) {
    boolean discards = chain.type() == DISCARD;
    Op operation = discards ? Op.DISCARD : Op.WRITE_ZEROES;
    long count = chain.readableBytes() / RANGE;
    if (export.readOnly() || discards && !export.discard()) {
      answer(head, chain, UNSUPP, 0);
      return;
    }
    boolean wrong =
        chain.readableBytes() % RANGE != 0 || count < 1 || count > BlockConfig.MOST_RANGES;
    if (wrong) {
      refuse(head, chain, operation);
      return;
    }
    // The guest may write them while they are looked at: what is checked is a copy.
    long[] ranges = new long[2 * (int) count];
    copyRanges(chain, ranges);
    byte verdict = verdict(ranges, discards);
    if (verdict != OK) {
      meter.failed(operation, verdict == UNSUPP ? "ENOTSUP" : "EINVAL");
      answer(head, chain, verdict, 0);
      return;
    }
    Pending pending = begin(head, chain, operation, 0, total(ranges));
    for (int i = 0; i < ranges.length; i += 2)
      submitRange(pending, ranges[i], ranges[i + 1], !writeback);
  }

  private void submitRange(Pending pending, long sector, long word, boolean fua) {
    long offset = sector * BlockConfig.SECTOR;
    long length = sectors(word) * BlockConfig.SECTOR;
    Part part = part(pending);
    if (pending.operation() == Op.DISCARD) part.discard(offset, length, fua);
    else part.writeZeroes(offset, length, (flags(word) & UNMAP) == 0, fua);
    submit(part);
  }

  private static void copyRanges(Chain chain, long[] ranges) {
    long bytes = 0;
    Arrays.fill(ranges, 0);
    for (int buffer = chain.first(); buffer < chain.middle(); buffer++) {
      for (int i = 0; i < chain.length(buffer); i++, bytes++) {
        long value = HostMemory.getByte(chain.address(buffer) + i) & 0xffL;
        ranges[(int) (bytes >> 3)] |= value << 8 * (bytes & 7);
      }
    }
  }

  private byte verdict(long[] ranges, boolean discards) {
    for (int i = 0; i < ranges.length; i += 2) {
      int flags = flags(ranges[i + 1]);
      if ((flags & ~UNMAP) != 0 || discards && flags != 0) return UNSUPP;
      long sectors = sectors(ranges[i + 1]);
      if (sectors > BlockConfig.MOST_SECTORS || !isInside(ranges[i], sectors * BlockConfig.SECTOR))
        return IOERR;
    }
    return OK;
  }

  private static long total(long[] ranges) {
    long bytes = 0;
    for (int i = 1; i < ranges.length; i += 2) bytes += sectors(ranges[i]) * BlockConfig.SECTOR;
    return bytes;
  }

  private static long sectors(long word) {
    return word & 0xffffffffL;
  }

  private static int flags(long word) {
    return (int) (word >>> 32);
  }

  /** The name of the disk, by which the guest can tell it from others. */
  private void identify(int head, Chain chain) {
    byte[] id = Arrays.copyOf(export.name().getBytes(StandardCharsets.UTF_8), ID_LENGTH);
    if (chain.writableBytes() < ID_LENGTH) {
      answer(head, chain, IOERR, 0);
      return;
    }
    scatter.to(chain).bytes(MemorySegment.ofArray(id), 0, ID_LENGTH);
    answer(head, chain, OK, ID_LENGTH);
  }

  // ---- In flight

  private Pending begin(int head, Chain chain, Op operation, long offset, long length) {
    source.begun();
    meter.begun(operation);
    meter.handedOver(operation);
    Pending pending = loop.takePending();
    return pending.begin(head, chain, operation, offset, length, meter.batchStart());
  }

  private Part part(Pending pending) {
    pending.opened();
    parts++;
    return loop.takePart().of(source, pending);
  }

  private void submit(Part part) {
    if (part.pending().watched() != null) part.timed(new RequestTimes(loop.now()));
    device.submit(part);
  }

  /** A part has come back from the device. */
  void partDone(Part part) {
    parts--;
    Pending pending = part.pending();
    IOException failure = part.failure();
    Op operation = pending.operation();
    if (failure != null) failed(pending, operation, failure);
    else if (failures.isTroubled(operation)) failures.worked(operation);
    SlowRequest watched = pending.watched();
    RequestTimes times = part.times();
    if (watched != null && times != null) watched.part(times, loop.now());
    loop.recycle(part);
    if (!pending.ended()) return;
    if (pending.isFetched() && !pending.hasFailed()) readFetched(pending);
    else end(pending);
  }

  private void end(Pending pending) {
    Chain chain = pending.chain();
    Op operation = pending.operation();
    boolean failed = pending.hasFailed();
    meter.ended(operation);
    if (!failed) {
      meter.answered(operation, pending.began(), pending.length());
      if (operation == Op.READ || operation == Op.WRITE)
        device.answered(operation, pending.length());
    }
    long written = operation == Op.READ && !failed ? pending.length() : 0;
    if (pending == copied) copied = null;
    source.ended();
    answer(pending.head(), chain, failed ? IOERR : OK, written);
    SlowRequest watched = pending.watched();
    if (watched != null)
      watched.ended(export.name(), operation, pending.offset(), pending.length(), failed);
    loop.recycle(pending);
  }

  // ---- Answers

  /** What was answered is about to be shown to the driver, which then finds it counted. */
  void count() {
    meter.count();
  }

  private void answer(int head, Chain chain, byte status, long written) {
    HostMemory.putByte(chain.status(), status);
    source.answer(head, written + 1);
  }

  private void succeeded(Op operation, long length) {
    device.answered(operation, length);
    if (failures.isTroubled(operation)) failures.worked(operation);
  }

  /** A request that the driver should not have made. */
  private void refuse(int head, Chain chain, Op operation) {
    meter.failed(operation, "EINVAL");
    answer(head, chain, IOERR, 0);
  }

  private void fail(int head, Chain chain, Op operation, long offset, long length, Throwable why) {
    if (source.hasLostMemory(why, chain)) return;
    failures.failed(operation, offset, length, why);
    meter.failed(operation, "EIO");
    answer(head, chain, IOERR, 0);
  }

  private void failed(Pending pending, Op operation, Throwable why) {
    if (!pending.fail() || source.hasLostMemory(why, pending.chain())) return;
    failures.failed(operation, pending.offset(), pending.length(), why);
    meter.failed(operation, "EIO");
  }
}
