package dev.varve.io.posix;

import java.io.IOException;

/**
 * A system call failed. The message names the call, what it was about, the host's words for the
 * error, and its number. Immutable.
 */
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final int errno;

  /**
   * @param why the host's words for the error
   */
  PosixException(String call, String about, int errno, String why) {
    super(call + about + ": " + why + " (errno " + errno + ")");
    this.call = call;
    this.errno = errno;
  }

  /**
   * The number of the error, one of the {@code E...} constants of {@link Posix} or another one of
   * Linux.
   */
  public int errno() {
    return errno;
  }

  /** The system call that failed, for example {@code fallocate}. */
  public String call() {
    return call;
  }

  /** Whether the host has no space left, or the user's quota there is used up. */
  public boolean outOfSpace() {
    return errno == Posix.ENOSPC || errno == Posix.EDQUOT;
  }

  /** Whether this user may not do it. */
  public boolean denied() {
    return errno == Posix.EACCES;
  }

  /**
   * Whether the file system or the kernel does not know the operation, so that another way must be
   * taken.
   */
  public boolean notSupported() {
    return errno == Posix.EOPNOTSUPP || errno == Posix.ENOSYS;
  }
}
