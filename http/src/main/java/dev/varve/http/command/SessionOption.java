package dev.varve.http.command;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whose working copy a command changes. */
final class SessionOption {

  @Option(
      names = "--session",
      paramLabel = "ID",
      description = "Change this session's working copy only, instead of what is saved.")
  private @Nullable String id;

  @Nullable String id() {
    return id;
  }
}
