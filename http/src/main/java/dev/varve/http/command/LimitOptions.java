package dev.varve.http.command;

import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Limit;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a bandwidth group limits. */
final class LimitOptions {

  private static final String SIZE = "SIZE";
  private static final String COUNT = "N";
  private static final long NANOS_PER_MILLISECOND = 1_000_000;

  @Option(
      names = "--max-bytes-per-second",
      paramLabel = SIZE,
      converter = ByteSize.class,
      description = "Of reads and writes together, such as 20M; 0, here as below: no limit.")
  private @Nullable Long bytes;

  @Option(
      names = "--max-read-bytes-per-second",
      paramLabel = SIZE,
      converter = ByteSize.class,
      description = "Of reads.")
  private @Nullable Long readBytes;

  @Option(
      names = "--max-write-bytes-per-second",
      paramLabel = SIZE,
      converter = ByteSize.class,
      description = "Of writes.")
  private @Nullable Long writeBytes;

  @Option(
      names = "--max-operations-per-second",
      paramLabel = COUNT,
      description = "Requests of every kind.")
  private @Nullable Long operations;

  @Option(
      names = "--max-read-operations-per-second",
      paramLabel = COUNT,
      description = "Requests that read.")
  private @Nullable Long readOperations;

  @Option(
      names = "--max-write-operations-per-second",
      paramLabel = COUNT,
      description = "Requests that write, flush or discard.")
  private @Nullable Long writeOperations;

  @Option(
      names = "--burst-milliseconds",
      paramLabel = COUNT,
      description =
          "How much unused budget may pass at once, as the time in which it arises ("
              + BandwidthLimits.DEFAULT_BURST / NANOS_PER_MILLISECOND
              + ").")
  private @Nullable Long burst;

  /** Those that were given. */
  JsonObject json() {
    var json = new JsonBody();
    for (Limit limit : Limit.values()) json.put(limit.key(), given(limit));
    return json.json();
  }

  private @Nullable Long given(Limit limit) {
    return switch (limit) {
      case BYTES -> bytes;
      case READ_BYTES -> readBytes;
      case WRITE_BYTES -> writeBytes;
      case OPERATIONS -> operations;
      case READ_OPERATIONS -> readOperations;
      case WRITE_OPERATIONS -> writeOperations;
      case BURST -> burst;
    };
  }
}
