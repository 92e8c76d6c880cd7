package dev.varve.core.inventory;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Compares settings files with what was last read of them, and waits for the host for a moment
 * only: a file system that does not answer must not keep machines from being listed. A file that is
 * still being waited for is left out until the host has answered. Thread safe.
 */
final class PatientLook {

  private static final System.Logger LOG = System.getLogger(PatientLook.class.getName());

  /** Files that some thread is looking at. */
  private final Set<Path> lookedAt = ConcurrentHashMap.newKeySet();

  private final Duration patience;

  PatientLook(Duration patience) {
    this.patience = patience;
  }

  /**
   * Those machines whose files may have changed, as far as the host answers.
   *
   * @param mayHaveChanged may wait for the host; runs on another thread
   */
  List<View.MachineView> changed(
      Collection<View.MachineView> machines, Predicate<View.MachineView> mayHaveChanged) {
    var changed = new ConcurrentLinkedQueue<View.MachineView>();
    var done = new CountDownLatch(1);
    Thread.ofPlatform()
        .daemon()
        .name("settings look")
        .start(
            () -> {
              try {
                for (View.MachineView machine : machines)
                  if (isChanged(machine, mayHaveChanged)) changed.add(machine);
              } finally {
                done.countDown();
              }
            });
    try {
      if (!done.await(patience.toMillis(), TimeUnit.MILLISECONDS)) tellWhatHangs();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new ArrayList<>(changed);
  }

  private boolean isChanged(View.MachineView machine, Predicate<View.MachineView> mayHaveChanged) {
    Path file = machine.saved().settingsFile();
    if (!lookedAt.add(file)) return false; // by a thread that waits, or that tells it in a moment
    try {
      return mayHaveChanged.test(machine);
    } finally {
      lookedAt.remove(file);
    }
  }

  private void tellWhatHangs() {
    for (Path file : lookedAt)
      LOG.log(
          Level.WARNING,
          "{0}: the host has not answered for {1} ms; the machine is listed as it was last read",
          file,
          patience.toMillis());
  }
}
