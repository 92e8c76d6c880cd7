package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FioClientTest {

  private static final String NOTHING = "{\"total_ios\": 0}";

  @Test
  void readsAndWritesOfAMixAreAddedUp() throws IOException {
    String output =
        """
        fio: a warning
        {"jobs": [{"error": 0,
          "read": {"total_ios": 700, "iops": 350.0,
                   "clat_ns": {"percentile": {"50.000000": 10, "99.000000": 90}}},
          "write": {"total_ios": 300, "iops": 150.0,
                    "clat_ns": {"percentile": {"50.000000": 20, "99.000000": 80}}},
          "trim": %s}]}
        """
            .formatted(NOTHING);

    assertEquals(new Load.Result(1000, 2.0, 20, 90), FioClient.result(output));
  }

  @Test
  void doingNothingIsAFailure() {
    String output =
        "{\"jobs\": [{\"error\": 0, \"read\": %1$s, \"write\": %1$s, \"trim\": %1$s}]}"
            .formatted(NOTHING);

    assertThrows(IOException.class, () -> FioClient.result(output));
  }

  @Test
  @NeedsTools({"fio", "nbdkit"})
  void touchesEachMebibyteOnce(@TempDir Path folder) throws Exception {
    Path socket = folder.resolve("socket");
    List<String> memory = List.of("nbdkit", "-f", "-U", socket.toString(), "memory", "32M");
    try (var server = ServerProcess.start("nbdkit", memory, socket)) {
      var load = new Load(Load.Access.TOUCH, 4096, 4);
      var range = new Load.Range(8 << 20, 24 << 20);

      Load.Result result = new FioClient().run(server.socket(), load, range, 1);

      assertEquals(24, result.operations());
    }
  }
}
