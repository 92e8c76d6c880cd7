package dev.varve.io.nbd;

/**
 * A client's connection, as the classes below it see it. All calls but {@link #drain} come on the
 * event loop of its channel, and none throws: what fails for one client must not reach the others
 * of the loop.
 */
interface Connection {

  /**
   * A part of one of its requests has come back from the device.
   *
   * @return whether it is the first since {@link #turnDone}, which the caller then owes it
   */
  boolean partDone(PartialRequest part);

  /** All parts that came back in this turn have been told: sends replies, and goes on. */
  void turnDone();

  /** Asks for {@link #turnDone} in a turn of its own, soon. */
  void goOnSoon();

  /**
   * Takes no more requests, and closes when those in flight have been answered. Does nothing if it
   * ends already.
   *
   * @param why for the log; empty if the reason was told before
   */
  void end(String why);

  /** Sends the client away: its disk is not served any more, or the server stops. Any thread. */
  void drain();

  /** Makes room for another client, if it has chosen no disk yet. Any thread. */
  void giveWay();

  /** Closes at once; what is in flight gets no reply. */
  void cut(String why);
}
