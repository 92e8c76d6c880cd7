package dev.varve.io.client;

/** Hears which clients use a disk. Called on event loops: no method may wait or throw. */
public interface ClientWatcher {

  /** One that does nothing. */
  ClientWatcher NONE =
      new ClientWatcher() {
        @Override
        public void connected(ClientView client) {}

        @Override
        public void disconnected(ClientView client, String why) {}
      };

  /** A client uses a disk from now on. */
  void connected(ClientView client);

  /**
   * A client that has used a disk is gone.
   *
   * @param why for people
   */
  void disconnected(ClientView client, String why);
}
