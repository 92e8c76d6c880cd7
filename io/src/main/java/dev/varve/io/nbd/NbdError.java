package dev.varve.io.nbd;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.OutOfSpaceException;

/** What a reply says went wrong; the codes of the wire are chosen here and nowhere else. */
enum NbdError {
  NONE(0),
  EPERM(1),
  EIO(5),
  ENOMEM(12),
  EINVAL(22),
  ENOSPC(28),
  ENOTSUP(95),
  ESHUTDOWN(108);

  private final int code;

  NbdError(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static NbdError of(Throwable failure) {
    return switch (failure) {
      case OutOfSpaceException _ -> ENOSPC;
      case DeviceClosedException _ -> ESHUTDOWN;
      default -> EIO;
    };
  }
}
