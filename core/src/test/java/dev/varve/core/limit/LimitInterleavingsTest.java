package dev.varve.core.limit;

import dev.varve.core.testing.Limits;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("the model checker rewrites classes that other tests use")
class LimitInterleavingsTest {

  @Test
  void whatLoopsAndTheAlarmDoAtOnceIsAsIfTheyHadTakenTurns() {
    new ModelCheckingOptions()
        .iterations(5)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsPerThread(2)
        .actorsBefore(2)
        .actorsAfter(2)
        .check(Loops.class);
  }

  /** A group with a budget of 100 bytes, and 10 more for each millisecond. */
  @Param(name = "length", gen = IntGen.class, conf = "0:60")
  public static final class Loops {
    private static final long MILLISECOND = 1_000_000;

    private final LimitGroup group =
        new LimitGroup(Limits.bytes(10_000, 10 * MILLISECOND), (_, _) -> {}, 0);
    private final LimitMember one = group.join("one", 0);
    private final LimitMember another = group.join("another", 0);
    private final AtomicInteger passed = new AtomicInteger();

    @Operation
    public boolean tryPass(@Param(name = "length") int length) {
      return one.tryPass(Direction.READ, 1, length, 0);
    }

    @Operation
    public boolean passAndGiveBack(@Param(name = "length") int length) {
      if (!one.tryPass(Direction.WRITE, 1, length, 0)) return false;
      one.refund(Direction.WRITE, 1, 0, 0);
      return true;
    }

    @Operation
    public boolean enqueue(@Param(name = "length") int length) {
      return another.enqueue(new Counted(), Direction.WRITE, 1, length, 0);
    }

    @Operation
    public int leave() {
      int left = 0;
      for (Waiting w = another.leave(0); w != null; w = w.next()) left++;
      return left;
    }

    @Operation
    public void ring() {
      group.ring(2 * MILLISECOND);
    }

    @Operation
    public String statistics() {
      LimitStatistics now = group.statistics(0);
      return now.waitingRequests() + " wait, " + now.waitingBytes() + ", " + now.bytesRead();
    }

    private final class Counted extends Waiting {
      @Override
      protected void passed() {
        passed.incrementAndGet();
      }
    }
  }
}
