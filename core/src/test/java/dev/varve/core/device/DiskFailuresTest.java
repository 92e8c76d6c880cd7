package dev.varve.core.device;

import static dev.varve.core.device.DeviceRequest.Op.FLUSH;
import static dev.varve.core.device.DeviceRequest.Op.READ;
import static dev.varve.core.device.DeviceRequest.Op.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DiskFailures.Count;
import dev.varve.core.device.DiskFailures.Kind;
import dev.varve.core.testing.Said;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DiskFailuresTest {

  private static final IOException FULL =
      new OutOfSpaceException("/d/io.vdi: allocating failed: No space left on device (errno 28)");
  private static final IOException BROKEN = new IOException("the medium fails");

  private final Said said = new Said();
  private long now = -5;
  private final DiskFailures failures = new DiskFailures("io", () -> "/d/io.vdi", () -> now, said);

  @Test
  void theFirstFailureIsToldAtOnceWithAllThatIsKnownOfIt() {
    failures.failed(WRITE, 1 << 20, 65536, FULL);

    assertEquals(
        List.of(
            "WARNING disk 'io': a write of 65536 bytes at offset 1048576 failed, no space is left on"
                + " the file system (ENOSPC): /d/io.vdi: allocating failed: No space left on device"
                + " (errno 28)"),
        said.lines());
  }

  @Test
  void theImageIsNamedWhereTheReasonDoesNot() {
    failures.failed(READ, 512, 4096, BROKEN);
    failures.failed(FLUSH, 0, 0, BROKEN);

    assertEquals(
        List.of(
            "WARNING disk 'io' (/d/io.vdi): a read of 4096 bytes at offset 512 failed, input/output"
                + " error (EIO): the medium fails",
            "WARNING disk 'io' (/d/io.vdi): a flush failed, input/output error (EIO): the medium"
                + " fails"),
        said.lines());
  }

  @Test
  void ofThousandsThereIsOneLineAMinuteWithTheirNumber() {
    for (int second = 0; second < 180; second++) {
      failures.tick();
      for (int i = 0; i < 25; i++) failures.failed(WRITE, 0, 512, FULL);
      seconds(1);
    }
    failures.tick();

    assertEquals(4, said.lines().size(), () -> said.lines().toString());
    assertEquals(
        "WARNING disk 'io': 1499 more writes failed in the last minute, no space is left on the file"
            + " system (ENOSPC)",
        said.lines().get(1));
    assertEquals(List.of(new Count(WRITE, Kind.NO_SPACE, 4500)), failures.counts());
  }

  @Test
  void aGuestThatGivesUpAfterASecondIsToldInFullAMinuteLater() {
    for (int i = 0; i < 8; i++) failures.failed(WRITE, 0, 512, FULL);

    seconds(59);
    failures.tick();
    assertEquals(1, said.lines().size());
    seconds(1);
    failures.tick();
    failures.tick();

    assertEquals(2, said.lines().size(), () -> said.lines().toString());
    assertTrue(
        said.lines().getLast().contains("7 more writes failed"), () -> said.lines().toString());
  }

  @Test
  void whatWasNotToldIsToldWhenTheDiskIsClosed() {
    failures.failed(WRITE, 0, 512, FULL);
    failures.failed(WRITE, 0, 512, FULL);

    failures.end();
    failures.end();

    assertEquals(2, said.lines().size(), () -> said.lines().toString());
    assertEquals(
        "WARNING disk 'io': 1 more write failed until now, when the disk is closed, no space is left"
            + " on the file system (ENOSPC)",
        said.lines().getLast());
  }

  @Test
  void operationsAndKindsAreToldAndCountedApart() {
    failures.failed(WRITE, 0, 512, FULL);
    failures.failed(WRITE, 0, 512, BROKEN);
    failures.failed(READ, 0, 512, BROKEN);
    failures.failed(WRITE, 0, 512, BROKEN);

    assertEquals(3, said.lines().size(), () -> said.lines().toString());
    assertEquals(
        List.of(
            new Count(READ, Kind.IO, 1),
            new Count(WRITE, Kind.NO_SPACE, 1),
            new Count(WRITE, Kind.IO, 2)),
        failures.counts());
  }

  @Test
  void oneLineSaysThatAnOperationWorksAgain() {
    for (int second = 0; second < 3; second++) {
      failures.failed(WRITE, 0, 512, FULL);
      seconds(1);
    }
    assertTrue(failures.isTroubled(WRITE));
    assertFalse(failures.isTroubled(READ));

    failures.worked(WRITE);
    assertTrue(failures.isTroubled(WRITE), "too soon: others may fail");
    seconds(9);
    failures.worked(WRITE);
    failures.worked(WRITE);

    assertFalse(failures.isTroubled(WRITE));
    assertEquals(2, said.lines().size(), () -> said.lines().toString());
    assertEquals(
        "INFO disk 'io': writes work again; 3 had failed in 2.00 s", said.lines().getLast());
  }

  @Test
  void whatFailsAgainAfterItWorkedIsToldAtOnce() {
    failures.failed(WRITE, 0, 512, FULL);
    seconds(10);
    failures.worked(WRITE);

    failures.failed(WRITE, 0, 512, FULL);

    assertEquals(3, said.lines().size(), () -> said.lines().toString());
    assertTrue(
        said.lines().getLast().contains("a write of 512 bytes"), () -> said.lines().toString());
  }

  @Test
  void whatFailsAndWorksInTurnForHoursDoesNotFillTheLog() {
    for (int second = 0; second < 6 * 3600; second++) {
      failures.tick();
      if (second % 15 == 0) failures.failed(WRITE, 0, 512, FULL);
      else if (failures.isTroubled(WRITE)) failures.worked(WRITE);
      seconds(1);
    }

    assertTrue(said.lines().size() <= 6 * 60 + 4, said.lines().size() + " said.lines()");
  }

  @Test
  void aDiskThatWasClosedIsNoFailureOfTheHost() {
    failures.failed(WRITE, 0, 512, new DeviceClosedException("the disk is closed"));

    assertEquals(List.of(), said.lines());
    assertEquals(List.of(), failures.counts());
  }

  @Test
  void noLineNamesAClassOfJava() {
    failures.failed(READ, 0, 512, new InternalError("a fault occurred in an unsafe memory access"));
    failures.failed(WRITE, 0, -1, new IOException());

    assertEquals(
        List.of(
            "WARNING disk 'io' (/d/io.vdi): a read of 512 bytes at offset 0 failed, input/output"
                + " error (EIO): an image file was cut, or its medium fails",
            "WARNING disk 'io' (/d/io.vdi): a write failed, input/output error (EIO): it failed, and"
                + " the system does not say why"),
        said.lines());
  }

  private void seconds(long count) {
    now += TimeUnit.SECONDS.toNanos(count);
  }
}
