package dev.varve.io.polling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether threads wait for a processor. */
class ProcessorWaitTest {

  private static final long LOOK = ProcessorWait.LOOK_NANOS;

  @TempDir private Path folder;
  private long waited;
  private int looks;
  private final ProcessorWait processors =
      new ProcessorWait(
          () -> {
            looks++;
            return waited;
          });

  @Test
  void threadsCountAsWaitingUntilTwoLooksWereCompared() {
    assertTrue(processors.isLong(0));
    assertTrue(processors.isLong(LOOK - 1));
    assertFalse(processors.isLong(LOOK));
  }

  @Test
  void threadsWaitWhileTheyDoSoInMoreThanAQuarterOfTheTime() {
    processors.isLong(0);
    waited += LOOK / 4;
    assertFalse(processors.isLong(LOOK));
    waited += LOOK / 4 + 1;
    assertTrue(processors.isLong(2 * LOOK));
    assertFalse(processors.isLong(3 * LOOK));
  }

  @Test
  void counterIsNotReadMoreOftenThanALookIsGoodFor() {
    for (long now = 0; now < 10 * LOOK; now += LOOK / 400) processors.isLong(now);

    assertEquals(10, looks);
  }

  @Test
  void hostThatTellsNothingCountsAsWaiting() {
    waited = Long.MIN_VALUE;
    for (long now = 0; now < 10 * LOOK; now += LOOK) assertTrue(processors.isLong(now));
  }

  @Test
  void kernelsCountersOfMachineAndThreadAreAdded() throws IOException {
    Path pressure =
        file(
            """
            some avg10=47.61 avg60=22.75 avg300=31.20 total=55952162963
            full avg10=0.00 avg60=0.00 avg300=0.00 total=17
            """);
    Path thread = file("643035216 1235036894 1824\n");

    assertEquals(55952162963L * 1000 + 1235036894, new KernelWaits(pressure, thread).nanos());
  }

  @Test
  void kernelThatCountsOnlyOneOfThemIsEnough() throws IOException {
    Path none = folder.resolve("none");
    Path pressure = file("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
    Path thread = file("1 2 3\n");

    assertEquals(5000, new KernelWaits(pressure, none).nanos());
    assertEquals(2, new KernelWaits(none, thread).nanos());
    assertEquals(Long.MIN_VALUE, new KernelWaits(none, none).nanos());
  }

  @Test
  void counterThatCannotBeReadIsNoCounter() throws IOException {
    Path odd = file("some total=many\n");

    assertEquals(Long.MIN_VALUE, new KernelWaits(odd, odd).nanos());
  }

  private Path file(String contents) throws IOException {
    return Files.writeString(Files.createTempFile(folder, "counter", ""), contents);
  }
}
