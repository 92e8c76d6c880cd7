package dev.varve.core.testing;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a piece of work costs the thread that does it, however busy the machine is. What it leaves
 * to other threads is not counted.
 *
 * @param allocated bytes of Java heap
 * @param read bytes that system calls have read
 */
public record Cost(long allocated, long read) {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Some work. */
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  /** Measures work that has been done once before, so that nothing is loaded or compiled. */
  public static <E extends Exception> Cost of(Work<?, E> work) throws E, IOException {
    work.run();
    long read = readSoFar();
    long allocated = THREADS.getCurrentThreadAllocatedBytes();
    work.run();
    allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
    return new Cost(allocated, readSoFar() - read);
  }

  private static long readSoFar() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/thread-self/io")))
      if (line.startsWith("rchar: ")) return Long.parseLong(line.substring("rchar: ".length()));
    throw new IOException("the kernel does not say how many bytes a thread has read");
  }
}
