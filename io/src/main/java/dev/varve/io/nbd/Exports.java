package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The exports that clients can ask for, by name, and the connections: all of them, and who uses
 * which. Thread safe.
 */
final class Exports {

  private final ConcurrentSkipListMap<String, Published> byName = new ConcurrentSkipListMap<>();
  private final Set<NbdConnection> connections = ConcurrentHashMap.newKeySet();
  private final Visitors visitors = new Visitors();
  private final Admission admission;
  private volatile boolean closing;

  /**
   * @param limits how many clients may come
   */
  Exports(NbdLimits limits) {
    admission = new Admission(limits);
  }

  /** Who may come in. */
  Admission admission() {
    return admission;
  }

  /** Who has come so far. */
  Visitors visitors() {
    return visitors;
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

  void opened(NbdConnection connection) {
    connections.add(connection);
    if (closing) connection.drain();
  }

  void closed(NbdConnection connection) {
    connections.remove(connection);
  }

  /** Sends every client away, now and from now on. */
  void close() {
    closing = true;
    connections.forEach(NbdConnection::drain);
  }

  /**
   * Hides the export and sends its clients away; completes when nobody uses its device any more.
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
    private final Set<NbdConnection> users = ConcurrentHashMap.newKeySet();
    private final Promise<Void> unused = Promise.promise();
    private volatile boolean withdrawn;

    private Published(Export export) {
      this.export = export;
    }

    Export export() {
      return export;
    }

    /** False if the export has been withdrawn. */
    boolean enter(NbdConnection user) {
      users.add(user);
      if (!withdrawn) return true;
      leave(user);
      return false;
    }

    void leave(NbdConnection user) {
      users.remove(user);
      completeIfUnused();
    }

    private Future<Void> withdraw() {
      withdrawn = true;
      users.forEach(NbdConnection::drain);
      completeIfUnused();
      return unused.future();
    }

    private void completeIfUnused() {
      if (withdrawn && users.isEmpty()) unused.tryComplete();
    }
  }
}
