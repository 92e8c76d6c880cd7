package dev.varve.http.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients hear of a log that forgets. */
final class EventLogTest {

  private final EventLog log = new EventLog("run", 3, 1000);

  private void happens(int number) {
    log.append("kind", new JsonObject().put("n", number));
  }

  private static List<String> all(EventLog.Reader reader) {
    List<String> heard = new ArrayList<>();
    for (Event event = reader.next(); event != null; event = reader.next())
      heard.add(event.id() + " " + event.kind() + " " + event.data());
    return heard;
  }

  @Test
  void aReaderHearsWhatHappensFromNowOnInOrder() {
    happens(1);
    EventLog.Reader reader = log.reader(null, () -> {});
    happens(2);
    happens(3);

    assertEquals(List.of("run-2 kind {\"n\":2}", "run-3 kind {\"n\":3}"), all(reader));
    assertNull(reader.next());
    assertEquals("run-3", reader.lastId());
  }

  @Test
  void aReaderGoesOnAfterTheEventThatItNames() {
    for (int i = 1; i <= 4; i++) happens(i);

    assertEquals(
        List.of("run-3 kind {\"n\":3}", "run-4 kind {\"n\":4}"),
        all(log.reader("run-2", () -> {})));
    assertEquals(List.of(), all(log.reader("run-4", () -> {})));
  }

  @Test
  void aReaderThatIsTooSlowHearsOfAGapAndThenWhatHappensAfterIt() {
    EventLog.Reader reader = log.reader(null, () -> {});
    for (int i = 1; i <= 5; i++) happens(i);

    Event gap = reader.next();
    assertNotNull(gap);
    assertEquals(Event.GAP, gap.kind());
    assertEquals("run-5", gap.id());
    assertEquals(5, new JsonObject(gap.data()).getInteger("lost"));
    assertNull(reader.next());
    happens(6);
    assertEquals(List.of("run-6 kind {\"n\":6}"), all(reader));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "run", "run-", "run--1", "run-9", "other-1", "run-99999999999999999999"})
  void anIdThatThisRunHasNotGivenIsAGap(String id) {
    happens(1);

    EventLog.Reader reader = log.reader(id, () -> {});

    Event gap = reader.next();
    assertNotNull(gap);
    assertEquals(Event.GAP, gap.kind());
    assertNull(new JsonObject(gap.data()).getInteger("lost"));
    assertNull(reader.next());
  }

  @Test
  void aLogKeepsNoMoreCharactersThanItMayAndAlwaysTheLastEvent() {
    var small = new EventLog("run", 100, 20);
    EventLog.Reader reader = small.reader(null, () -> {});
    small.append("kind", new JsonObject().put("n", 1));
    small.append("kind", new JsonObject().put("n", "x".repeat(50)));

    assertEquals(2, new JsonObject(reader.next().data()).getInteger("lost"));
    assertEquals(1, all(small.reader("run-1", () -> {})).size());
  }

  @Test
  void aReaderIsCalledForEachEventUntilItIsClosed() {
    var calls = new AtomicInteger();
    EventLog.Reader reader = log.reader(null, calls::incrementAndGet);
    happens(1);
    happens(2);
    reader.close();
    happens(3);

    assertEquals(2, calls.get());
  }
}
