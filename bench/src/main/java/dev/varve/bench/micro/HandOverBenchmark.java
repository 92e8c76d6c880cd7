package dev.varve.bench.micro;

import dev.varve.io.storage.StorageThreads;
import dev.varve.io.storage.TaskLane;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From one thread to a storage thread and back: the extra cost of a request that cannot be served
 * in the calling thread. The waiting thread parks, as an event loop with nothing else to do would.
 * JMH calls it from one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class HandOverBenchmark {

  private final StorageThreads threads = new StorageThreads(4);
  private final TaskLane lane = new TaskLane(threads, 2);
  private final Runnable task = this::done;
  private Thread waiting;
  private volatile boolean done;

  @Setup
  public void start() {
    waiting = Thread.currentThread();
  }

  @TearDown
  public void stop() {
    threads.close();
  }

  @Benchmark
  public void thereAndBack() {
    done = false;
    lane.execute(task);
    while (!done) LockSupport.park(this);
  }

  private void done() {
    done = true;
    LockSupport.unpark(waiting);
  }
}
