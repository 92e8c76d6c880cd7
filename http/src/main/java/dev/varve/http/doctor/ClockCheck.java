package dev.varve.http.doctor;

import dev.varve.core.log.Amount;
import dev.varve.io.trial.HostClock;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host's clock. Tokens and certificates expire by it, and the log is read by it; bandwidth
 * limits and waiting times use another clock, which does not jump.
 */
record ClockCheck(Installation installation, Instant now) implements Check {

  private static final String CLOCK = "clock";
  private static final String SET = "timedatectl set-ntp true, or install chrony";

  /** A file system may have another clock. */
  private static final Duration TOLERANCE = Duration.ofMinutes(2);

  @Override
  public String subject() {
    return CLOCK;
  }

  @Override
  public List<Finding> look() throws IOException {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        HostClock.isSynchronised()
            ? Finding.good(CLOCK, now + ", synchronised")
            : Finding.warning(
                CLOCK, now + ", and the kernel knows of no program that keeps it right", SET));
    Path late = fromTheFuture();
    if (late != null)
      findings.add(
          Finding.warning(
              CLOCK,
              "%s was written %s in the future: the clock has jumped back, and tokens and sessions live longer"
                  .formatted(
                      late,
                      Amount.time(
                          Duration.between(now, Files.getLastModifiedTime(late).toInstant()))),
              SET + "; then run 'touch' on the file"));
    String source = HostClock.source();
    if (HostClock.isSlow(source))
      findings.add(
          Finding.warning(
              CLOCK,
              "the kernel reads the time from '%s', which takes microseconds each time"
                  .formatted(source),
              "look in 'dmesg' why it does not use tsc"));
    return findings;
  }

  private @Nullable Path fromTheFuture() {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(installation.stateFolder())) {
      for (Path file : files)
        if (Files.getLastModifiedTime(file).toInstant().isAfter(now.plus(TOLERANCE))) return file;
    } catch (IOException | DirectoryIteratorException _) {
      // There is no folder yet, or it is another user's.
    }
    return null;
  }
}
