package dev.varve.io.nbd;

/**
 * Hears which clients use a disk. Called in the threads of the loops that serve disks: no method
 * may wait or throw.
 */
public interface NbdWatcher {

  /** One that does nothing. */
  NbdWatcher NONE =
      new NbdWatcher() {
        @Override
        public void connected(NbdClientView client) {}

        @Override
        public void disconnected(NbdClientView client, String why) {}
      };

  /** A client has chosen a disk. */
  void connected(NbdClientView client);

  /**
   * A client that had chosen a disk is gone.
   *
   * @param why for people
   */
  void disconnected(NbdClientView client, String why);
}
