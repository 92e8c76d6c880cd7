package dev.varve.io.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class EventDescriptorTest {

  @Test
  void nothingWaitsForADescriptorThatWaits() throws Exception {
    int event = EventDescriptor.create();
    OddDescriptors.makeWait(event);
    assertFalse(EventDescriptor.drain(event));

    OddDescriptors.fill(event);
    ForeignEvents.signal(event);
    ForeignEvents.signal(event);

    assertTrue(EventDescriptor.drain(event));
    assertFalse(EventDescriptor.drain(event));
    Posix.close(event);
  }

  @Test
  void signalsOfManyThreadsAreAllCounted() throws Exception {
    int each = 5000;
    int event = OddDescriptors.semaphore(0);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++)
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int n = 0; n < each; n++) ForeignEvents.signal(event);
                  }));
    for (Thread thread : threads) thread.join();

    int signals = 0;
    while (EventDescriptor.drain(event)) signals++;

    assertEquals(threads.size() * each, signals);
    Posix.close(event);
  }
}
