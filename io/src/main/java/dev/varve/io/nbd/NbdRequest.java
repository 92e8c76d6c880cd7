package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The header of the request that is being looked at. One object per connection, filled anew for
 * each request.
 *
 * <pre>
 *  0  u32  magic
 *  4  u16  flags
 *  6  u16  command
 *  8  u64  cookie
 * 16  u64  offset
 * 24  u32  length
 * 28       payload, if the command is a write
 * </pre>
 */
final class NbdRequest {

  static final int HEADER = 28;

  static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private int flags;
  private NbdCommand command = NbdCommand.UNKNOWN;
  private long cookie;
  private long offset;
  private long length;

  /** Takes the header at {@code at}; false if there is none, because the magic number is wrong. */
  boolean parse(MemorySegment memory, long at) {
    flags = memory.get(U16, at + 4) & 0xffff;
    command = NbdCommand.of(memory.get(U16, at + 6) & 0xffff);
    cookie = memory.get(U64, at + 8);
    offset = memory.get(U64, at + 16);
    length = memory.get(U32, at + 24) & 0xffff_ffffL;
    return memory.get(U32, at) == Wire.REQUEST_MAGIC;
  }

  NbdCommand command() {
    return command;
  }

  long cookie() {
    return cookie;
  }

  long offset() {
    return offset;
  }

  long length() {
    return length;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** How many bytes follow the header. */
  long payload() {
    return command == NbdCommand.WRITE ? length : 0;
  }

  /** Null if the export can be asked for this, by a client that has negotiated {@code options}. */
  @Nullable NbdRefusal refusal(Export export, NegotiatedOptions options) {
    if (command == NbdCommand.UNKNOWN) {
      return refuse(
          NbdError.EINVAL, "is not a command of this server; look at the transmission flags");
    }
    int allowed = options.structured() ? command.flags() : command.flags() & ~Wire.CMD_FLAG_DF;
    if ((flags & ~allowed) != 0) {
      return refuse(NbdError.EINVAL, "has flags 0x%x; it may have 0x%x".formatted(flags, allowed));
    }
    if (command == NbdCommand.FLUSH) {
      return (offset | length) == 0
          ? null
          : refuse(NbdError.EINVAL, "must have offset and length 0");
    }
    if (command.modifies() && export.readOnly()) {
      return refuse(NbdError.EPERM, "is refused: the export is read-only");
    }
    if (command == NbdCommand.TRIM && !export.discard()) {
      return refuse(NbdError.EINVAL, "is refused: discard is off for this export");
    }
    if (command.carriesData() && length > Wire.MAX_PAYLOAD) {
      return refuse(NbdError.EINVAL, "is longer than the " + Wire.MAX_PAYLOAD + " bytes allowed");
    }
    long capacity = export.device().capacity();
    if (offset < 0 || offset > capacity - length) {
      return refuse(
          command.needsSpace() ? NbdError.ENOSPC : NbdError.EINVAL,
          "goes beyond the disk's " + capacity + " bytes");
    }
    return switch (command) {
      case WRITE_ZEROES -> has(Wire.CMD_FLAG_FAST_ZERO) && !zeroesFast(export) ? slowZero() : null;
      case BLOCK_STATUS -> refuseBlockStatus(options);
      default -> null;
    };
  }

  /**
   * Zeroes are fast where blocks are forgotten whole; else space is kept, or the rest of a block
   * may have to be copied.
   */
  private boolean zeroesFast(Export export) {
    long block = export.device().blockSize();
    boolean whole =
        offset % block == 0
            && ((offset + length) % block == 0 || offset + length == export.device().capacity());
    return whole && !has(Wire.CMD_FLAG_NO_HOLE);
  }

  private NbdRefusal slowZero() {
    return refuse(NbdError.ENOTSUP, "is fast only for whole blocks that may become holes");
  }

  private @Nullable NbdRefusal refuseBlockStatus(NegotiatedOptions options) {
    if (options.contexts() == 0) {
      return refuse(NbdError.EINVAL, "needs a metadata context, and none was negotiated");
    }
    return length == 0 ? refuse(NbdError.EINVAL, "needs a length") : null;
  }

  private NbdRefusal refuse(NbdError error, String why) {
    return new NbdRefusal(
        error,
        "%s of %d bytes at %s %s"
            .formatted(command.noun(), length, Long.toUnsignedString(offset), why));
  }
}
