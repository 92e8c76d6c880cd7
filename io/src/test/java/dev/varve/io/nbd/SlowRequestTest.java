package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.RequestTimes;
import dev.varve.io.client.SlowRequest;
import dev.varve.io.testing.MemoryDevice;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A recording tells of requests that took long, and where the time went. */
@Isolated("A recording is the whole process's")
class SlowRequestTest {

  @TempDir Path folder;

  @Test
  void nothingIsMadeWhileNoRecordingWantsIt() {
    assertNull(SlowRequest.begun());
  }

  @Test
  void readThatStorageThreadsServeIsTold() throws Exception {
    var device = new MemoryDevice(TestServer.CAPACITY);
    device.cold(true);
    List<RecordedEvent> events = recorded(device, Duration.ZERO);

    assertEquals(1, events.size(), events::toString);
    RecordedEvent event = events.getFirst();
    assertEquals("disk", event.getString("disk"));
    assertEquals("read", event.getString("operation"));
    assertEquals(8192, event.getLong("offset"));
    assertEquals(4096, event.getLong("length"));
    assertTrue(event.getLong("host") > 0);
    assertEquals(0, event.getLong("limit"));
  }

  @Test
  void requestThatIsQuickEnoughIsNotTold() throws Exception {
    var device = new MemoryDevice(TestServer.CAPACITY);
    device.cold(true);

    assertEquals(List.of(), recorded(device, Duration.ofHours(1)));
  }

  @Test
  void requestThatIsAnsweredInPlaceIsNotTold() throws Exception {
    assertEquals(List.of(), recorded(new MemoryDevice(TestServer.CAPACITY), Duration.ZERO));
  }

  @Test
  void eachTimeIsTheOneBetweenTwoMoments() {
    var times = new RequestTimes(100);
    times.passed(130);
    times.begun(150);
    times.begun(170); // went on in another lane

    assertEquals(30, times.limitNanos());
    assertEquals(20, times.threadNanos());
    assertEquals(45, times.hostNanos(195));
  }

  private List<RecordedEvent> recorded(MemoryDevice device, Duration threshold) throws Exception {
    Path file = folder.resolve("recording.jfr");
    try (var recording = new Recording()) {
      recording.enable(SlowRequest.NAME).withThreshold(threshold);
      recording.start();
      try (var server = TestServer.start(device);
          NbdClient client = server.client()) {
        client.read(8192, 4096);
      }
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file);
  }
}
