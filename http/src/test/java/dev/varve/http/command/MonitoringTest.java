package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator's programs are told: metrics, and the dashboard and alert rules over them. */
class MonitoringTest {

  private static final Path MONITORING = Path.of("src/main/dist/share/monitoring").toAbsolutePath();
  private static final Path RULES = MONITORING.resolve("varve-alerts.yml");
  private static final Path DASHBOARD = MONITORING.resolve("varve-dashboard.json");
  private static final Pattern METRIC =
      Pattern.compile("\\b(varve|jvm|process|system)_[a-z0-9_]+\\b");

  /** These have series only once there is something to count. */
  private static final Set<String> AT_TIMES = Set.of("varve_disk_errors_total");

  @TempDir Path folder;
  private String address;

  @Test
  @NeedsTools({"promtool", "fio", "curl", "sh"})
  void metricsFollowPrometheusRulesAndSayWhatFioSays() throws Exception {
    try (var server = serveImage()) {
      JsonObject fio = fio("--rw=randrw", "--bs=16k", "--size=4M", "--fsync=32", "--iodepth=8");

      String metrics = scrape();

      JsonObject job = fio.getJsonArray("jobs").getJsonObject(0);
      assertEquals(
          job.getJsonObject("read").getDouble("total_ios"),
          value(metrics, "varve_disk_requests_total", "read"));
      assertEquals(
          job.getJsonObject("write").getDouble("io_bytes"),
          value(metrics, "varve_disk_bytes_total", "write"));
      assertEquals(
          job.getJsonObject("sync").getDouble("total_ios"),
          value(metrics, "varve_disk_request_seconds_count", "flush"));
      Files.writeString(folder.resolve("metrics"), metrics);
      assertEquals(
          "", VarveProcess.tool(folder, "sh", "-c", "promtool check metrics <metrics 2>&1"));
    }
  }

  @Test
  @NeedsTools("promtool")
  void alertsFireWhenTheyShall() throws Exception {
    String test = Files.readString(Path.of("src/test/resources/monitoring/varve-alerts-test.yml"));
    Files.writeString(folder.resolve("test.yml"), test.replace("RULES", RULES.toString()));

    VarveProcess.tool(folder, "promtool", "check", "rules", RULES.toString());
    String told = VarveProcess.tool(folder, "promtool", "test", "rules", "test.yml");

    assertTrue(told.contains("SUCCESS"), told);
  }

  @Test
  @NeedsTools("curl")
  void everyMetricOfTheDashboardAndTheRulesIsInAScrape() throws Exception {
    var varve = new ControlTool(folder.resolve("state"));
    try (var server = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", "off")) {
      for (int i = 0; i < 3; i++) server.line();
      varve.run("machine", "create", "web");
      varve.run("medium", "create", folder.resolve("disk.vdi"), "--capacity", 4 << 20);
      varve.run("machine", "controller", "add", "web", "SATA", "--bus", "SATA");
      varve.run("machine", "attach", "web", "SATA:0", folder.resolve("disk.vdi"));
      varve.run("machine", "bandwidth", "create", "web", "slow", "--max-bytes-per-second", "4M");
      varve.run("machine", "set", "web", "SATA:0", "--bandwidth-group", "slow");
      varve.run("machine", "start", "web");

      String metrics = varve.metrics();

      Set<String> there =
          metrics
              .lines()
              .filter(line -> line.startsWith("varve") || line.matches("(jvm|process|system).*"))
              .map(line -> line.split("[{ ]")[0])
              .collect(Collectors.toCollection(TreeSet::new));
      metrics
          .lines()
          .filter(line -> line.startsWith("# TYPE "))
          .forEach(line -> there.add(line.split(" ")[2])); // also of those without a series yet
      there.addAll(AT_TIMES);
      Set<String> named = named(Files.readString(DASHBOARD));
      named.addAll(named(Files.readString(RULES)));
      assertFalse(named.isEmpty());
      named.removeAll(there);
      assertEquals(Set.of(), named);
    }
  }

  private static Set<String> named(String text) {
    // The name of the file's own templates and of what images show is none of a metric.
    return METRIC
        .matcher(text)
        .results()
        .map(found -> found.group())
        .filter(name -> !name.equals("varve_image_allocated_bytes")) // comes with the first look
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Serves an image; its metrics are where {@link #address} says. */
  private VarveProcess serveImage() throws IOException {
    VdiCreator.create(folder.resolve("d.vdi"), NewImage.dynamic(8 << 20, UUID::randomUUID));
    var server =
        VarveProcess.start(
            folder, "serve", "d.vdi", "--unix", "nbd.sock", "--metrics", "127.0.0.1:0");
    String line = server.line();
    while (!line.startsWith("metrics: ")) line = server.line();
    address = line.substring("metrics: ".length());
    return server;
  }

  private String scrape() throws IOException, InterruptedException {
    return VarveProcess.tool(folder, "curl", "-sS", "--fail", address);
  }

  private JsonObject fio(String... options) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("fio", "--name=job"));
    command.add("--ioengine=nbd");
    command.add("--uri=nbd+unix:///d?socket=" + folder.resolve("nbd.sock"));
    command.add("--output-format=json");
    command.addAll(List.of(options));
    String told = VarveProcess.tool(folder, command.toArray(String[]::new));
    return new JsonObject(told.substring(told.indexOf('{')));
  }

  private static double value(String metrics, String name, String operation) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + "{") && line.contains("export=\"d\""))
        .filter(line -> line.contains("operation=\"" + operation + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
