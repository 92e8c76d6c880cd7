package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a bandwidth group limits. */
final class LimitOptions {

  private static final String SIZE = "SIZE";
  private static final String COUNT = "N";

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
      description = "So much time's worth of unused budget may pass at once (100).")
  private @Nullable Long burst;

  /** Those that were given. */
  JsonObject json() {
    return new Members()
        .put("maxBytesPerSecond", bytes)
        .put("maxReadBytesPerSecond", readBytes)
        .put("maxWriteBytesPerSecond", writeBytes)
        .put("maxOperationsPerSecond", operations)
        .put("maxReadOperationsPerSecond", readOperations)
        .put("maxWriteOperationsPerSecond", writeOperations)
        .put("burstMilliseconds", burst)
        .json();
  }
}
