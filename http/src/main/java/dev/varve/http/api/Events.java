package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.View.MediumView;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reports to clients, as server-sent events, which machines, media and jobs were added, changed and
 * removed.
 *
 * <p>A report is the difference between the view that a client knows and the present view. A client
 * that reads slowly gets fewer reports, and nothing is queued for it. A view is one immutable
 * object, so a look for news is one comparison.
 */
final class Events {

  private static final long LOOK_MILLIS = 100;

  /** Without it a proxy or the client might take the connection for dead. */
  private static final long SILENCE_MILLIS = 15_000;

  private final Vertx vertx;
  private final Inventory inventory;
  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

  Events(Vertx vertx, Inventory inventory) {
    this.vertx = vertx;
    this.inventory = inventory;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop("watchEvents", this::watch);
  }

  private Answer watch(Call call) {
    String seconds = call.optional("seconds");
    return Answer.stream(
        "text/event-stream",
        response -> {
          var watcher = new Watcher(response);
          watchers.add(watcher);
          response.closeHandler(_ -> watcher.stop());
          watcher.begin(seconds == null ? -1 : Long.parseLong(seconds));
        });
  }

  /** Ends all streams; any thread. */
  void close() {
    for (Watcher watcher : watchers) watcher.loop.runOnContext(_ -> watcher.end());
  }

  /** One client. Belongs to the event loop of its connection. */
  private final class Watcher {
    private final Context loop = vertx.getOrCreateContext();
    private final HttpServerResponse response;
    private final Heard<MachineView> machines = new Heard<>("machine", MachineJson::summary);
    private final Heard<MediumView> media = new Heard<>("medium", MediumJson::of);
    private final Heard<JobAt> jobs = new Heard<>("job", at -> JobHandlers.json(at.job()));
    private @Nullable View view;
    private long timer = -1;
    private long silentMillis;
    private boolean stopped;

    Watcher(HttpServerResponse response) {
      this.response = response;
    }

    /**
     * @param seconds when to end; negative for never
     */
    void begin(long seconds) {
      look();
      response.write("event: ready\ndata: {}\n\n");
      if (seconds == 0) end();
      if (stopped) return;
      timer = vertx.setPeriodic(LOOK_MILLIS, _ -> lookAgain());
      if (seconds > 0) vertx.setTimer(TimeUnit.SECONDS.toMillis(seconds), _ -> end());
    }

    private void lookAgain() {
      if (response.writeQueueFull()) return;
      silentMillis += LOOK_MILLIS;
      String news = look();
      if (news.isEmpty() && silentMillis >= SILENCE_MILLIS) news = ":\n\n";
      if (news.isEmpty()) return;
      silentMillis = 0;
      response.write(news);
    }

    /** What has happened since the last look. */
    private String look() {
      var news = new StringBuilder();
      View now = inventory.view();
      if (now != view) {
        machines.hear(byText(now.machines()), news);
        media.hear(byText(now.media()), news);
        view = now;
      }
      Map<String, JobAt> all = new LinkedHashMap<>();
      for (Job job : inventory.jobs())
        all.put(job.id(), new JobAt(job, job.state(), job.permille()));
      jobs.hear(all, news);
      return news.toString();
    }

    private static <T> Map<String, T> byText(Map<?, T> all) {
      Map<String, T> byText = new LinkedHashMap<>();
      all.forEach((id, each) -> byText.put(id.toString(), each));
      return byText;
    }

    void end() {
      if (stopped) return;
      stop();
      response.end();
    }

    void stop() {
      stopped = true;
      vertx.cancelTimer(timer);
      watchers.remove(this);
    }
  }

  /** A job at one moment, to see whether it has moved. */
  private record JobAt(Job job, Job.State state, int permille) {}

  /** What a client knows of the things of one kind. */
  private static final class Heard<T> {
    private final String kind;
    private final Function<T, JsonObject> json;
    private Map<String, T> known = Map.of();

    Heard(String kind, Function<T, JsonObject> json) {
      this.kind = kind;
      this.json = json;
    }

    void hear(Map<String, T> now, StringBuilder news) {
      known.forEach(
          (id, thing) -> {
            if (!now.containsKey(id)) tell("removed", thing, news);
          });
      now.forEach(
          (id, thing) -> {
            T before = known.get(id);
            if (before == null) tell("added", thing, news);
            else if (!before.equals(thing)) tell("changed", thing, news);
          });
      known = now;
    }

    private void tell(String change, T thing, StringBuilder news) {
      JsonObject data = new JsonObject().put("change", change).put(kind, json.apply(thing));
      news.append("event: ").append(kind).append("\ndata: ").append(data.encode()).append("\n\n");
    }
  }
}
