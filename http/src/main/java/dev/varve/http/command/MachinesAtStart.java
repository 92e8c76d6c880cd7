package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;

import dev.varve.core.device.FailureWords;
import dev.varve.core.medium.ErrorCode;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.RefusedException;
import dev.varve.http.server.StateServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The machines that start with a server. Each starts in a thread of its own, because the host below
 * one may not answer; one that cannot start is a warning of the server, and keeps neither others
 * nor the server from starting. For one thread.
 */
final class MachinesAtStart {

  /** Means every machine that is registered. */
  private static final String ALL = "all";

  /** After this time the server calls itself ready, whatever is still starting. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  private final StateServer server;
  private final MachineServing serving;
  private final Set<String> begun = ConcurrentHashMap.newKeySet();
  private final Duration patience;
  private final Map<String, String> failed = new ConcurrentHashMap<>();
  private boolean ready;

  MachinesAtStart(StateServer server, MachineServing serving, Duration patience) {
    this.server = server;
    this.serving = serving;
    this.patience = patience;
  }

  /**
   * Starts machines, and waits for them as long as the patience lasts.
   *
   * @param wanted names, uuids, settings files with a {@code /}, or {@code all}
   */
  void start(List<String> wanted) throws IOException, InterruptedException {
    if (wanted.isEmpty()) return;
    long end = System.nanoTime() + patience.toNanos();
    startEach(expanded(wanted), end);
    // A linked clone is refused before the machine that it needs is registered.
    Set<String> files = new LinkedHashSet<>(failed.keySet());
    files.removeIf(name -> !isFile(name));
    files.forEach(failed::remove);
    startEach(files, end);
    warnOfFailures();
  }

  private synchronized void warnOfFailures() {
    ready = true;
    failed.forEach(this::warn);
  }

  private void fail(String name, Throwable why) {
    fail(
        name,
        "%s; start it later with: varve machine start '%s'".formatted(FailureWords.of(why), name));
  }

  private synchronized void fail(String name, String why) {
    if (ready) warn(name, why);
    else failed.put(name, why); // it may be tried again
  }

  private void warn(String name, String why) {
    server.startWarnings().raise(name, why);
  }

  private Set<String> expanded(List<String> wanted) throws IOException {
    Set<String> names = new LinkedHashSet<>(wanted);
    if (!names.remove(ALL)) return names;
    try (var api = new ApiClient(server.folder())) {
      for (Object each : api.send(get("machines")).getJsonArray("machines"))
        names.add(((JsonObject) each).getString("name"));
    }
    return names;
  }

  private void startEach(Set<String> names, long end) throws InterruptedException {
    List<Thread> starts = new ArrayList<>();
    for (String name : names)
      starts.add(Thread.ofPlatform().daemon().name("start of " + name).start(() -> start(name)));
    for (Thread each : starts) {
      each.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      if (each.isAlive())
        server
            .startWarnings()
            .raise(
                each.getName().substring("start of ".length()),
                "it is still starting, because the host does not answer; look at the file systems of its disks");
    }
  }

  private void start(String name) {
    try (var api = new ApiClient(server.folder())) {
      JsonObject machine =
          isFile(name) ? MachineServing.open(Path.of(name), api) : registered(name, api);
      if (machine == null)
        fail(name, "there is no such machine; 'varve machine list' shows those that there are");
      else if (machine.getValue("run") == null && begun.add(machine.getString("id")))
        serving.start(machine, start -> start, api);
    } catch (IOException e) {
      fail(name, e);
    } catch (RuntimeException bug) {
      fail(name, new IOException(bug));
    }
  }

  /** The machine of a name or uuid; null if there is none. */
  private static @Nullable JsonObject registered(String name, ApiClient api) throws IOException {
    try {
      return api.send(get("machines", name));
    } catch (RefusedException e) {
      if (e.error().equals(ErrorCode.VBOX_E_OBJECT_NOT_FOUND.name())) return null;
      throw e;
    }
  }

  private static boolean isFile(String name) {
    return name.contains("/");
  }
}
