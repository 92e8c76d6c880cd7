package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import dev.varve.io.client.Clients;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The exports that clients can ask for, by name; the connections, and which of them use which
 * export. Thread-safe.
 */
final class Exports {

  private final ConcurrentSkipListMap<String, Published> byName = new ConcurrentSkipListMap<>();
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Clients clients = new Clients();
  private final Admission admission;
  private final Doorstep doorstep = new Doorstep();
  private volatile boolean closing;

  /**
   * @param limits how many clients may come
   */
  Exports(NbdLimits limits) {
    admission = new Admission(limits);
  }

  /** Decides which clients may come in. */
  Admission admission() {
    return admission;
  }

  /** The clients that have chosen no disk yet. */
  Doorstep doorstep() {
    return doorstep;
  }

  /** The clients, with numbers. */
  Clients clients() {
    return clients;
  }

  /** Whether every client is being sent away. */
  boolean isClosing() {
    return closing;
  }

  void publish(Export export) {
    if (byName.putIfAbsent(export.name(), new Published(export)) != null) {
      throw new IllegalArgumentException(
          "an export named '" + export.name() + "' is published already; withdraw it first");
    }
  }

  /** The export with this name; the empty name also finds the only export there is. */
  @Nullable Published find(String name) {
    Published found = byName.get(name);
    if (found != null || !name.isEmpty()) return found;
    Map.Entry<String, Published> first = byName.firstEntry();
    boolean only = first != null && byName.higherKey(first.getKey()) == null;
    return only ? first.getValue() : null;
  }

  Collection<Published> all() {
    return byName.values();
  }

  void opened(Connection connection) {
    connections.add(connection);
    if (closing) connection.drain();
  }

  void closed(Connection connection) {
    connections.remove(connection);
  }

  /** Sends every client away, now and from now on. */
  void close() {
    closing = true;
    connections.forEach(Connection::drain);
  }

  /**
   * Hides the export and sends its clients away; completes when no client uses its device any more.
   */
  Future<Void> withdraw(String name) {
    Published published = byName.remove(name);
    return published == null ? Future.succeededFuture() : published.withdraw();
  }

  /** Withdraws everything. */
  Future<Void> withdrawAll() {
    return Future.join(byName.keySet().stream().map(this::withdraw).toList()).mapEmpty();
  }

  /** An export and the connections that use it. */
  static final class Published {
    private final Export export;
    private final Set<Connection> users = ConcurrentHashMap.newKeySet();
    private final Promise<Void> unused = Promise.promise();
    private volatile boolean withdrawn;

    private Published(Export export) {
      this.export = export;
    }

    Export export() {
      return export;
    }

    /** False if the export has been withdrawn. */
    boolean enter(Connection user) {
      users.add(user);
      if (!withdrawn) return true;
      leave(user);
      return false;
    }

    void leave(Connection user) {
      users.remove(user);
      completeIfUnused();
    }

    private Future<Void> withdraw() {
      withdrawn = true;
      users.forEach(Connection::drain);
      completeIfUnused();
      return unused.future();
    }

    private void completeIfUnused() {
      if (withdrawn && users.isEmpty()) unused.tryComplete();
    }
  }
}
