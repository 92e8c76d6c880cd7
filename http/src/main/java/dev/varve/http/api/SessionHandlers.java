package dev.varve.http.api;

import dev.varve.core.inventory.Blocker;
import dev.varve.core.inventory.Hold;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Session;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Answers requests about sessions, and gives each change its session: the one that the request
 * names, or one of its own. Thread-safe.
 */
final class SessionHandlers {

  private final Inventory inventory;

  SessionHandlers(Inventory inventory) {
    this.inventory = inventory;
  }

  void addTo(Handlers handlers) {
    handlers.onChangeThread("lockMachine", this::lock);
    handlers.onEventLoop("listSessions", this::list);
    handlers.onEventLoop("getSession", call -> Answer.ok(MachineJson.of(session(call))));
    handlers.onChangeThread("renewSession", this::renew);
    handlers.onChangeThread("unlockMachine", this::unlock);
    handlers.onChangeThread("saveSession", this::save);
    handlers.onChangeThread("discardSession", this::discard);
  }

  private Answer lock(Call call) {
    MachineView machine = Lookup.machine(inventory.view(), call.text("machine"));
    LockType type = call.enumMember("type", LockType.class, LockType::text);
    Session session =
        inventory.lock(machine.saved().id(), type, new Hold.Holder(call.caller(), call.lease()));
    return Answer.created(Paths.ofSession(session.id()), MachineJson.of(session));
  }

  private Answer list(Call call) {
    View view = inventory.view();
    String machine = call.optional("machine");
    MachineId wanted = machine == null ? null : Lookup.machine(view, machine).saved().id();
    return Answer.ok(
        Page.of(call)
            .json(
                "sessions",
                view.machines().values().stream()
                    .flatMap(of -> of.sessions().stream())
                    .filter(s -> wanted == null || s.machine().equals(wanted)),
                session -> Page.key(session.hold().since(), session.id()),
                MachineJson::of));
  }

  private Answer renew(Call call) {
    Session session = session(call);
    inventory.renew(session.id());
    return Answer.ok(MachineJson.of(known(session.id())));
  }

  private Answer unlock(Call call) {
    inventory.unlock(session(call).id());
    return Answer.done();
  }

  private Answer save(Call call) {
    Session session = session(call);
    check(call, view(session.machine()));
    inventory.renew(session.id());
    inventory.save(session.id());
    return Answer.done().with("ETag", MachineJson.etag(view(session.machine())).text());
  }

  private Answer discard(Call call) {
    Session session = session(call);
    check(call, view(session.machine()));
    inventory.renew(session.id());
    inventory.discard(session.id());
    return Answer.done().with("ETag", MachineJson.etag(view(session.machine())).text());
  }

  /** A machine as it is now. */
  MachineView view(MachineId machine) {
    return Lookup.machine(inventory.view(), machine.toString());
  }

  /** The session of the path. */
  private Session session(Call call) {
    return known(call.text("session"));
  }

  private Session known(String id) {
    return Lookup.session(inventory.view(), id);
  }

  /** Refuses a change if the machine has changed since the client has seen it. */
  static void check(Call call, MachineView machine) {
    MachineJson.etag(machine).check(call.ifMatch(), "machine '" + machine.saved().name() + "'");
  }

  /**
   * Changes a machine: within the session that the request names, or in one of its own that is
   * saved and ended.
   *
   * @param change takes the session's id
   * @return the machine as it is then
   */
  MachineView change(Call call, MachineView machine, Consumer<String> change) {
    changeFor(
        call,
        machine,
        session -> {
          change.accept(session);
          return session;
        });
    return view(machine.saved().id());
  }

  /** The same, for a change with a result. */
  <T> T changeFor(Call call, MachineView machine, Function<String, T> change) {
    check(call, machine);
    String named = call.optional("Varve-Session");
    if (named != null) return change.apply(checked(named, machine));
    try (var own = new OwnSession(call, machine)) {
      T result = change.apply(own.id());
      inventory.save(own.id());
      return result;
    }
  }

  /** The id of a session of this machine. */
  private String checked(String id, MachineView machine) {
    Session session = known(id);
    if (!session.machine().equals(machine.saved().id()))
      throw RefusedRequest.malformed(
          "session '%s' holds machine %s, not '%s'"
              .formatted(id, session.machine(), machine.saved().name()));
    inventory.renew(id);
    return id;
  }

  /**
   * The session of a request that goes on after it: the one that it names, or one of its own, which
   * is ended by the caller.
   */
  Held hold(Call call, MachineView machine) {
    check(call, machine);
    String named = call.optional("Varve-Session");
    return named == null
        ? new OwnSession(call, machine)
        : new NamedSession(checked(named, machine));
  }

  /** A session, closed by the work that needs it when that has ended; any thread. */
  sealed interface Held extends AutoCloseable {
    String id();

    @Override
    void close();
  }

  /** A client's session, which goes on. */
  private record NamedSession(String id) implements Held {
    @Override
    public void close() {}
  }

  /** A session for one change. */
  private final class OwnSession implements Held {
    private final Session session;

    OwnSession(Call call, MachineView machine) {
      session =
          inventory.lock(
              machine.saved().id(), typeFor(machine), new Hold.Holder(call.caller(), null));
    }

    @Override
    public String id() {
      return session.id();
    }

    /** What has not been saved is discarded. */
    @Override
    public void close() {
      inventory.unlock(session.id());
    }
  }

  /**
   * A running machine holds itself, and this session shares the hold. It would also save the
   * unsaved changes of another session, which is not its decision.
   */
  private static LockType typeFor(MachineView machine) {
    if (!machine.state().isOnline()) return LockType.WRITE;
    if (machine.modified())
      throw new RefusedRequest(
          409,
          ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
          "a session of machine '%s' has unsaved changes; name the session in Varve-Session, or wait until it is saved"
              .formatted(machine.saved().name()),
          machine.sessions().stream().flatMap(s -> waysOut(s, machine).stream()).toList());
    return LockType.SHARED;
  }

  private static List<WayOut> waysOut(Session session, MachineView machine) {
    return WayOut.of(
        new Blocker.Held(
            session.id(),
            session.machine(),
            machine.saved().name(),
            session.hold().holder(),
            machine.modified()));
  }
}
