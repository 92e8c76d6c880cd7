package dev.varve.io.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** A drive with nothing in it. */
class EmptyDriveTest {

  private final BlockDevice drive = new EmptyDrive();

  @Test
  void hasNoByteAndCannotBeWritten() {
    assertEquals(0, drive.capacity());
    assertTrue(drive.readOnly());
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> drive.read(0, java.lang.foreign.Arena.ofAuto().allocate(1)));
  }

  @Test
  void answersRequestsForNothing() throws Exception {
    drive.read(0, MemorySegment.NULL).toCompletableFuture().get();
    drive.flush().toCompletableFuture().get();
    drive.lease().release();
  }

  @Test
  void isClosedOnceForAll() throws Exception {
    drive.close().toCompletableFuture().get();
    drive.close().toCompletableFuture().get();

    assertThrows(DeviceClosedException.class, drive::lease);
    var flush =
        assertThrows(ExecutionException.class, () -> drive.flush().toCompletableFuture().get());
    assertEquals(DeviceClosedException.class, flush.getCause().getClass());
  }

  @Test
  void isOneOfMany() throws IOException {
    var other = new EmptyDrive();
    other.close();

    drive.lease().release();
  }
}
