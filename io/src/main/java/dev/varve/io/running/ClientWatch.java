package dev.varve.io.running;

import dev.varve.core.inventory.DiskClient;
import dev.varve.core.inventory.DiskWatcher;
import dev.varve.io.nbd.NbdClientView;
import dev.varve.io.nbd.NbdWatcher;
import java.util.function.LongSupplier;

/** Tells the inventory's watcher what the server tells of clients. Immutable. */
record ClientWatch(DiskWatcher watcher, LongSupplier nanoClock) implements NbdWatcher {

  @Override
  public void connected(NbdClientView client) {
    watcher.connected(seen(client, nanoClock.getAsLong()));
  }

  @Override
  public void disconnected(NbdClientView client, String why) {
    watcher.disconnected(seen(client, nanoClock.getAsLong()), why);
  }

  static DiskClient seen(NbdClientView client, long nowNanos) {
    return new DiskClient(
        client.number(),
        client.peer(),
        client.export(),
        nowNanos - client.sinceNanos(),
        client.requests(),
        client.bytesRead(),
        client.bytesWritten(),
        client.inFlight());
  }
}
