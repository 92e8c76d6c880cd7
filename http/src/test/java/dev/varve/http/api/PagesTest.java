package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lists in parts: together they are the whole, whatever is added and removed meanwhile. */
final class PagesTest extends OnAControlPlane {

  private void machines(String... names) {
    for (String name : names) api.ask("createMachine").body("name", name).is(201);
  }

  private static List<String> names(JsonObject answer, String list, String member) {
    return answer.getJsonArray(list).stream()
        .map(each -> ((JsonObject) each).getString(member))
        .toList();
  }

  /** All parts, each with this many things. */
  private List<String> inParts(Function<Api.Ask, Api.Ask> more, String... how) {
    List<String> all = new ArrayList<>();
    for (String after = ""; after != null; ) {
      Api.Ask ask = more.apply(api.ask(how[0])).query("limit", how[3]);
      JsonObject part = (after.isEmpty() ? ask : ask.query("after", after)).is(200).body();
      all.addAll(names(part, how[1], how[2]));
      after = part.getString("next");
    }
    return all;
  }

  @Test
  void thePartsAreTheWhole() {
    machines("d", "a", "c", "e", "b");

    for (String limit : List.of("1", "2", "4", "5", "10000"))
      assertEquals(
          List.of("a", "b", "c", "d", "e"),
          inParts(ask -> ask, "listMachines", "machines", "name", limit));
    assertFalse(api.ask("listMachines").is(200).body().containsKey("next"));
    assertFalse(api.ask("listMachines").query("limit", 5).is(200).body().containsKey("next"));
  }

  @Test
  void whatIsAddedAndRemovedMeanwhileMovesNothing() {
    machines("a", "b", "c", "d");
    JsonObject first = api.ask("listMachines").query("limit", 2).is(200).body();

    api.ask("unregisterMachine", "a").is(200);
    api.ask("unregisterMachine", "b").is(200);
    machines("aa", "cc");
    JsonObject rest =
        api.ask("listMachines").query("after", first.getString("next")).is(200).body();

    assertEquals(List.of("c", "cc", "d"), names(rest, "machines", "name"));
  }

  @Test
  void filtersHoldInEachPart() {
    machines("mail", "web mail", "web", "Mail 2");
    api.ask("startMachine", "mail").is(200);

    assertEquals(
        List.of("Mail 2", "mail", "web mail"),
        inParts(ask -> ask.query("name", "MAIL"), "listMachines", "machines", "name", "1"));
    assertEquals(
        List.of("mail"),
        inParts(ask -> ask.query("state", "Running"), "listMachines", "machines", "name", "1"));
    api.ask("listMachines").query("state", "Ruining").refused(400, "E_INVALIDARG");
  }

  @Test
  void mediaAreFilteredByWhatTheyAreAndTheirMachine() {
    Path disk = images.resolve("disk.vdi");
    Path other = images.resolve("other.vhd");
    api.makeDisk(disk, 1 << 20);
    api.ask("createMedium").body("location", other, "capacity", 1 << 20, "format", "VHD").is(201);
    api.makeMachine("mail");
    api.attach("mail", 0, disk).is(201);

    assertEquals(List.of(disk.toString()), media("machine", "mail"));
    assertEquals(List.of(other.toString()), media("format", "VHD"));
    assertEquals(List.of(other.toString()), media("name", "OTHER"));
    assertEquals(List.of(disk.toString(), other.toString()), media("type", "Normal"));
    assertEquals(List.of(), media("state", "LockedWrite"));
    api.ask("listMedia").query("machine", "none").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  private List<String> media(String filter, String value) {
    return inParts(ask -> ask.query(filter, value), "listMedia", "media", "location", "1");
  }

  @Test
  void snapshotsAndSessionsComeInParts() {
    machines("mail");
    for (String name : List.of("c", "b", "a"))
      api.ask("takeSnapshot", "mail").body("name", name).is(201);
    JsonObject part = api.ask("listSnapshots", "mail").query("limit", 2).is(200).body();
    assertEquals(List.of("c", "b"), names(part, "snapshots", "name"));
    JsonObject rest =
        api.ask("listSnapshots", "mail").query("after", part.getString("next")).is(200).body();
    assertEquals(List.of("a"), names(rest, "snapshots", "name"));

    List<String> ids =
        IntStream.range(0, 3)
            .mapToObj(_ -> api.ask("lockMachine", "mail").body("type", "Shared").is(201).id())
            .toList();
    assertEquals(ids.size(), inParts(ask -> ask, "listSessions", "sessions", "id", "2").size());
  }

  @Test
  void jobsComeInTheOrderInWhichTheyBegan() {
    Path disk = images.resolve("disk.vdi");
    api.ask("createMedium").body("location", disk, "capacity", 1 << 20).is(201);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 12; i++)
      ids.add(
          api.ask("cloneMedium", disk).body("location", images.resolve(i + ".vdi")).is(202).id());

    assertEquals(ids, inParts(ask -> ask, "listJobs", "jobs", "id", "5"));
  }

  @Test
  void whatIsNoCursorAndTooLargeALimitAreRefused() {
    api.ask("listJobs").query("after", "AAAAA").refused(400, "E_INVALIDARG");
    api.ask("listJobs").query("after", "a b").refused(400, "E_INVALIDARG");
    api.ask("listJobs").query("limit", 10_001).refused(400, "E_INVALIDARG");
    api.ask("listJobs").query("limit", 0).refused(400, "E_INVALIDARG");
    api.ask("listJobs").query("limit", "99999999999999999999").refused(400, "E_INVALIDARG");
    assertTrue(api.ask("listJobs").query("after", "_____w").is(200).body().containsKey("jobs"));
  }
}
