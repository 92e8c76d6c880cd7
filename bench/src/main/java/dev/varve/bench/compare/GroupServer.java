package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A server of four disks, of which each two share a limit: 0 and 1 in group 0, 2 and 3 in group 1.
 * The limits change while it runs.
 */
interface GroupServer extends AutoCloseable {

  int DISKS = 4;
  int GROUPS = 2;

  /** Starts a server. */
  interface Launch {
    /**
     * Starts it without limits.
     *
     * @param folder empty, for whatever it needs
     * @param images one for each disk; it writes to them
     */
    GroupServer start(Path folder, List<Path> images) throws IOException, InterruptedException;
  }

  static int group(int disk) {
    return disk / 2;
  }

  String name();

  Path socket(int disk);

  String export(int disk);

  default String uri(int disk) {
    return "nbd+unix:///%s?socket=%s".formatted(export(disk), socket(disk));
  }

  /** Limits a group from now on, reads and writes together; 0: no limit. */
  void limit(int group, long bytesPerSecond) throws IOException;

  /** CPU time used so far. */
  Duration cpu();

  @Override
  void close() throws IOException;
}
