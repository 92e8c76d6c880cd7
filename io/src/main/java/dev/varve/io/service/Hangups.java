package dev.varve.io.service;

import dev.varve.io.posix.Posix;

/** The signal SIGHUP of this process. Any thread; nothing blocks. */
public final class Hangups {

  private Hangups() {}

  /**
   * Lets the signal arrive, which {@code nohup} and some supervisors have their children ignore.
   * Until a handler is set it ends the process.
   */
  public static void heed() {
    Posix.heed(Posix.SIGHUP);
  }
}
