package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;

class TopScreenTest {

  private static final long SECOND = 1_000_000_000;

  @Test
  void ratesAreWhatHasHappenedBetweenTwoLooks() {
    DiskRates disk =
        DiskRates.between(look("web", 100, 400_000), look("web", 300, 1_219_200), 2 * SECOND)
            .getFirst();

    assertEquals(100, disk.read().perSecond());
    assertEquals(409_600, disk.read().bytesPerSecond());
    assertEquals(50_000, disk.read().p99Nanos(), 6_000);
    assertEquals(0.25, disk.throttled(), 1e-9);
    assertEquals(3, disk.inFlight());
  }

  @Test
  void aMachineThatWasStartedAnewBeginsAtNothing() {
    DiskRates disk =
        DiskRates.between(look("web", 1000, 4_096_000), look("web", 10, 40_960), SECOND).getFirst();

    assertEquals(10, disk.read().perSecond());
  }

  @Test
  void noLineIsWiderThanTheTerminalAndTheLeastImportantColumnsGoFirst() {
    List<DiskRates> rates =
        DiskRates.between(look("a machine", 0, 0), look("a machine", 50, 204_800), SECOND);

    for (int width = 10; width < 200; width++)
      for (String line : TopScreen.lines(rates, width, 24))
        assertTrue(line.length() <= width, line);
    assertEquals(
        "disk               reads/s  writes/s       read    written",
        TopScreen.lines(rates, 60, 24).getFirst());
    assertEquals(
        "a machine SATA:0        50         0      200 K        0 B",
        TopScreen.lines(rates, 60, 24).getLast());
    assertTrue(TopScreen.lines(rates, 300, 24).getFirst().endsWith("errors/s  clients"));
  }

  @Test
  void whatFindsNoRoomIsCounted() {
    var before = new JsonObject().put("disks", new JsonArray());
    var now = new JsonObject().put("disks", new JsonArray());
    for (int i = 0; i < 10; i++)
      now.getJsonArray("disks").add(look("m" + i, i, i).getJsonArray("disks").getJsonObject(0));

    List<String> lines = TopScreen.lines(DiskRates.between(before, now, SECOND), 80, 5);

    assertEquals(5, lines.size());
    assertEquals("and 7 more", lines.getLast());
    assertTrue(lines.get(1).startsWith("m9 "), lines.get(1));
  }

  private static JsonObject look(String machine, long reads, long bytes) {
    var read =
        new JsonObject()
            .put("answered", reads)
            .put("errors", 0)
            .put("bytes", bytes)
            .put("sumNanos", reads * 50_000)
            .put(
                "durations",
                new JsonArray().add(new JsonObject().put("upToNanos", 50_000).put("count", reads)));
    return new JsonObject()
        .put(
            "disks",
            new JsonArray()
                .add(
                    new JsonObject()
                        .put("machine", "00000000-0000-0000-0000-000000000000")
                        .put("machineName", machine)
                        .put("disk", "SATA:0")
                        .put("export", machine + "/SATA/0/0")
                        .put("clients", 1)
                        .put("inFlight", 3)
                        .put("waitingRequests", 0)
                        .put("throttledNanos", reads * 2_500_000)
                        .put("operations", new JsonObject().put("read", read))));
  }
}
