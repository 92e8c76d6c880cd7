package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.client.SlowRequest;
import dev.varve.io.testing.MemoryDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A recording tells of requests of a guest that took long, as of those of NBD clients. */
@Isolated("A recording is the whole process's")
class SlowGuestRequestTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private final MemoryDevice device = new MemoryDevice(MIB);

  /** What a guest asks for. */
  private interface Asked {
    void by(TestGuest guest) throws Exception;
  }

  @Test
  void readThatStorageThreadsServeIsTold() throws Exception {
    device.cold(true);

    List<RecordedEvent> events = recorded(guest -> guest.read(16, 4096));

    assertEquals(1, events.size(), events::toString);
    RecordedEvent event = events.getFirst();
    assertEquals("disk", event.getString("disk"));
    assertEquals("read", event.getString("operation"));
    assertEquals(8192, event.getLong("offset"));
    assertEquals(4096, event.getLong("length"));
    assertFalse(event.getBoolean("failed"));
    assertTrue(event.getLong("host") > 0);
    assertEquals(0, event.getLong("limit"));
  }

  @Test
  void requestThatFailsIsToldAsSuch() throws Exception {
    device.cold(true);
    device.breakAt(8192, new IOException("a scratch"));

    List<RecordedEvent> events =
        recorded(guest -> guest.request(TestGuest.IN, 16, guest.place(512), 512, true));

    assertEquals(1, events.size(), events::toString);
    assertTrue(events.getFirst().getBoolean("failed"));
  }

  @Test
  void requestThatIsAnsweredInPlaceIsNotTold() throws Exception {
    assertEquals(List.of(), recorded(guest -> guest.read(16, 4096)));
  }

  private List<RecordedEvent> recorded(Asked asked) throws Exception {
    Path file = folder.resolve("recording.jfr");
    try (var recording = new Recording()) {
      recording.enable(SlowRequest.NAME).withThreshold(Duration.ZERO);
      recording.start();
      try (var disk = new TestDisk(device);
          var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        asked.by(guest);
      }
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file);
  }
}
