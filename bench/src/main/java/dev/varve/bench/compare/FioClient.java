package dev.varve.bench.compare;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** fio with its nbd engine, one connection. */
final class FioClient implements Load.Client {

  /** What fio may take beyond the time that it is given, before it is killed. */
  private static final Duration SLACK = Duration.ofSeconds(60);

  @Override
  public Load.Result run(Path socket, Load load, Load.Range range, double seconds)
      throws IOException, InterruptedException {
    String output =
        Programs.run(
            command(socket, load, range, seconds), SLACK.plusMillis((long) (seconds * 1e3)));
    return result(output);
  }

  private static List<String> command(Path socket, Load load, Load.Range range, double seconds) {
    var command = new ArrayList<>(List.of("fio", "--name=load", "--ioengine=nbd", "--thread"));
    command.add("--uri=nbd+unix:///?socket=" + socket);
    command.add("--rw=" + load.access().fioName());
    command.add("--bs=" + load.blockSize());
    command.add("--iodepth=" + load.depth());
    command.add("--offset=" + range.offset());
    command.add("--size=" + range.length());
    command.addAll(List.of("--norandommap", "--random_generator=tausworthe64"));
    command.addAll(List.of("--output-format=json", "--eta=never"));
    if (load.access() == Load.Access.RANDOM_MIX) command.add("--rwmixread=70");
    if (load.flushEvery() > 0) command.add("--fsync=" + load.flushEvery());
    if (load.access() == Load.Access.TOUCH) {
      command.add("--zonemode=strided");
      command.add("--zonesize=" + load.blockSize());
      command.add("--zonerange=" + Load.STRIDE);
      command.add("--io_size=" + range.length() / Load.STRIDE * load.blockSize());
    }
    if (!load.once()) {
      command.addAll(List.of("--time_based", "--runtime=%dms".formatted((long) (seconds * 1e3))));
    }
    return command;
  }

  /** Sums up what fio says of reads, writes and trims. */
  static Load.Result result(String output) throws IOException {
    JsonObject job;
    try {
      var all = new JsonObject(output.substring(Math.max(0, output.indexOf('{'))));
      job = all.getJsonArray("jobs").getJsonObject(0);
    } catch (DecodeException e) {
      throw new IOException("fio printed no JSON: " + output, e);
    }
    if (job.getInteger("error") != 0)
      throw new IOException("fio met error " + job.getInteger("error"));
    long operations = 0;
    double seconds = 0;
    long p50 = 0;
    long p99 = 0;
    for (JsonObject kind : Stream.of("read", "write", "trim").map(job::getJsonObject).toList()) {
      if (kind.getLong("total_ios") == 0) continue;
      operations += kind.getLong("total_ios");
      // fio rounds the run time to milliseconds, but not the rate.
      seconds = Math.max(seconds, kind.getLong("total_ios") / kind.getDouble("iops"));
      JsonObject percentiles =
          kind.getJsonObject("clat_ns").getJsonObject("percentile", new JsonObject());
      p50 = Math.max(p50, percentiles.getLong("50.000000", 0L));
      p99 = Math.max(p99, percentiles.getLong("99.000000", 0L));
    }
    if (operations == 0) throw new IOException("fio did nothing: " + output);
    return new Load.Result(operations, seconds, p50, p99);
  }
}
