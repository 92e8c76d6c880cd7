package dev.varve.http.command;

/** For whom a command prints. */
enum OutputFormat {
  /** For people. */
  TEXT,
  /** For programs: one JSON object. */
  JSON
}
