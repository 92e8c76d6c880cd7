package dev.varve.io.nbd;

import dev.varve.io.loop.LoopInbox;
import dev.varve.io.loop.ServingLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What the connections of one event loop share: buffers, request objects, and the inbox through
 * which storage threads give requests back. Used on that loop; only {@link #share}, {@link #admits}
 * and {@link #isShort} are for any thread.
 */
final class NbdLoop extends ServingLoop {

  /** Reads up to this size are copied, and requests up to this size take a small buffer. */
  static final int SMALL = 32 << 10;

  /**
   * What the kernel is asked to receive at once, and the largest part of a request handed over in
   * one piece.
   */
  static final int LARGE = 256 << 10;

  private static final int KEPT = 256;

  private final SharedBuffers buffers;
  private final BufferPool small;
  private final BufferPool large;
  private final ArrayDeque<PartialRequest> spareParts = new ArrayDeque<>();
  private final ArrayDeque<Transaction> spareTransactions = new ArrayDeque<>();
  private final ReadRuns runs = new ReadRuns();

  private final LoopInbox<PartialRequest> inbox;
  private final Consumer<PartialRequest> partDone = this::partDone;

  /** The connections that have got parts back in this turn. */
  private final ArrayList<Connection> touched = new ArrayList<>();

  NbdLoop(EventLoop executor, LongSupplier nanoTime, SharedBuffers buffers) {
    super(executor, nanoTime);
    this.buffers = buffers;
    this.small = buffers.small(executor);
    this.large = buffers.large(executor);
    this.inbox = new LoopInbox<>(executor, this::emptyInbox);
  }

  /** The runs of the read that is being served by reference. */
  ReadRuns runs() {
    return runs;
  }

  /** How many bytes of buffers one client may hold now. */
  long share() {
    return buffers.share();
  }

  /** Whether one request may have so many bytes of buffers at once. */
  boolean admits(int bytes) {
    return buffers.admits(bytes);
  }

  LoopBuffer takeLarge() {
    return large.take();
  }

  /** Whether clients hold so much that the next must be content with small buffers. */
  boolean isShort() {
    return buffers.share() < LARGE;
  }

  /** A buffer with room for at least {@code length} bytes, and for much more if there is enough. */
  LoopBuffer takeRoomy(int length) {
    return isShort() ? take(length) : large.take();
  }

  /** A buffer that holds {@code length} bytes, at most {@link #LARGE}. */
  LoopBuffer take(int length) {
    return length <= SMALL ? small.take() : large.take();
  }

  PartialRequest takePart() {
    assert isHere();
    PartialRequest part = spareParts.pollLast();
    return part != null ? part : new PartialRequest(inbox);
  }

  /** Takes a part that has come back, gives up what it holds, and keeps it for another use. */
  void recycle(PartialRequest part) {
    assert isHere();
    part.clear();
    if (spareParts.size() < KEPT) spareParts.addLast(part);
  }

  Transaction takeTransaction() {
    assert isHere();
    Transaction transaction = spareTransactions.pollLast();
    return transaction != null ? transaction : new Transaction();
  }

  /** Gives up what a transaction holds, and keeps it for another use. */
  void recycle(Transaction transaction) {
    assert isHere();
    transaction.clear();
    if (spareTransactions.size() < KEPT) spareTransactions.addLast(transaction);
  }

  /** Hands parts back to their connections, and lets each of those send its replies once. */
  private void emptyInbox() {
    beginTurn();
    inbox.take(partDone);
    for (Connection connection : touched) connection.turnDone();
    touched.clear();
    endTurn();
  }

  private void partDone(PartialRequest part) {
    Connection connection = part.connection();
    if (connection.partDone(part)) touched.add(connection);
  }
}
