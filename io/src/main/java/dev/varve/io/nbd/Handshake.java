package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The handshake of one connection, fixed newstyle: from the greeting to the export that the client
 * chose. Knows no socket: bytes in, bytes out.
 *
 * <pre>
 * option                            reply to an option
 *  0  u64  magic                     0  u64  magic
 *  8  u32  option                    8  u32  option
 * 12  u32  length                   12  u32  type of reply
 * 16       data                     16  u32  length
 *                                   20       data
 * </pre>
 */
final class Handshake {

  /** What the connection does next. */
  enum Outcome {
    /** Waits for more bytes. */
    WAIT,
    /** Looks at the next option. */
    GO_ON,
    /** Sends the acknowledgement, and speaks TLS from then on; then {@link #secured}. */
    START_TLS,
    /** Enters the transmission phase with {@link #chosen} and {@link #negotiated}. */
    TRANSMIT,
    /** Sends what there is to send and disconnects. */
    END
  }

  /** How the connection is protected. */
  private enum Security {
    /** It is not, and cannot be. */
    NONE,
    /** The client has to begin TLS before anything else. */
    REQUIRED,
    /** TLS is spoken. */
    TLS
  }

  private static final int OPTION_HEADER = 16;
  private static final int ZERO_PADDING = 124;
  private static final int SMALLEST_BLOCK = 1;

  /** The least that is preferred, however small the device's blocks are. */
  private static final int SMALLEST_PREFERRED = 4096;

  private static final String ALLOCATION = "base:allocation";
  private static final String DEPTH = "qemu:allocation-depth";

  private final Exports exports;
  private final NbdLimits limits;
  private final ReplyStyle replies;
  private Security security = Security.NONE;
  private boolean flagsSeen;
  private boolean fixed;
  private boolean noZeroes;
  private boolean structured;
  private int options;
  private int contexts;
  private Exports.@Nullable Published contextsOf;
  private Exports.@Nullable Published chosen;
  private @Nullable String unknown;
  private @Nullable String refusal;

  Handshake(Exports exports, NbdLimits limits, ReplyStyle replies) {
    this.exports = exports;
    this.limits = limits;
    this.replies = replies;
  }

  /** The first bytes on every connection. */
  static void greet(ByteBuf out) {
    out.writeLong(Wire.INIT_PASSWD);
    out.writeLong(Wire.OPTION_MAGIC);
    out.writeShort(Wire.FLAG_FIXED_NEWSTYLE | Wire.FLAG_NO_ZEROES);
  }

  /**
   * Answers the first option that is about a disk with this reason, and ends; what comes before
   * that clients ask whatever they are answered.
   */
  void refuse(String reason) {
    refusal = reason;
  }

  /** Answers nothing before the client has begun TLS. */
  void requireTls() {
    security = Security.REQUIRED;
  }

  /** From now on everything comes through TLS. */
  void secured() {
    security = Security.TLS;
  }

  /** The export that the client chose. */
  Exports.Published chosen() {
    assert chosen != null;
    return chosen;
  }

  /**
   * The name that was asked for last and is not served; null if there is none since the last call.
   */
  @Nullable String unknown() {
    String name = unknown;
    unknown = null;
    return name;
  }

  NegotiatedOptions negotiated() {
    return new NegotiatedOptions(structured, chosen == contextsOf ? contexts : 0);
  }

