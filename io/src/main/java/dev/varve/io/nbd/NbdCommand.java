package dev.varve.io.nbd;

import dev.varve.core.device.DeviceRequest.Op;
import org.jspecify.annotations.Nullable;

/**
 * What a client can ask for in the transmission phase, with the flags that each command
 * understands.
 */
enum NbdCommand {
  READ(Wire.CMD_FLAG_DF),
  WRITE(0),
  DISCONNECT(0),
  FLUSH(0),
  TRIM(0),
  CACHE(0),
  WRITE_ZEROES(Wire.CMD_FLAG_NO_HOLE | Wire.CMD_FLAG_FAST_ZERO),
  BLOCK_STATUS(Wire.CMD_FLAG_REQ_ONE),
  UNKNOWN(0);

  private static final NbdCommand[] BY_CODE = values();

  private final int flags;

  NbdCommand(int flags) {
    this.flags = flags | Wire.CMD_FLAG_FUA; // which every command has to accept
  }

  /** The command with this number on the wire, or {@link #UNKNOWN}. */
  static NbdCommand of(int code) {
    return code < UNKNOWN.ordinal() ? BY_CODE[code] : UNKNOWN;
  }

  int flags() {
    return flags;
  }

  /** What of a disk it asks for; null if it asks for nothing of it. */
  @Nullable Op operation() {
    return switch (this) {
      case READ -> Op.READ;
      case WRITE -> Op.WRITE;
      case FLUSH -> Op.FLUSH;
      case TRIM -> Op.DISCARD;
      case CACHE -> Op.CACHE;
      case WRITE_ZEROES -> Op.WRITE_ZEROES;
      case BLOCK_STATUS -> Op.EXTENTS;
      case DISCONNECT, UNKNOWN -> null;
    };
  }

  boolean modifies() {
    return this == WRITE || this == TRIM || this == WRITE_ZEROES;
  }

  /** Whether a range beyond the disk is answered with "no space" instead of "invalid". */
  boolean needsSpace() {
    return this == WRITE || this == WRITE_ZEROES;
  }

  /** Whether the data travels with the request or its reply, so that its length is bounded. */
  boolean carriesData() {
    return this == READ || this == WRITE;
  }

  /** How messages call it. */
  String noun() {
    return switch (this) {
      case READ -> "read";
      case WRITE -> "write";
      case DISCONNECT -> "disconnect";
      case FLUSH -> "flush";
      case TRIM -> "trim";
      case CACHE -> "cache";
      case WRITE_ZEROES -> "write zeroes";
      case BLOCK_STATUS -> "block status";
      case UNKNOWN -> "unknown command";
    };
  }
}
