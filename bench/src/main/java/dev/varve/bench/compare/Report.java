package dev.varve.bench.compare;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What a comparison found, as Markdown for people and as JSON for programs. */
final class Report {

  private Report() {}

  /** Every goal with the median of its ratios, then every server with its figures. */
  static String markdown(List<Race.Outcome> outcomes) {
    var text = new StringBuilder();
    text.append(
            "| workload | client | what | server | against | median (lowest to highest) | goal |")
        .append(" | others in this run | for orientation |\n")
        .append("| --- | --- | --- | --- | --- | ---: | ---: | --- | --- | --- |\n");
    for (Race.Outcome outcome : outcomes) {
      for (Goal goal : outcome.workload().goals()) text.append(row(outcome, goal));
    }
    for (Race.Outcome outcome : outcomes) appendDetails(text, outcome);
    return text.toString();
  }

  private static String row(Race.Outcome outcome, Goal goal) {
    Workload workload = outcome.workload();
    Ratios ratios = outcome.ratios(goal);
    return "| %s | %s | %s | %s | %s | %s | %s %.2f | %s | %s | %s |%n"
        .formatted(
            workload.title(),
            workload.client().title(),
            goal.metric().title(),
            outcome.runs().get(0).server(),
            outcome.runs().get(1).server(),
            text(ratios),
            goal.metric().relation(),
            goal.bound(),
            verdict(goal, ratios),
            others(outcome, goal),
            goal.reference());
  }

  private static String verdict(Goal goal, Ratios ratios) {
    if (ratios.rounds() == 0) return "not measured";
    return goal.isReached(ratios.median()) ? "reached" : "**missed**";
  }

  private static String text(Ratios ratios) {
    if (ratios.rounds() == 0) return "";
    return "%.2f (%.2f to %.2f)".formatted(ratios.median(), ratios.lowest(), ratios.highest());
  }

  /** How the servers that no goal is about compare with the one that it is about. */
  private static String others(Race.Outcome outcome, Goal goal) {
    return outcome.runs().stream()
        .skip(2)
        .filter(other -> outcome.ratios(goal, other).rounds() > 0)
        .map(other -> "%s %.2f".formatted(other.server(), outcome.ratios(goal, other).median()))
        .collect(Collectors.joining(", "));
  }

  private static void appendDetails(StringBuilder text, Race.Outcome outcome) {
    Workload workload = outcome.workload();
    text.append(
        "%n%s: %s (%s)%n%n"
            .formatted(workload.name(), workload.title(), workload.client().title()));
    text.append(
            "| server | requests/s | MiB/s | p50 us | p99 us | server CPU s per 100k | own memory MiB |\n")
        .append("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (Race.Runs server : outcome.runs()) {
      List<Measurement> runs = server.measured();
      if (runs.isEmpty()) continue;
      text.append(
          "| %s | %,.0f | %,.0f | %,.0f | %,.0f | %.2f | %.0f |%n"
              .formatted(
                  server.server(),
                  median(runs, Measurement::perSecond),
                  median(runs, m -> m.perSecond() * workload.load().blockSize() / (1 << 20)),
                  median(runs, m -> m.load().p50Nanos() / 1e3),
                  median(runs, m -> m.load().p99Nanos() / 1e3),
                  median(runs, m -> m.cpuPerOperation() * 1e5),
                  median(runs, m -> m.anonymousBytes() / 1048576.0)));
    }
    for (String failure : new LinkedHashSet<>(outcome.failures())) {
      text.append("%nfailed: %s%n".formatted(failure.strip()));
    }
  }

  private static double median(List<Measurement> runs, ToDoubleFunction<Measurement> of) {
    return Ratios.median(runs.stream().mapToDouble(of).toArray());
  }

  /** The same, with every run. */
  static String json(Race.Terms terms, List<Race.Outcome> outcomes) {
    var workloads = new JsonArray();
    outcomes.forEach(outcome -> workloads.add(json(outcome)));
    return new JsonObject()
        .put("rounds", terms.rounds())
        .put("seconds", terms.seconds())
        .put("rampSeconds", terms.rampSeconds())
        .put("size", terms.size())
        .put("workloads", workloads)
        .encodePrettily();
  }

  private static JsonObject json(Race.Outcome outcome) {
    Workload workload = outcome.workload();
    var goals = new JsonArray();
    for (Goal goal : workload.goals()) {
      Ratios ratios = outcome.ratios(goal);
      var entry = new JsonObject();
      entry.put("metric", goal.metric().name().toLowerCase(Locale.ROOT).replace('_', '-'));
      entry.put("against", outcome.runs().get(1).server());
      entry.put(goal.metric() == Goal.Metric.SPEED ? "atLeast" : "atMost", goal.bound());
      entry.put("rounds", ratios.rounds());
      if (ratios.rounds() > 0) {
        entry.put("median", ratios.median());
        entry.put("lowest", ratios.lowest());
        entry.put("highest", ratios.highest());
        entry.put("reached", goal.isReached(ratios.median()));
      }
      goals.add(entry);
    }
    var servers = new JsonArray();
    for (Race.Runs server : outcome.runs()) {
      var runs = new JsonArray();
      server.measured().forEach(m -> runs.add(json(m)));
      servers.add(new JsonObject().put("name", server.server()).put("runs", runs));
    }
    return new JsonObject()
        .put("name", workload.name())
        .put("title", workload.title())
        .put("client", workload.client().title())
        .put("goals", goals)
        .put("servers", servers)
        .put("failures", new JsonArray(outcome.failures()));
  }

  private static JsonObject json(Measurement m) {
    return new JsonObject()
        .put("round", m.round())
        .put("operations", m.load().operations())
        .put("seconds", m.load().seconds())
        .put("p50Nanos", m.load().p50Nanos())
        .put("p99Nanos", m.load().p99Nanos())
        .put("serverCpuSeconds", m.serverCpuSeconds())
        .put("anonymousBytes", m.anonymousBytes());
  }
}
