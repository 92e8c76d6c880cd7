package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Requests are let in, turned away for a while, and waited for. */
class IntakeTest {

  private final Grace reads = new Grace();
  private final List<DeviceRequest> handedBack = new ArrayList<>();
  private final Intake intake = new Intake("the disk", reads, handedBack::add);

  private static final class Asked extends DeviceRequest {
    private boolean completed;
    private @Nullable IOException failure;

    @Override
    protected void completed() {
      completed = true;
    }

    @Override
    protected void failed(IOException cause) {
      failure = cause;
    }
  }

  @Test
  void whatWasTakenKeepsItFromBeingQuietUntilItIsAnswered() {
    var request = new Asked();

    assertTrue(intake.take(request.flush()));
    assertFalse(intake.isQuiet());
    intake.answer(request, null);

    assertTrue(request.completed);
    assertTrue(intake.isQuiet());
  }

  @Test
  void heldItHandsRequestsBackAndAnswersNone() throws Exception {
    var request = new Asked();

    intake.hold();
    assertFalse(intake.take(request.flush()));

    assertFalse(intake.isOpen());
    assertEquals(List.of(request), handedBack);
    assertFalse(request.completed);
    assertTrue(intake.isQuiet());
    intake.release();
    assertTrue(intake.take(request));
  }

  @Test
  void closedItFailsRequestsAndIsDoneWhenTheReadersHaveLeft() throws Exception {
    try (var threads = new StorageThreads(1)) {
      var running = new Asked();
      assertTrue(intake.take(running.flush()));
      BlockDevice.Lease lease = intake.lease();
      var quiet = new CompletableFuture<Void>();

      assertTrue(intake.close(threads, () -> quiet.complete(null)));
      assertFalse(intake.close(threads, () -> quiet.complete(null)));
      var late = new Asked();
      assertFalse(intake.take(late.flush()));

      assertInstanceOf(DeviceClosedException.class, late.failure);
      assertThrows(DeviceClosedException.class, intake::isOpen);
      assertThrows(DeviceClosedException.class, intake::lease);
      assertThrows(DeviceClosedException.class, intake::hold);
      intake.answer(running, null);
      assertFalse(quiet.isDone());
      lease.release();
      quiet.get(30, TimeUnit.SECONDS);
    }
  }
}
