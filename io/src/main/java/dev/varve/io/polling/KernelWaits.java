package dev.varve.io.polling;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel counts of threads that wait for a processor: those of the whole machine, and the
 * calling thread alone, which a bound on its group's processor time holds up too. Immutable.
 */
final class KernelWaits {

  private static final String TOTAL = "total=";

  private final Path pressure;
  private final Path thread;

  /**
   * @param pressure the machine's counters, {@code /proc/pressure/cpu}; a kernel may have none
   * @param thread those of the calling thread, {@code /proc/thread-self/schedstat}
   */
  KernelWaits(Path pressure, Path thread) {
    this.pressure = pressure;
    this.thread = thread;
  }

  static KernelWaits ofThisHost() {
    return new KernelWaits(Path.of("/proc/pressure/cpu"), Path.of("/proc/thread-self/schedstat"));
  }

  /** Both together, in nanoseconds; {@link Long#MIN_VALUE} where the host tells neither. */
  long nanos() {
    long machine = machineNanos();
    long own = ownNanos();
    if (machine < 0) return own < 0 ? Long.MIN_VALUE : own;
    return machine + Math.max(0, own);
  }

  /** {@code some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS}, in the first line. */
  private long machineNanos() {
    String text = read(pressure);
    int begin = text.indexOf(TOTAL) + TOTAL.length();
    int end = text.indexOf('\n');
    return begin < TOTAL.length() || end < begin ? -1 : number(text.substring(begin, end)) * 1000;
  }

  /** {@code RUN WAITED SLICES}, in nanoseconds. */
  private long ownNanos() {
    String[] words = read(thread).split(" ");
    return words.length < 2 ? -1 : number(words[1]);
  }

  private static long number(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException _) {
      return -1;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException _) {
      return "";
    }
  }
}
