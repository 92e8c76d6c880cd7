package dev.varve.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.testing.Said;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class FailureTotalsTest {

  private final FailureTotals totals = new FailureTotals();

  @Test
  void nothingHasFailedAtFirst() {
    totals.add(failures("a"));

    assertEquals("", totals.text());
  }

  @Test
  void whatHasFailedOfADiskIsAddedUpByOperationAndKind() {
    totals.add(failures("b", DeviceRequest.Op.WRITE, DeviceRequest.Op.FLUSH));
    totals.add(failures("a", DeviceRequest.Op.READ, DeviceRequest.Op.READ));
    totals.add(failures("b", DeviceRequest.Op.WRITE));

    assertEquals("disk 'a': 2 reads (EIO); disk 'b': 2 writes (EIO), 1 flush (EIO)", totals.text());
  }

  @Test
  void ofManyDisksAFewAreNamed() {
    for (int i = 0; i < 100; i++) totals.add(failures("disk" + i, DeviceRequest.Op.WRITE));

    assertEquals(
        "disk 'disk0': 1 write (EIO); disk 'disk1': 1 write (EIO); disk 'disk10': 1 write (EIO);"
            + " disk 'disk11': 1 write (EIO); disk 'disk12': 1 write (EIO); and some of 95 more"
            + " disks",
        totals.text());
  }

  private static DiskFailures failures(String disk, DeviceRequest.Op... operations) {
    var failures = new DiskFailures(disk, () -> "image", () -> 0, new Said());
    for (DeviceRequest.Op operation : operations)
      failures.failed(operation, 0, 512, new IOException("broken"));
    return failures;
  }
}
