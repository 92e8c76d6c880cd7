package dev.varve.io.nbd;

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
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The transmission phase of one connection: takes requests from what was received, serves in place
 * what needs no waiting, and hands over the rest. Used on the connection's event loop.
 *
 * <p>A write of more than {@link NbdLoop#SMALL} bytes goes to the device in pieces as they arrive,
 * so that memory follows what a client has sent and not what it announces.
 *
 * <p><b>What {@code device} is.</b> For the disk of a running machine a chain of three: a {@code
 * LimitedDevice} of {@code core.limit} counts and delays requests, the {@code LiveChain} of {@code
 * io.chain} knows which images serve at the moment, and below it a {@code DifferencingChain} (VDI)
 * or a {@code RawDisk} (a raw file or a device of the host) reads and writes. An {@code EmptyDrive}
 * stands for the last two where there is no medium. {@code varve serve} publishes a {@code
 * DifferencingChain} or a {@code RawDisk}, within limits if there are any. Nothing here depends on
 * which it is.
 */
final class Transmission {

  /** Pieces of a large write end at such offsets of the disk, except the last. */
  private static final int PIECE_ALIGNMENT = 4096;

  /** A piece of a large write is at least this long, except the last. */
  private static final int SMALLEST_PIECE = 64 << 10;

  /**
   * How much one turn of the event loop may do before other connections have theirs; about a
   * millisecond. A request costs 1, and 1 for each 4 KiB that it moves; a write costs {@link
   * #WRITE_COST} more, for the system call.
   */
  private static final int TURN = 512;

  private static final int WRITE_COST = 7;

  private static final NbdRefusal NO_MEMORY =
      new NbdRefusal(
          NbdError.ENOMEM, "not enough buffer memory for this read; use smaller requests");

  /** What {@link #advance} stopped for. */
  enum Pause {
    /** Nothing: there may be another request. Never returned by {@link #advance}. */
    NONE,
    /** More bytes have to arrive. */
    INPUT,
    /** The turn is over; there is more to do at once. */
    TURN,
    /** Replies have gathered that should leave first. */
    REPLIES,
    /** Requests in flight have to complete. */
    COMPLETION,
    /** The client has ended the session. */
    END,
    /** The client has sent something that is not a request. */
    BROKEN
  }

  private final Connection connection;
  private final NbdLoop loop;
  private final NbdLimits limits;
  private final Export export;
  private final BlockDevice device;
  private final DiskFailures failures;
  private final NegotiatedOptions options;
  private final Inbound inbound;
  private final Replies replies;
  private final ClientMeter meter;
  private final NbdRequest request = new NbdRequest();

  /** Buffers for a read that is being handed over; else empty. */
  private final ArrayDeque<LoopBuffer> taken = new ArrayDeque<>();

  private int inFlight;
  private boolean abandoned;
  private long bytesInFlight;
  private int budget;

  // The write whose payload is arriving in pieces, or that is refused.
  private @Nullable Transaction arriving;
  private long arrivingAt;
  private long arrivingLeft;

  Transmission(
      Connection connection,
      NbdLoop loop,
      NbdLimits limits,
      Export export,
      NegotiatedOptions options,
      Inbound inbound,
      Replies replies,
      ClientMeter meter) {
    this.connection = connection;
    this.loop = loop;
    this.limits = limits;
    this.export = export;
    this.device = export.device();
    this.failures = export.failures();
    this.options = options;
    this.inbound = inbound;
    this.replies = replies;
    this.meter = meter;
  }

  boolean isIdle() {
    return inFlight == 0;
  }

  /** Whether nothing goes on before the client sends more. */
  boolean waitsForClient() {
    return bytesInFlight == 0 && inFlight == (arriving == null ? 0 : 1);
  }

  /** In this turn of the loop as much may be done as is fair to the other connections. */
  void refillBudget() {
    budget = TURN;
  }

  /** Serves requests until one of the reasons to pause. */
  Pause advance() {
    assert loop.isHere();
    Pause pause = Pause.NONE;
    while (pause == Pause.NONE) pause = arrivingLeft > 0 ? takePayload() : takeRequest();
    return pause;
  }

  /** Takes the next request, if there is one that may be begun. */
  private Pause takeRequest() {
    if (inFlight >= limits.requestsInFlight() || holdsEnough()) return Pause.COMPLETION;
    if (replies.shouldFlush()) return Pause.REPLIES;
    if (budget <= 0) return Pause.TURN;
    LoopBuffer in = inbound.buffer();
    if (in.readableBytes() < NbdRequest.HEADER) return Pause.INPUT;
    int at = in.readerIndex();
    if (!request.parse(in.memory(), at)) return Pause.BROKEN;
    if (request.command() == NbdCommand.DISCONNECT) return Pause.END;

    NbdRefusal refusal = request.refusal(export, options);
    if (refusal == null && request.command() == NbdCommand.WRITE) return takeWrite(in, at);
    in.readerIndex(at + NbdRequest.HEADER);
    meter.came();
    budget--;
    if (refusal != null) refuse(refusal);
    else if (request.command() == NbdCommand.READ) read((int) request.length());
    else handOver();
    return Pause.NONE;
  }

  /** Whether no other request may be begun; a client that holds nothing may always begin one. */
  private boolean holdsEnough() {
    return bytesInFlight > 0 && bytesInFlight >= Math.min(limits.bytesInFlight(), loop.share());
  }

  // ---- Reads

  private void read(int length) {
    budget -= length >> 12;
    if (length > NbdLoop.SMALL) {
      readLarge(begin(), false);
      return;
    }
    replies.beginRead(request.cookie(), request.offset(), length, request.has(Wire.CMD_FLAG_DF));
    try {
      if (device.tryRead(request.offset(), length, replies)) {
        replies.endRead();
        meter.readInPlace(length);
        succeeded(Op.READ, length);
      } else {
        replies.cancelRead();
        readIntoBuffers(begin(), Count.WHOLE);
      }
    } catch (IOException | InternalError e) { // see BlockDevice.tryRead
      replies.cancelRead();
      fail(request.cookie(), Op.READ, failed(Op.READ, request.offset(), length, e));
    }
  }

  /** What became of the attempt to answer a large read with the device's own memory. */
  private enum ByReference {
    ANSWERED,
    NOT_AT_HAND,
    TOO_MANY_RUNS
  }

  /**
   * Serves a read of more than {@link NbdLoop#SMALL} bytes.
   *
   * @param fetched it was fetched for this read
   */
  private void readLarge(Transaction read, boolean fetched) {
    switch (answerByReference(read, fetched)) {
      case ANSWERED -> {}
      case NOT_AT_HAND -> {
        if (fetched) readIntoBuffers(read, Count.NOTHING);
        else fetch(read);
      }
      case TOO_MANY_RUNS -> readIntoBuffers(read, Count.NOTHING);
    }
  }

  private ByReference answerByReference(Transaction read, boolean fetched) {
    ReadRuns runs = loop.runs();
    BlockDevice.Lease lease = null;
    ByReference outcome = ByReference.ANSWERED;
    try {
      lease = device.lease();
      if (!tryRead(read, fetched, runs)) {
        outcome = ByReference.NOT_AT_HAND;
      } else if (runs.overflowed()) {
        outcome = ByReference.TOO_MANY_RUNS;
      } else {
        replies.read(read, runs, lease);
        lease = null; // released by the channel
        if (fetched) answered(read);
        else meter.readInPlace(read.length());
        succeeded(Op.READ, read.length());
      }
    } catch (IOException e) {
      fail(read.cookie(), Op.READ, failed(Op.READ, read.offset(), read.length(), e));
    } finally {
      runs.clear();
      if (lease != null) lease.release();
      if (outcome == ByReference.ANSWERED) end(read);
    }
    return outcome;
  }

  private boolean tryRead(Transaction read, boolean fetched, ReadRuns runs) throws IOException {
    return fetched
        ? device.tryReadCached(read.offset(), read.length(), runs)
        : device.tryRead(read.offset(), read.length(), runs);
  }

  /**
   * Has a large read brought into the host's memory, to answer it by reference: in buffers it would
   * take as much memory as the client likes, for as long as it does not take the reply.
   */
  private void fetch(Transaction read) {
    Count count = Count.WHOLE;
    for (int at = 0; at < read.length(); at += NbdLoop.LARGE) {
      int n = Math.min(read.length() - at, NbdLoop.LARGE);
      PartialRequest part = part(read, null, n);
      part.cache(read.offset() + at, n).counting(count);
      submit(part);
      count = Count.BYTES; // the rest of it
    }
  }

  /**
   * Hands over a read, to be answered when all of its buffers are full.
   *
   * @param count what limits count all of it for
   */
  private void readIntoBuffers(Transaction read, Count count) {
    int left = read.length();
    if (!takeBuffers(left)) {
      read.refuse(NO_MEMORY);
      answer(read);
      return;
    }
    long offset = read.offset();
    for (LoopBuffer buffer; (buffer = taken.poll()) != null; ) {
      int n = Math.min(left, NbdLoop.LARGE);
      buffer.setIndex(0, n);
      read.data().add(buffer);
      PartialRequest part = part(read, null, buffer.capacity());
      part.read(offset, buffer.memory().asSlice(0, n)).counting(count);
      submit(part);
      if (count == Count.WHOLE) count = Count.BYTES; // the rest of it
      offset += n;
      left -= n;
    }
  }

  /** Takes buffers for a read, all or none: a request that is begun must come to an end. */
  private boolean takeBuffers(int length) {
    if (!loop.admits(length)) return false;
    try {
      do {
        taken.add(loop.take(Math.min(length, NbdLoop.LARGE)));
        length -= NbdLoop.LARGE;
      } while (length > 0);
    } catch (OutOfMemoryError _) {
      for (LoopBuffer buffer; (buffer = taken.poll()) != null; ) buffer.release();
      return false;
    }
    return true;
  }

  // ---- Writes

  private Pause takeWrite(LoopBuffer in, int at) {
    int length = (int) request.length();
    int received = in.readableBytes() - NbdRequest.HEADER;
    if (length <= NbdLoop.SMALL) {
      if (received < length) return Pause.INPUT;
      in.readerIndex(at + NbdRequest.HEADER + length);
      write(in, at + NbdRequest.HEADER, length);
    } else {
      in.readerIndex(at + NbdRequest.HEADER);
      arriving = begin();
      arriving.opened();
      arrivingAt = request.offset();
      arrivingLeft = length;
    }
    meter.came();
    budget -= 1 + WRITE_COST;
    return Pause.NONE;
  }

  private void write(LoopBuffer in, int at, int length) {
    budget -= length >> 12;
    boolean fua = request.has(Wire.CMD_FLAG_FUA);
    try {
      if (!fua && device.tryWrite(request.offset(), in.memory(), at, length)) {
        replies.success(request.cookie());
        meter.wroteInPlace(length);
        succeeded(Op.WRITE, length);
      } else {
        LoopBuffer copy = copy(in, at, length);
        PartialRequest part = part(begin(), copy, copy.capacity());
        part.write(request.offset(), copy.memory().asSlice(0, length), fua);
        submit(part);
      }
    } catch (IOException e) {
      fail(request.cookie(), Op.WRITE, failed(Op.WRITE, request.offset(), length, e));
    }
  }

  private LoopBuffer copy(LoopBuffer in, int at, int length) {
    LoopBuffer copy = loop.take(length);
    MemorySegment.copy(in.memory(), at, copy.memory(), 0, length);
    return copy;
  }

  /** Takes the next piece of a payload that is written, or skipped, as it arrives. */
  private Pause takePayload() {
    if (holdsEnough()) return Pause.COMPLETION;
    if (budget <= 0) return Pause.TURN;
    LoopBuffer in = inbound.buffer();
    int at = in.readerIndex();
    int length = (int) Math.min(in.readableBytes(), arrivingLeft);
    assert arriving != null;
    boolean refused = arriving.refusal() != null;
    if (!refused) length = pieceLength(length);
    if (length == 0) return Pause.INPUT;
    in.skipBytes(length);
    if (!refused) writePiece(arriving, in, at, length);
    arrivingAt += length;
    arrivingLeft -= length;
    if (arrivingLeft == 0) {
      Transaction complete = arriving;
      arriving = null;
      complete.startsAt(meter.batchStart());
      if (complete.ended()) finish(complete);
    }
    return Pause.NONE;
  }

  /**
   * How much of {@code received} is written now: everything at the end, else whole pages, and not
   * too few.
   */
  private int pieceLength(int received) {
    if (received == arrivingLeft) return received;
    if (received < SMALLEST_PIECE) return 0;
    return received - (int) ((arrivingAt + received) % PIECE_ALIGNMENT);
  }

  private void writePiece(Transaction transaction, LoopBuffer in, int at, int length) {
    budget -= WRITE_COST + (length >> 12);
    MemorySegment payload = in.memory();
    boolean first = arrivingAt == transaction.offset();
    try {
      if (first
          ? device.tryWrite(arrivingAt, payload, at, length)
          : device.tryWriteMore(arrivingAt, payload, at, length)) return;
    } catch (IOException e) {
      failed(transaction, Op.WRITE, e);
      return;
    }
    LoopBuffer own;
    if (in.readableBytes() < length) {
      own = inbound.handOver();
      payload = payload.asSlice(at, length);
    } else {
      own = copy(in, at, length);
      payload = own.memory().asSlice(0, length);
    }
    PartialRequest part = part(transaction, own, own.capacity());
    part.write(arrivingAt, payload, false);
    part.counting(first ? Count.WHOLE : Count.BYTES);
    submit(part);
  }

  // ---- Everything else

  private void handOver() {
    Transaction transaction = begin();
    long offset = request.offset();
    long length = request.length();
    boolean fetches = request.command() == NbdCommand.CACHE;
    PartialRequest part = part(transaction, null, fetches ? length : 0);
    switch (request.command()) {
      case FLUSH -> part.flush();
      case TRIM -> part.discard(offset, length, transaction.fua());
      case CACHE -> part.cache(offset, length);
      case WRITE_ZEROES ->
          part.writeZeroes(offset, length, request.has(Wire.CMD_FLAG_NO_HOLE), transaction.fua());
      case BLOCK_STATUS ->
          part.extents(offset, length, transaction.extents().clear(transaction.oneExtent()));
      default -> throw new AssertionError(request.command());
    }
    submit(part);
  }

  /**
   * Answers with an error, after the payload if there is one: a client does not look for replies
   * while it sends.
   */
  private void refuse(NbdRefusal refusal) {
    if (request.payload() == 0) {
      fail(request.cookie(), request.command().operation(), refusal);
      return;
    }
    arriving = begin();
    arriving.opened();
    arriving.refuse(refusal);
    arrivingLeft = request.payload();
  }

  // ---- In flight

  private Transaction begin() {
    inFlight++;
    Transaction transaction = loop.takeTransaction().begin(request, meter.batchStart());
    meter.begun(transaction.operation());
    return transaction;
  }

  private PartialRequest part(Transaction transaction, @Nullable LoopBuffer payload, long held) {
    PartialRequest part = loop.takePart().of(connection, transaction, payload, held);
    transaction.opened();
    if (transaction.handOver()) meter.handedOver(transaction.operation());
    return part;
  }

  private void submit(PartialRequest part) {
    bytesInFlight += part.held();
    if (part.transaction().watched() != null) part.timed(new RequestTimes(loop.now()));
    device.submit(part);
  }

  /** A part has come back from the device. */
  void partDone(PartialRequest part) {
    assert loop.isHere();
    Transaction transaction = part.transaction();
    IOException failure = part.failure();
    bytesInFlight -= part.held();
    Op operation = transaction.command() == NbdCommand.READ ? Op.READ : part.op(); // not its fetch
    if (failure != null) failed(transaction, operation, failure);
    else worked(operation);
    SlowRequest watched = transaction.watched();
    RequestTimes times = part.times();
    if (watched != null && times != null) watched.part(times, loop.now());
    loop.recycle(part);
    if (transaction.ended()) finish(transaction);
  }

  private void finish(Transaction transaction) {
    if (abandoned || transaction.isSilent()) end(transaction);
    else if (transaction.refusal() != null) answer(transaction);
    else if (transaction.isFetched()) readLarge(transaction, true);
    else if (transaction.fua() && isInPieces(transaction)) flush(transaction);
    else answer(transaction);
  }

  private static boolean isInPieces(Transaction transaction) {
    return transaction.command() == NbdCommand.WRITE && transaction.length() > NbdLoop.SMALL;
  }

  private void flush(Transaction write) {
    write.fuaSubmitted();
    PartialRequest flush = part(write, null, 0);
    flush.flush().counting(Count.NOTHING);
    submit(flush);
  }

  private void answer(Transaction transaction) {
    NbdRefusal refusal = transaction.refusal();
    try {
      if (refusal != null) fail(transaction.cookie(), transaction.operation(), refusal);
      else if (transaction.command() == NbdCommand.READ) read(transaction);
      else if (transaction.command() == NbdCommand.BLOCK_STATUS) blockStatus(transaction);
      else succeed(transaction);
    } finally {
      end(transaction); // also where the reply finds no memory, and the client is cut
    }
  }

  private void read(Transaction transaction) {
    replies.read(transaction);
    answered(transaction);
    device.answered(Op.READ, transaction.length());
  }

  private void succeed(Transaction transaction) {
    replies.success(transaction.cookie());
    answered(transaction);
    if (transaction.command() == NbdCommand.WRITE) device.answered(Op.WRITE, transaction.length());
  }

  /** A read or a write is answered with success, and needed no more than one attempt. */
  private void succeeded(Op operation, int length) {
    device.answered(operation, length);
    worked(operation);
  }

  private void answered(Transaction transaction) {
    meter.answered(transaction.operation(), transaction.startNanos(), transaction.range());
  }

  private void blockStatus(Transaction transaction) {
    replies.blockStatus(transaction.cookie(), options.contexts(), transaction.extents());
    answered(transaction);
  }

  private void end(Transaction transaction) {
    inFlight--;
    meter.ended(transaction.operation());
    SlowRequest watched = transaction.watched();
    if (watched != null)
      watched.ended(
          export.name(),
          transaction.operation(),
          transaction.offset(),
          transaction.range(),
          transaction.refusal() != null);
    loop.recycle(transaction);
  }

  /** No more bytes will come: a write whose payload is incomplete is not answered. */
  void abandonArriving() {
    Transaction incomplete = arriving;
    arriving = null;
    arrivingLeft = 0;
    if (incomplete == null) return;
    incomplete.silence();
    if (incomplete.ended()) end(incomplete);
  }

  /** The client is gone: what is in flight ends without a reply. */
  void abandon() {
    abandoned = true;
    abandonArriving();
  }

  // ---- What fails, and works again

  /** Answers with an error. */
  private void fail(long cookie, @Nullable Op operation, NbdRefusal why) {
    meter.failed(operation, why.error().name());
    replies.failure(cookie, why);
  }

  /**
   * Counts and tells that the device could not carry out a request; returns what its client hears.
   */
  private NbdRefusal failed(Op operation, long offset, long length, Throwable why) {
    failures.failed(operation, offset, length, why);
    return new NbdRefusal(NbdError.of(why), DiskFailures.reason(why));
  }

  /** The same for one that is in flight; of several reasons only the first one counts. */
  private void failed(Transaction transaction, Op operation, IOException why) {
    if (transaction.refusal() != null) return;
    transaction.refuse(failed(operation, transaction.offset(), transaction.length(), why));
  }

  private void worked(Op operation) {
    if (failures.isTroubled(operation)) failures.worked(operation);
  }
}
