package dev.varve.io.nbd;

import static dev.varve.io.nbd.NbdRequest.U16;
import static dev.varve.io.nbd.NbdRequest.U32;
import static dev.varve.io.nbd.NbdRequest.U64;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.ReadSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Replies on their way to one client. Short ones, and short reads with their data, are put one
 * behind the other into one buffer, which leaves with one write at the end of the batch; long data
 * goes between them as it lies in memory.
 *
 * <pre>
 * simple reply           structured reply chunk
 *  0  u32  magic          0  u32  magic
 *  4  u32  error          4  u16  flags
 *  8  u64  cookie         6  u16  type
 * 16       data           8  u64  cookie
 *                        16  u32  length of what follows
 *                        20       payload
 * </pre>
 *
 * As a {@link ReadSink} it takes the data of the read that was begun last. Used on the connection's
 * event loop.
 */
final class Replies implements ReadSink {

  private static final int SIMPLE = 16;
  private static final int CHUNK = 20;
  private static final int DATA = CHUNK + 8;
  private static final int HOLE = CHUNK + 12;

  /** Content chunks in the reply to a read that is copied; zeroes beyond that are sent as data. */
  private static final int MOST_CHUNKS = 16;

  private static final int NO_CHUNK = -1;

  private static final ByteBuf ZEROES =
      Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(NbdLoop.LARGE)));

  private final ChannelHandlerContext context;
  private final NbdLoop loop;
  private final boolean structured;

  private @Nullable LoopBuffer buffer;
  private MemorySegment memory = MemorySegment.NULL;
  private int start; // of what was not written to the channel yet
  private int end;
  private long unflushed; // bytes written to the channel and not flushed
  private long flushed;

  // The read that is being copied.
  private long cookie;
  private long offset; // of the next byte on the disk
  private int begin; // where the reply begins, to cancel it
  private int chunk; // where the open data chunk begins, or NO_CHUNK
  private int last; // where the last chunk begins
  private int chunks;
  private int mostChunks;

  Replies(ChannelHandlerContext context, NbdLoop loop, boolean structured) {
    this.context = context;
    this.loop = loop;
    this.structured = structured;
  }

  // ---- Replies without data

  /** The request is done. */
  void success(long cookie) {
    reserve(SIMPLE);
    simple(cookie, NbdError.NONE);
  }

  void failure(long cookie, NbdRefusal why) {
    if (!structured) {
      reserve(SIMPLE);
      simple(cookie, why.error());
      return;
    }
    byte[] message = why.message().getBytes(StandardCharsets.UTF_8);
    if (message.length > Wire.MAX_STRING) message = Arrays.copyOf(message, Wire.MAX_STRING);
    reserve(CHUNK + 6 + message.length);
    chunk(Wire.REPLY_FLAG_DONE, Wire.REPLY_ERROR, cookie, 6 + message.length);
    memory.set(U32, end, why.error().code());
    memory.set(U16, end + 4, (short) message.length);
    MemorySegment.copy(MemorySegment.ofArray(message), 0, memory, end + 6, message.length);
    end += 6 + message.length;
  }

  /** One chunk for each metadata context that was chosen. */
  void blockStatus(long cookie, int contexts, ExtentList extents) {
    for (int context = 1; context <= contexts; context <<= 1) {
      if ((contexts & context) == 0) continue;
      boolean lastContext = context << 1 > contexts;
      reserve(CHUNK + 4 + 8 * extents.count());
      int at = end;
      chunk(lastContext ? Wire.REPLY_FLAG_DONE : 0, Wire.REPLY_BLOCK_STATUS, cookie, 0);
      memory.set(U32, end, context);
      end += 4;
      descriptors(context, extents);
      memory.set(U32, at + 16, end - at - CHUNK);
    }
  }

  private void descriptors(int context, ExtentList extents) {
    int first = end;
    for (int i = 0; i < extents.count(); i++) {
      int status =
          context == NegotiatedOptions.ALLOCATION ? extents.allocation(i) : extents.depth(i);
      int length = (int) extents.length(i);
      if (end > first && memory.get(U32, end - 4) == status) {
        memory.set(U32, end - 8, memory.get(U32, end - 8) + length);
      } else {
        memory.set(U32, end, length);
        memory.set(U32, end + 4, status);
        end += 8;
      }
    }
  }

  // ---- Reads that are copied

  /**
   * Begins the reply to a read of at most {@link NbdLoop#SMALL} bytes; data follows through the
   * sink.
   */
  void beginRead(long cookie, long offset, int length, boolean unfragmented) {
    assert loop.isHere();
    reserve(SIMPLE + length + MOST_CHUNKS * HOLE);
    this.cookie = cookie;
    this.offset = offset;
    begin = end;
    chunk = NO_CHUNK;
    last = NO_CHUNK;
    chunks = 0;
    mostChunks = unfragmented ? 1 : MOST_CHUNKS;
    if (!structured) simple(cookie, NbdError.NONE);
  }

  @Override
  public void bytes(MemorySegment from, long at, int length) {
    if (structured) openData();
    MemorySegment.copy(from, at, memory, end, length);
    end += length;
    offset += length;
  }

  @Override
  public void zeroes(int length) {
    if (structured && mostChunks > 1 && chunks < mostChunks - 1) {
      closeData();
      last = end;
      chunks++;
      chunk(0, Wire.REPLY_OFFSET_HOLE, cookie, 12);
      memory.set(U64, end, offset);
      memory.set(U32, end + 8, length);
      end += 12;
    } else {
      if (structured) openData();
      memory.asSlice(end, length).fill((byte) 0);
      end += length;
    }
    offset += length;
  }

  private void openData() {
    if (chunk != NO_CHUNK) return;
    chunk = end;
    last = end;
    chunks++;
    chunk(0, Wire.REPLY_OFFSET_DATA, cookie, 0);
    memory.set(U64, end, offset);
    end += 8;
  }

  private void closeData() {
    if (chunk == NO_CHUNK) return;
    memory.set(U32, chunk + 16, end - chunk - CHUNK);
    chunk = NO_CHUNK;
  }

  /** The data was complete. */
  void endRead() {
    if (!structured) return;
    closeData();
    if (last == NO_CHUNK) {
      chunk(Wire.REPLY_FLAG_DONE, Wire.REPLY_NONE, cookie, 0);
    } else {
      memory.set(U16, last + 4, (short) Wire.REPLY_FLAG_DONE);
    }
  }

  /** The data could not be had: nothing of the reply is sent. */
  void cancelRead() {
    end = begin;
  }

  // ---- Reads whose data goes as it lies in memory

  /** Sends a read by reference; {@code lease} is released when the socket has taken everything. */
  void read(Transaction read, ReadRuns runs, BlockDevice.Lease lease) {
    boolean whole = !structured || read.unfragmented();
    if (whole) beginWhole(read.cookie(), read.offset(), read.length());
    long at = read.offset();
    int count = runs.count();
    for (int i = 0, next; i < count; i = next) {
      boolean zero = runs.isZero(i);
      int length = 0;
      for (next = i; next < count && runs.isZero(next) == zero; next++) length += runs.length(next);
      if (!whole) beginRun(read.cookie(), at, length, zero, next == count);
      if (!zero) writeRuns(runs, i, next, length);
      else if (whole) writeZeroes(length);
      at += length;
    }
    emit();
    // The channel takes or fails its writes in order: when this one is done, the socket has read
    // the memory.
    context.write(Unpooled.EMPTY_BUFFER).addListener((ChannelFutureListener) _ -> lease.release());
  }

  /**
   * In pieces of which a gathering write takes as many as fit: of a longer one it takes none, and
   * sends the header before it alone.
   */
  private void writeRuns(ReadRuns runs, int from, int to, int total) {
    emit();
    unflushed += total;
    for (int run = from; run < to; run++) {
      int length = runs.length(run);
      for (int at = 0, n; at < length; at += n) {
        n = Math.min(length - at, NbdLoop.LARGE);
        context.write(runs.slice(run, at, n), context.voidPromise());
      }
    }
  }

  /** Sends a read that storage threads have carried out, out of its transaction's buffers. */
  void read(Transaction transaction) {
    beginWhole(transaction.cookie(), transaction.offset(), transaction.length());
    for (LoopBuffer data : transaction.data()) {
      int length = data.readableBytes();
      if (length <= NbdLoop.SMALL) {
        reserve(length);
        MemorySegment.copy(data.memory(), 0, memory, end, length);
        end += length;
      } else {
        emit();
        unflushed += length;
        context.write(data.retain(), context.voidPromise());
      }
    }
  }

  /** The header of a reply whose data comes in one piece. */
  private void beginWhole(long cookie, long offset, int length) {
    reserve(DATA);
    if (!structured) {
      simple(cookie, NbdError.NONE);
    } else if (length == 0) {
      chunk(Wire.REPLY_FLAG_DONE, Wire.REPLY_NONE, cookie, 0);
    } else {
      chunk(Wire.REPLY_FLAG_DONE, Wire.REPLY_OFFSET_DATA, cookie, 8 + length);
      memory.set(U64, end, offset);
      end += 8;
    }
  }

  private void beginRun(long cookie, long offset, int length, boolean zero, boolean done) {
    reserve(HOLE);
    int flags = done ? Wire.REPLY_FLAG_DONE : 0;
    if (zero) chunk(flags, Wire.REPLY_OFFSET_HOLE, cookie, 12);
    else chunk(flags, Wire.REPLY_OFFSET_DATA, cookie, 8 + length);
    memory.set(U64, end, offset);
    end += 8;
    if (!zero) return;
    memory.set(U32, end, length);
    end += 4;
  }

  private void writeZeroes(int length) {
    emit();
    unflushed += length;
    for (int n; length > 0; length -= n) {
      n = Math.min(length, ZEROES.capacity());
      context.write(ZEROES.slice(0, n), context.voidPromise());
    }
  }

  // ---- The buffer

  private void simple(long cookie, NbdError error) {
    memory.set(U32, end, Wire.SIMPLE_REPLY_MAGIC);
    memory.set(U32, end + 4, error.code());
    memory.set(U64, end + 8, cookie);
    end += SIMPLE;
  }

  private void chunk(int flags, int type, long cookie, int length) {
    memory.set(U32, end, Wire.STRUCTURED_REPLY_MAGIC);
    memory.set(U16, end + 4, (short) flags);
    memory.set(U16, end + 6, (short) type);
    memory.set(U64, end + 8, cookie);
    memory.set(U32, end + 16, length);
    end += CHUNK;
  }

  /** Makes room for {@code bytes} in one piece. */
  private void reserve(int bytes) {
    if (buffer != null && buffer.capacity() - end >= bytes) return;
    release();
    buffer = loop.takeRoomy(bytes);
    memory = buffer.memory();
  }

  /** Writes to the channel what is in the buffer. */
  private void emit() {
    if (buffer == null || start == end) return;
    if (start == 0) {
      buffer.setIndex(0, end);
      context.write(buffer.retain(), context.voidPromise());
    } else {
      context.write(buffer.retainedSlice(start, end - start), context.voidPromise());
    }
    unflushed += end - start;
    start = end;
  }

  /** Whether so much has gathered that it should leave before more is added. */
  boolean shouldFlush() {
    return unflushed >= NbdLoop.LARGE;
  }

  /** How many bytes were ever given to the socket. */
  long flushed() {
    return flushed;
  }

  private void release() {
    emit();
    if (buffer != null) buffer.release();
    buffer = null;
    start = 0;
    end = 0;
  }

  /** Sends everything; the buffer is used again once the socket has taken it. */
  void flush() {
    assert loop.isHere();
    if (buffer == null) return;
    emit();
    context.flush();
    flushed += unflushed;
    unflushed = 0;
    release();
  }
}
