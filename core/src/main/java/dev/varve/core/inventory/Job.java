package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Long work that runs in the background. Thread-safe. */
public interface Job {

  /** How far a job is. */
  enum State {
    RUNNING("Running"),
    DONE("Done"),
    FAILED("Failed"),
    CANCELLED("Cancelled");

    private final String text;

    State(String text) {
      this.text = text;
    }

    /** Its word in the API. */
    public String text() {
      return text;
    }
  }

  /** Unique in this run of the program. */
  String id();

  /** Greater than those of the jobs that began before it. */
  long number();

  /** What it does, for people: {@code delete snapshot 'S1' of machine 'mail'}. */
  String description();

  /** The machine whose disks it works on; null if it is of no machine. */
  @Nullable MachineId machine();

  State state();

  /** 0 to 1000. */
  int permille();

  /** The machine that it has made; null while there is none. */
  @Nullable MachineId made();

  /** Why it failed; null if it did not. */
  @Nullable Throwable failure();

  /**
   * Asks it to stop. It then ends as {@link State#CANCELLED} with everything as it was before, or
   * as {@link State#DONE} if it was too late.
   */
  void cancel();

  /** Completes when the job has ended, with its failure if it failed or was cancelled. */
  CompletionStage<Void> ended();
}
