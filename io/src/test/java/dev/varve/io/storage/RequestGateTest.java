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
class RequestGateTest {

  private final ReaderEpochs reads = new ReaderEpochs();
  private final List<DeviceRequest> handedBack = new ArrayList<>();
  private final RequestGate gate = new RequestGate("the disk", reads, handedBack::add);

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

    assertTrue(gate.take(request.flush()));
    assertFalse(gate.isQuiet());
    gate.answer(request, null);

    assertTrue(request.completed);
    assertTrue(gate.isQuiet());
  }

  @Test
  void heldItHandsRequestsBackAndAnswersNone() throws Exception {
    var request = new Asked();

    gate.hold();
    assertFalse(gate.take(request.flush()));

    assertFalse(gate.isOpen());
    assertEquals(List.of(request), handedBack);
    assertFalse(request.completed);
    assertTrue(gate.isQuiet());
    gate.release();
    assertTrue(gate.take(request));
  }

  @Test
  void closedItFailsRequestsAndIsDoneWhenTheReadersHaveLeft() throws Exception {
    try (var threads = new StorageThreads(1)) {
      var running = new Asked();
      assertTrue(gate.take(running.flush()));
      BlockDevice.Lease lease = gate.lease();
      var quiet = new CompletableFuture<Void>();

      assertTrue(gate.close(threads, () -> quiet.complete(null)));
      assertFalse(gate.close(threads, () -> quiet.complete(null)));
      var late = new Asked();
      assertFalse(gate.take(late.flush()));

      assertInstanceOf(DeviceClosedException.class, late.failure);
      assertThrows(DeviceClosedException.class, gate::isOpen);
      assertThrows(DeviceClosedException.class, gate::lease);
      assertThrows(DeviceClosedException.class, gate::hold);
      gate.answer(running, null);
      assertFalse(quiet.isDone());
      lease.release();
      quiet.get(30, TimeUnit.SECONDS);
    }
  }
}
