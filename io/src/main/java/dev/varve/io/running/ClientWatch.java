package dev.varve.io.running;

import dev.varve.core.inventory.DiskClient;
import dev.varve.core.inventory.DiskWatcher;
import dev.varve.io.client.ClientView;
import dev.varve.io.client.ClientWatcher;
import java.util.function.LongSupplier;

/** Tells the inventory's watcher what the servers tell of clients. Immutable. */
record ClientWatch(DiskWatcher watcher, LongSupplier nanoClock) implements ClientWatcher {

  @Override
  public void connected(ClientView client) {
    watcher.connected(seen(client, nanoClock.getAsLong()));
  }

  @Override
  public void disconnected(ClientView client, String why) {
    watcher.disconnected(seen(client, nanoClock.getAsLong()), why);
  }

  static DiskClient seen(ClientView client, long nowNanos) {
    return new DiskClient(
        client.number(),
        client.transport().text(),
        client.peer(),
        client.export(),
        nowNanos - client.sinceNanos(),
        client.asked().requests(),
        client.asked().bytesRead(),
        client.asked().bytesWritten(),
        client.asked().inFlight());
  }
}
