package dev.varve.io.trial;

import dev.varve.io.posix.ClockFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The host's clock. Any thread. */
public final class HostClock {

  private static final Path SOURCE =
      Path.of("/sys/devices/system/clocksource/clocksource0/current_clocksource");

  /** Devices, which are far from the processor. */
  private static final Set<String> SLOW = Set.of("hpet", "acpi_pm", "jiffies", "refined-jiffies");

  private HostClock() {}

  /**
   * Whether a program keeps the clock right.
   *
   * @throws IOException if the kernel does not tell
   */
  public static boolean isSynchronised() throws IOException {
    return ClockFacts.isSynchronised();
  }

  /** What the kernel reads the time from; empty if it does not tell. */
  public static String source() {
    try {
      return Files.readString(SOURCE).strip();
    } catch (IOException _) {
      return "";
    }
  }

  /** Whether reading the time from there costs microseconds. */
  public static boolean isSlow(String source) {
    return SLOW.contains(source);
  }
}
