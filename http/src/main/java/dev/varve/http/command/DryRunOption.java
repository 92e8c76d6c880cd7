package dev.varve.http.command;

import dev.varve.http.client.ApiRequest;
import picocli.CommandLine.Option;

/** Whether a command only says what it would do. */
final class DryRunOption {

  @Option(
      names = "--dry-run",
      description =
          "Change nothing: say what would change, which files would go, and how much room that would free.")
  private boolean dryRun;

  ApiRequest of(ApiRequest request) {
    return dryRun ? request.dryRun() : request;
  }
}