  /** Takes the client's flags or one option, if it is there whole. */
  Outcome advance(ByteBuf in, ByteBuf out) {
    if (!flagsSeen) return takeFlags(in);
    if (in.readableBytes() < OPTION_HEADER) return Outcome.WAIT;
    int at = in.readerIndex();
    int option = in.getInt(at + 8);
    long length = in.getUnsignedInt(at + 12);
    if (in.getLong(at) != Wire.OPTION_MAGIC) return Outcome.END;
    if (length > limits.optionBytes()) {
      error(
          out,
          option,
          Wire.REP_ERR_TOO_BIG,
          "an option may have " + limits.optionBytes() + " bytes");
      return Outcome.END;
    }
    if (in.readableBytes() < OPTION_HEADER + length) return Outcome.WAIT;
    if (++options > limits.options() || !fixed && option != Wire.OPT_EXPORT_NAME)
      return Outcome.END;
    if (refusal != null && (isAboutADisk(option) || option == Wire.OPT_STARTTLS)) {
      if (option != Wire.OPT_EXPORT_NAME) error(out, option, Wire.REP_ERR_POLICY, refusal);
      return Outcome.END; // the protocol has no error for that one
    }
    in.skipBytes(OPTION_HEADER);
    ByteBuf data = in.readSlice((int) length);
    if (security == Security.REQUIRED) return takeInPlain(option, data, out);
    return take(option, data, out);
  }

  /** Takes an option of a client that has not begun TLS yet. */
  private Outcome takeInPlain(int option, ByteBuf data, ByteBuf out) {
    switch (option) {
      case Wire.OPT_EXPORT_NAME -> {
        return Outcome.END; // the protocol has no error here
      }
      case Wire.OPT_ABORT -> {
        return take(option, data, out);
      }
      case Wire.OPT_STARTTLS -> {
        if (data.isReadable()) {
          error(out, option, Wire.REP_ERR_INVALID, "this option has no data");
          return Outcome.GO_ON;
        }
        ack(out, option);
        return Outcome.START_TLS;
      }
      default ->
          error(out, option, Wire.REP_ERR_TLS_REQD, "this server speaks TLS only: begin it first");
    }
    return Outcome.GO_ON;
  }

  private static boolean isAboutADisk(int option) {
    return switch (option) {
      case Wire.OPT_EXPORT_NAME, Wire.OPT_LIST, Wire.OPT_INFO, Wire.OPT_GO -> true;
      default -> false;
    };
  }

  private Outcome takeFlags(ByteBuf in) {
    if (in.readableBytes() < 4) return Outcome.WAIT;
    int flags = in.readInt();
    flagsSeen = true;
    fixed = (flags & Wire.FLAG_FIXED_NEWSTYLE) != 0;
    noZeroes = (flags & Wire.FLAG_NO_ZEROES) != 0;
    boolean unknown = (flags & ~(Wire.FLAG_FIXED_NEWSTYLE | Wire.FLAG_NO_ZEROES)) != 0;
    return unknown ? Outcome.END : Outcome.GO_ON;
  }

  private Outcome take(int option, ByteBuf data, ByteBuf out) {
    switch (option) {
      case Wire.OPT_EXPORT_NAME -> {
        return exportName(data, out);
      }
      case Wire.OPT_ABORT -> {
        ack(out, option);
        return Outcome.END;
      }
      case Wire.OPT_LIST -> list(data, out);
      case Wire.OPT_STRUCTURED_REPLY -> structuredReply(data, out);
      case Wire.OPT_INFO, Wire.OPT_GO -> {
        return info(option, data, out);
      }
      case Wire.OPT_LIST_META_CONTEXT, Wire.OPT_SET_META_CONTEXT -> metaContext(option, data, out);
      case Wire.OPT_STARTTLS -> startTlsAgain(out);
      default -> error(out, option, Wire.REP_ERR_UNSUP, "option " + option + " is not known");
    }
    return Outcome.GO_ON;
  }

  private void startTlsAgain(ByteBuf out) {
    if (security == Security.TLS)
      error(out, Wire.OPT_STARTTLS, Wire.REP_ERR_INVALID, "TLS has begun already");
    else error(out, Wire.OPT_STARTTLS, Wire.REP_ERR_UNSUP, "this server does not speak TLS here");
  }

