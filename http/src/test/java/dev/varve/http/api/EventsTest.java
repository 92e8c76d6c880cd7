package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.nbd.NbdClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients hear that watch. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class EventsTest extends OnAControlPlane {

  private static final String WATCH = "GET /api/v1/events HTTP/1.1\nHost: localhost\n\n";

  private static final Pattern EVENT =
      Pattern.compile("id: (\\S+)\r?\nevent: (\\S+)\r?\ndata: (.*)\r?\n");

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
      String changed = watcher.until("Running"); // perhaps after an event of its start
      assertTrue(changed.contains("\"change\":\"changed\""), changed);
      assertTrue(changed.contains(id), changed);

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

  @Test
  void aClientHearsWhatItAsksFor() throws IOException {
    String mail = api.ask("createMachine").body("name", "mail").is(201).id();
    String web = api.ask("createMachine").body("name", "web").is(201).id();
    try (var client = plane.unix()) {
      client.send(WATCH.replace("events", "events?kinds=session,bandwidthGroup&machine=" + mail));
      client.until("event: ready");

      api.ask("createBandwidthGroup", web).body("name", "other", "kind", "Disk").is(201);
      api.ask("createBandwidthGroup", mail).body("name", "slow", "kind", "Disk").is(201);
      String heard = client.until("slow");

      assertFalse(heard.contains(web) || heard.contains("event: machine"), heard);
    }
    api.ask("watchEvents").query("kinds", "machine,none").refused(400, "E_INVALIDARG");
    api.ask("watchEvents").query("machine", "none").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  @Test
  void exportsAndTheirClientsAreHeardOf() throws IOException {
    String id = api.ask("createMachine").body("name", "mail").is(201).id();
    api.ask("addController", id).body("name", "SATA", "bus", "SATA").is(201);
    api.attach(id, 0, api.makeDisk(images.resolve("disk.vdi"), 1 << 20)).is(201);
    try (var watcher = plane.unix()) {
      watcher.send(WATCH.replace("events", "events?kinds=export,client&machine=mail"));
      watcher.until("event: ready");
      String all = watcher.until("\n\n");

      api.ask("startMachine", id).is(200);
      all += watcher.until("\"change\":\"published\"") + watcher.until("\n\n");
      try (var client = NbdClient.connect(plane.nbdSocket()).greet().go("mail/SATA/0/0")) {
        client.flush(); // has come to its disk once it is answered
        all += watcher.until("\"change\":\"connected\"") + watcher.until("\n\n");
      }
      String left = watcher.until("\"reason\":\"");
      all += left + watcher.until("\n\n");
      assertTrue(left.contains("\"change\":\"disconnected\"") && left.contains(id), left);
      api.ask("powerDownMachine", id).is(204);
      all += watcher.until("\"change\":\"withdrawn\"") + watcher.until("\n\n");

      check(all);
      assertEquals(4, EVENT.matcher(all).results().count(), all);
    }
  }

  /** What a client has heard, each event against the document. */
  static void check(String heard) {
    ApiDocument document = ApiDocument.load();
    Matcher events = EVENT.matcher(heard);
    while (events.find()) {
      var json =
          new JsonObject()
              .put("id", events.group(1))
              .put("event", events.group(2))
              .put("data", new JsonObject(events.group(3)));
      String kind = events.group(2);
      String schema = kind.substring(0, 1).toUpperCase(Locale.ROOT) + kind.substring(1) + "Event";
      for (String name : List.of(schema, "Event"))
        assertEquals(null, document.schema(name).complaint("an event", json), json::encodePrettily);
    }
  }

  @Test
  void eventsAreAsTheDocumentHasThem() throws IOException {
    try (var client = comesBack("0-17")) {
      String gap = client.until("event: ready");
      String id = api.ask("createMachine").body("name", "mail").is(201).id();
      api.ask("createBandwidthGroup", id).body("name", "slow", "kind", "Disk").is(201);
      Path base = images.resolve("base.vdi");
      api.ask("createMedium").body("location", base, "capacity", 1 << 20).is(201);
      api.ask("cloneMedium", base).body("location", images.resolve("copy.vdi")).is(202);
      String all = gap + client.until("\"state\":\"Done\"") + client.until("\n\n");

      check(all);
      assertTrue(EVENT.matcher(all).results().count() >= 5, all);
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
