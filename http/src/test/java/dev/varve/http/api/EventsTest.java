package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What clients hear that watch. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class EventsTest {

  private static final String WATCH = "GET /api/v1/events HTTP/1.1\nHost: localhost\n\n";

  @TempDir Path folder;
  @TempDir Path images;
  private ControlPlane plane;
  private Api api;

  @BeforeEach
  void listen() throws IOException {
    plane = new ControlPlane(folder);
    api = plane.api();
  }

  @AfterEach
  void close() throws IOException {
    api.close();
    plane.close();
  }

  private RawClient watcher() throws IOException {
    RawClient client = plane.unix().send(WATCH);
    client.until("event: ready");
    return client;
  }

  @Test
  void aMachineIsHeardOfFromItsMakingToItsEnd() throws IOException {
    api.ask("createMachine").body("name", "old").is(201);
    try (var watcher = watcher()) {
      String id = api.ask("createMachine").body("name", "mail").is(201).id();
      String added = watcher.until("\n\n");
      watcher.until("event: machine");
      assertTrue(watcher.until("}}").contains("\"change\":\"added\""), added);

      api.ask("startMachine", id).is(200);
      watcher.until("event: machine");
      String changed = watcher.until("}}");
      assertTrue(changed.contains("\"change\":\"changed\""), changed);
      assertTrue(changed.contains(id) && changed.contains("Running"), changed);

      api.ask("powerDownMachine", id).is(204);
      watcher.until("PoweredOff");
      api.ask("unregisterMachine", id).is(200);
      watcher.until("\"change\":\"removed\"");
      assertTrue(watcher.until("}}").contains(id));
    }
  }

  @Test
  void mediaAndJobsAreHeardOf() throws IOException {
    try (var watcher = watcher()) {
      Path base = images.resolve("base.vdi");
      String id = api.ask("createMedium").body("location", base, "capacity", 1 << 20).is(201).id();
      watcher.until("event: medium");
      assertTrue(watcher.until("}}").contains(id));

      api.ask("cloneMedium", id).body("location", images.resolve("copy.vdi")).is(202);
      watcher.until("event: job");
      watcher.until("\"state\":\"Done\"");
    }
  }

  @Test
  void sessionsAndBandwidthGroupsAreHeardOf() throws IOException {
    String id = api.ask("createMachine").body("name", "mail").is(201).id();
    try (var watcher = watcher()) {
      api.ask("createBandwidthGroup", id)
          .body("name", "slow", "kind", "Disk", "maxBytesPerSecond", 1 << 20)
          .is(201);
      watcher.until("event: bandwidthGroup");
      String group = watcher.until("}}");
      assertTrue(group.contains("\"change\":\"added\"") && group.contains("slow"), group);
      assertTrue(group.contains(id), group);

      String session = api.ask("lockMachine", id).body("type", "Write").is(201).id();
      watcher.until("\"change\":\"added\",\"session\":{\"id\":\"" + session);
      api.ask("unlockMachine", session).is(204);
      watcher.until("\"change\":\"removed\",\"session\":{\"id\":\"" + session);
    }
  }

  /** The id of the last event of what a client has read. */
  private static String lastId(String heard) {
    int at = heard.lastIndexOf("id: ");
    return heard.substring(at + 4, heard.indexOf('\n', at)).strip();
  }

  private RawClient comesBack(String id) throws IOException {
    return plane.unix().send(WATCH.replace("\n\n", "\nLast-Event-ID: " + id + "\n\n"));
  }

  @Test
  void aClientThatComesBackHearsWhatItHasMissed() throws IOException {
    String last;
    try (var watcher = watcher()) {
      api.ask("createMachine").body("name", "heard").is(201);
      last = lastId(watcher.until("}}"));
    }
    String id = api.ask("createMachine").body("name", "missed").is(201).id();

    try (var watcher = comesBack(last)) {
      String heard = watcher.until("}}");
      assertTrue(heard.contains(id) && !heard.contains("heard"), heard);
      watcher.until("event: ready");
    }
  }

  @Test
  void aClientThatComesBackToAnotherRunIsToldOfTheGap() throws IOException {
    api.ask("createMachine").body("name", "mail").is(201);

    try (var watcher = comesBack("0-17")) {
      String heard = watcher.until("event: ready");
      assertTrue(heard.contains("event: gap") && heard.contains("not one of this run"), heard);
      String id = api.ask("createMachine").body("name", "later").is(201).id();
      watcher.until(id);
    }
  }

  @Test
  void aStreamEndsAfterTheSecondsThatItIsAskedForAndTheConnectionGoesOn() throws IOException {
    try (var client = plane.unix()) {
      client.send(WATCH.replace("events", "events?seconds=0"));
      client.until("0\r\n\r\n");
      assertEquals(200, client.send("GET /livez HTTP/1.1\nHost: localhost\n\n").reply().status());
    }
  }

  @Test
  void whoWatchesDoesNotKeepTheServerFromClosing() throws IOException {
    try (var client = watcher()) {
      plane.close();
      client.until("0\r\n\r\n");
      plane = new ControlPlane(folder);
    }
  }
}
