package dev.varve.io.storage;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("the model checker rewrites classes that other tests use")
class ReaderEpochsInterleavingsTest {

  /**
   * A reader, and somebody who frees what it may be reading, in every interleaving up to a number.
   */
  @Test
  void nothingIsFreedWhileAReaderWhoFoundItIsInside() {
    new ModelCheckingOptions()
        .iterations(6)
        .invocationsPerIteration(400)
        .threads(2)
        .actorsPerThread(2)
        .loopBound(1000)
        .loopIterationsBeforeThreadSwitch(1000)
        .check(Place.class);
  }

  /** A place that is replaced, and freed when nobody reads it any more. */
  public static final class Place {
    private final ReaderEpochs epochs = new ReaderEpochs();
    private volatile AtomicBoolean place = new AtomicBoolean();

    /** Whether it was freed while it was read. */
    @Operation
    public boolean read() {
      int ticket = epochs.enter();
      boolean freed = place.get();
      epochs.exit(ticket);
      return freed;
    }

    @Operation(nonParallelGroup = "owner")
    public void free() {
      AtomicBoolean gone = place;
      place = new AtomicBoolean();
      if (epochs.passed(epochs.epoch())) gone.set(true);
    }
  }
}