  private Outcome exportName(ByteBuf data, ByteBuf out) {
    String name = data.toString(StandardCharsets.UTF_8);
    chosen = exports.find(name);
    if (chosen == null) {
      unknown = name;
      return Outcome.END; // the protocol has no error here
    }
    out.writeLong(chosen.export().device().capacity());
    out.writeShort(flags(chosen.export()));
    if (!noZeroes) out.writeZero(ZERO_PADDING);
    return Outcome.TRANSMIT;
  }

  private void list(ByteBuf data, ByteBuf out) {
    if (data.isReadable()) {
      error(out, Wire.OPT_LIST, Wire.REP_ERR_INVALID, "a list option has no data");
      return;
    }
    for (Exports.Published published : exports.all()) {
      Export export = published.export();
      int nameLength = ByteBufUtil.utf8Bytes(export.name());
      int length = 4 + nameLength + ByteBufUtil.utf8Bytes(export.description());
      header(out, Wire.OPT_LIST, Wire.REP_SERVER, length);
      out.writeInt(nameLength);
      ByteBufUtil.writeUtf8(out, export.name());
      ByteBufUtil.writeUtf8(out, export.description());
    }
    ack(out, Wire.OPT_LIST);
  }

  private void structuredReply(ByteBuf data, ByteBuf out) {
    if (data.isReadable()) {
      error(out, Wire.OPT_STRUCTURED_REPLY, Wire.REP_ERR_INVALID, "this option has no data");
      return;
    }
    if (replies == ReplyStyle.SIMPLE) {
      error(out, Wire.OPT_STRUCTURED_REPLY, Wire.REP_ERR_UNSUP, "this server gives simple replies");
      return;
    }
    structured = true;
    ack(out, Wire.OPT_STRUCTURED_REPLY);
  }

  private Outcome info(int option, ByteBuf data, ByteBuf out) {
    String name = readString(data);
    if (name == null || data.readableBytes() < 2) return invalid(option, out);
    int count = data.readUnsignedShort();
    if (data.readableBytes() != 2 * count) return invalid(option, out);
    Exports.Published found = exports.find(name);
    if (found == null) return unknown(option, name, out);

    Set<Integer> wanted = new HashSet<>();
    while (data.isReadable()) wanted.add(data.readUnsignedShort());
    describe(option, found.export(), wanted, out);
    ack(out, option);
    if (option == Wire.OPT_INFO) return Outcome.GO_ON;
    chosen = found;
    return Outcome.TRANSMIT;
  }

  private void describe(int option, Export export, Set<Integer> wanted, ByteBuf out) {
    header(out, option, Wire.REP_INFO, 12);
    out.writeShort(Wire.INFO_EXPORT);
    out.writeLong(export.device().capacity());
    out.writeShort(flags(export));
    if (wanted.contains(Wire.INFO_NAME)) string(option, Wire.INFO_NAME, export.name(), out);
    if (wanted.contains(Wire.INFO_DESCRIPTION)) {
      string(option, Wire.INFO_DESCRIPTION, export.description(), out);
    }
    if (wanted.contains(Wire.INFO_BLOCK_SIZE)) {
      header(out, option, Wire.REP_INFO, 14);
      out.writeShort(Wire.INFO_BLOCK_SIZE);
      out.writeInt(SMALLEST_BLOCK);
      out.writeInt(Math.clamp(export.device().blockSize(), SMALLEST_PREFERRED, Wire.MAX_PAYLOAD));
      out.writeInt(Wire.MAX_PAYLOAD);
    }
  }

  private static void string(int option, int type, String text, ByteBuf out) {
    header(out, option, Wire.REP_INFO, 2 + ByteBufUtil.utf8Bytes(text));
    out.writeShort(type);
    ByteBufUtil.writeUtf8(out, text);
  }

