package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** nbdcopy, which reads the whole disk over two connections and throws it away. Stateless. */
final class CopyClient implements Load.Client {

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @Override
  public Load.Result run(Path socket, Load load, Load.Range range, double seconds)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    Programs.run(
        List.of("nbdcopy", "--connections=2", "nbd+unix:///?socket=" + socket, "null:"), PATIENCE);
    double took = (System.nanoTime() - start) / 1e9;
    return new Load.Result(range.length() / load.blockSize(), took, 0, 0);
  }
}
