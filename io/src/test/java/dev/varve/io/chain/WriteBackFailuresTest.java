package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.testing.Said;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class WriteBackFailuresTest {

  private final Said said = new Said();
  private final WriteBackFailures failures = new WriteBackFailures("/a.vdi", said);

  @Test
  void theFirstOfEachMinuteIsToldAndThatItWorksAgain() {
    failures.worked();
    for (int second = 0; second < 62; second++) failures.failed(new IOException("no space"));
    failures.worked();
    failures.worked();

    assertEquals(
        List.of(
            "WARNING /a.vdi: writes could not be made durable: no space",
            "WARNING /a.vdi: writes could not be made durable, 61 times in a row:" + " no space",
            "INFO /a.vdi: writes are durable again, after 62 failed attempts"),
        said.lines());
  }

  @Test
  void aDiskThatIsClosedHasNotFailed() {
    failures.failed(new DeviceClosedException("closed"));
    failures.worked();

    assertEquals(List.of(), said.lines());
  }
}
