package dev.varve.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One fio that asks for more of all four disks than their groups let pass. In the first group the
 * requests of one disk are many times as large as those of the other; in the second, one disk has
 * many times as many in flight.
 */
final class GroupLoad {

  /** How long one figure of fio's is about. */
  static final int WINDOW_MILLIS = 250;

  private static final Duration SLACK = Duration.ofSeconds(60);

  /** What is asked of each disk. */
  static final List<Load> LOADS =
      List.of(
          new Load(Load.Access.RANDOM_READ, 4 << 10, 32),
          new Load(Load.Access.RANDOM_READ, 256 << 10, 4),
          new Load(Load.Access.RANDOM_WRITE, 64 << 10, 4),
          new Load(Load.Access.RANDOM_WRITE, 64 << 10, 32));

  private GroupLoad() {}

  /**
   * Runs it.
   *
   * @param folder for fio's logs
   * @return bytes per second of each disk, by window
   */
  static double[][] run(GroupServer server, Path folder, long size, int seconds)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("fio", "--output-format=json", "--eta=never"));
    command.addAll(List.of("--ioengine=nbd", "--thread", "--norandommap", "--time_based"));
    command.addAll(List.of("--random_generator=tausworthe64", "--size=" + size));
    command.add("--runtime=" + seconds);
    command.add("--bwavgtime=" + WINDOW_MILLIS);
    command.add("--log_avg_msec=" + WINDOW_MILLIS);
    command.add("--write_bw_log=" + folder.resolve("rates"));
    for (int disk = 0; disk < GroupServer.DISKS; disk++) {
      Load load = LOADS.get(disk);
      command.add("--name=disk" + disk);
      command.add("--uri=" + server.uri(disk));
      command.add("--rw=" + load.access().fioName());
      command.add("--bs=" + load.blockSize());
      command.add("--iodepth=" + load.depth());
    }
    Programs.run(command, SLACK.plusSeconds(seconds));
    var rates = new double[GroupServer.DISKS][];
    for (int disk = 0; disk < rates.length; disk++) {
      rates[disk] = rates(folder.resolve("rates_bw.%d.log".formatted(disk + 1)), seconds);
    }
    return rates;
  }

  /** Lines of milliseconds, KiB per second, and what does not matter; none where nothing passed. */
  private static double[] rates(Path log, int seconds) throws IOException {
    var rates = new double[seconds * 1000 / WINDOW_MILLIS];
    try (Stream<String> lines = Files.lines(log)) {
      lines.forEach(
          line -> {
            String[] fields = line.split(", *");
            int window = (Integer.parseInt(fields[0]) - WINDOW_MILLIS / 2) / WINDOW_MILLIS;
            if (window < rates.length) rates[window] = 1024 * Double.parseDouble(fields[1]);
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return rates;
  }
}
