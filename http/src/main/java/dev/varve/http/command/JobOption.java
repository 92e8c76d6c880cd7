package dev.varve.http.command;

import picocli.CommandLine.Option;

/** Whether a command waits for the job that it begins. */
final class JobOption {

  @Option(
      names = "--no-wait",
      description =
          "Print the job's id and exit. Without this option the command waits, and Ctrl-C cancels the job.")
  private boolean noWait;

  boolean waits() {
    return !noWait;
  }
}