  private int flags(Export export) {
    int flags =
        Wire.HAS_FLAGS | Wire.SEND_FLUSH | Wire.SEND_FUA | Wire.CAN_MULTI_CONN | Wire.SEND_CACHE;
    if (structured) flags |= Wire.SEND_DF;
    if (export.rotational()) flags |= Wire.ROTATIONAL;
    if (export.readOnly()) return flags | Wire.READ_ONLY;
    if (export.discard()) flags |= Wire.SEND_TRIM;
    return flags | Wire.SEND_WRITE_ZEROES | Wire.SEND_FAST_ZERO;
  }

  private void metaContext(int option, ByteBuf data, ByteBuf out) {
    boolean set = option == Wire.OPT_SET_META_CONTEXT;
    if (set) contexts = 0;
    if (!structured) {
      error(out, option, Wire.REP_ERR_INVALID, "metadata contexts need structured replies first");
      return;
    }
    String name = readString(data);
    if (name == null || data.readableBytes() < 4) {
      invalid(option, out);
      return;
    }
    long queries = data.readUnsignedInt();
    int found = queries == 0 && !set ? NegotiatedOptions.ALLOCATION | NegotiatedOptions.DEPTH : 0;
    for (long i = 0; i < queries; i++) {
      String query = readString(data);
      if (query == null) {
        invalid(option, out);
        return;
      }
      found |= matching(query, set);
    }
    Exports.Published export = exports.find(name);
    if (data.isReadable()) {
      invalid(option, out);
    } else if (export == null) {
      unknown(option, name, out);
    } else {
      if ((found & NegotiatedOptions.ALLOCATION) != 0)
        context(option, NegotiatedOptions.ALLOCATION, ALLOCATION, set, out);
      if ((found & NegotiatedOptions.DEPTH) != 0)
        context(option, NegotiatedOptions.DEPTH, DEPTH, set, out);
      ack(out, option);
      if (!set) return;
      contexts = found;
      contextsOf = export;
    }
  }

  /**
   * The contexts that a query names; a namespace alone lists what is in it, and selects nothing.
   */
  private static int matching(String query, boolean set) {
    return switch (query) {
      case ALLOCATION -> NegotiatedOptions.ALLOCATION;
      case DEPTH -> NegotiatedOptions.DEPTH;
      case "base:" -> set ? 0 : NegotiatedOptions.ALLOCATION;
      case "qemu:" -> set ? 0 : NegotiatedOptions.DEPTH;
      default -> 0;
    };
  }

  private static void context(int option, int id, String name, boolean set, ByteBuf out) {
    header(out, option, Wire.REP_META_CONTEXT, 4 + name.length());
    out.writeInt(set ? id : 0);
    ByteBufUtil.writeAscii(out, name);
  }

  /** A string behind its length; null if that does not fit what is there, or the rule. */
  private static @Nullable String readString(ByteBuf data) {
    if (data.readableBytes() < 4) return null;
    long length = data.readUnsignedInt();
    if (length > Wire.MAX_STRING || length > data.readableBytes()) return null;
    return data.readCharSequence((int) length, StandardCharsets.UTF_8).toString();
  }

  private static Outcome invalid(int option, ByteBuf out) {
    error(out, option, Wire.REP_ERR_INVALID, "the lengths in the option do not add up");
    return Outcome.GO_ON;
  }

  private Outcome unknown(int option, String name, ByteBuf out) {
    unknown = name;
    error(out, option, Wire.REP_ERR_UNKNOWN, "there is no export named '" + name + "'");
    return Outcome.GO_ON;
  }

  private static void ack(ByteBuf out, int option) {
    header(out, option, Wire.REP_ACK, 0);
  }

  private static void error(ByteBuf out, int option, int type, String message) {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, Wire.MAX_STRING);
    header(out, option, type, length);
    out.writeBytes(text, 0, length);
  }

  private static void header(ByteBuf out, int option, int type, int length) {
    out.writeLong(Wire.OPTION_REPLY_MAGIC);
    out.writeInt(option);
    out.writeInt(type);
    out.writeInt(length);
  }
}
