package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.Session;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.MachineId;
import dev.varve.http.event.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Finds out which machines, media, sessions, bandwidth groups and jobs were added, changed and
 * removed, and appends that to the log of events.
 *
 * <p>The inventory says that there is news; shortly after, the present view is compared with the
 * last one. Quick changes of one thing become one event. Any thread may bring the news; looks
 * happen on event loops, one at a time.
 */
final class Changes {

  /** How long news may pile up, so that a job that moves quickly is one event, not a hundred. */
  private static final long GATHERING_MILLIS = 20;

  private final Vertx vertx;
  private final Context loop;
  private final Inventory inventory;
  private final AtomicBoolean isNews = new AtomicBoolean();
  private final Kind<MachineView> machines;
  private final Kind<MediumView> media;
  private final Kind<Session> sessions;
  private final Kind<Group> groups;
  private final Kind<JobNow> jobs;

  /** Begins with what there is now, about which nothing is appended. */
  Changes(Vertx vertx, Inventory inventory, EventLog log) {
    this.vertx = vertx;
    this.loop = vertx.getOrCreateContext();
    this.inventory = inventory;
    View view = inventory.view();
    machines =
        new Kind<>(
            "machine",
            MachineJson::summary,
            machine -> Set.of(machine.saved().id()),
            log,
            byText(view.machines()));
    media =
        new Kind<>(
            "medium", MediumJson::of, medium -> medium.uses().keySet(), log, byText(view.media()));
    sessions =
        new Kind<>(
            "session", MachineJson::of, session -> Set.of(session.machine()), log, sessions(view));
    groups =
        new Kind<>(
            "bandwidthGroup", Group::json, group -> Set.of(group.machine()), log, groups(view));
    jobs = new Kind<>("job", now -> JobHandlers.json(now.job()), _ -> Set.of(), log, jobs());
    inventory.onNews(this::news);
    news(); // of what has changed since the view was taken
  }

  /** The inventory changes a last time after the loops have ended. */
  private void news() {
    if (!isNews.compareAndSet(false, true)) return;
    try {
      loop.runOnContext(_ -> vertx.setTimer(GATHERING_MILLIS, _ -> look()));
    } catch (RejectedExecutionException _) {
      // no client is left that could hear of it
    }
  }

  /** Appends what has changed since the last look. An event loop's thread. */
  synchronized void look() {
    isNews.set(false);
    View view = inventory.view();
    machines.become(byText(view.machines()));
    media.become(byText(view.media()));
    sessions.become(sessions(view));
    groups.become(groups(view));
    jobs.become(jobs());
  }

  private static <T> Map<String, T> byText(Map<?, T> all) {
    Map<String, T> byText = new LinkedHashMap<>();
    all.forEach((id, each) -> byText.put(id.toString(), each));
    return byText;
  }

  private static Map<String, Session> sessions(View view) {
    Map<String, Session> all = new LinkedHashMap<>();
    for (MachineView machine : view.machines().values())
      for (Session session : machine.sessions()) all.put(session.id(), session);
    return all;
  }

  /** A bandwidth group as the session that holds its machine sees it. */
  private record Group(MachineId machine, BandwidthGroup group, long attachments) {
    JsonObject json() {
      return MachineJson.of(group, attachments).put("machine", machine.toString());
    }
  }

  private static Map<String, Group> groups(View view) {
    Map<String, Group> all = new LinkedHashMap<>();
    view.machines()
        .forEach(
            (id, machine) -> {
              for (BandwidthGroup group : machine.working().bandwidthGroups())
                all.put(
                    id + "/" + group.name(),
                    new Group(id, group, MachineJson.attachments(group, machine.working())));
            });
    return all;
  }

  /** A job at one moment, to see whether it has moved. */
  private record JobNow(Job job, Job.State state, int permille) {}

  private Map<String, JobNow> jobs() {
    Map<String, JobNow> all = new LinkedHashMap<>();
    for (Job job : inventory.jobs())
      all.put(job.id(), new JobNow(job, job.state(), job.permille()));
    return all;
  }

  /** The things of one kind, as they were last seen. */
  private static final class Kind<T> {
    private final String name;
    private final Function<T, JsonObject> json;
    private final Function<T, Set<MachineId>> machines;
    private final EventLog log;
    private Map<String, T> known;

    /**
     * @param machines those that a thing belongs to
     */
    Kind(
        String name,
        Function<T, JsonObject> json,
        Function<T, Set<MachineId>> machines,
        EventLog log,
        Map<String, T> known) {
      this.machines = machines;
      this.name = name;
      this.json = json;
      this.log = log;
      this.known = known;
    }

    void become(Map<String, T> now) {
      known.forEach(
          (id, thing) -> {
            if (!now.containsKey(id)) append("removed", thing);
          });
      now.forEach(
          (id, thing) -> {
            T before = known.get(id);
            if (before == null) append("added", thing);
            else if (!before.equals(thing)) append("changed", thing);
          });
      known = now;
    }

    private void append(String change, T thing) {
      log.append(
          name,
          new JsonObject().put("change", change).put(name, json.apply(thing)),
          machines.apply(thing).stream().map(MachineId::toString).collect(Collectors.toSet()));
    }
  }
}
