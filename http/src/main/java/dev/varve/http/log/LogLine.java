package dev.varve.http.log;

import java.time.Instant;

/**
 * A line of the log. Immutable.
 *
 * @param source the part of the program, one word; with much detail where that is wanted
 * @param text one line, or a stack trace below it
 */
public record LogLine(Instant time, LogLevel level, String source, String text) {}
