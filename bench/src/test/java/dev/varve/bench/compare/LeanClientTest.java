package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.bench.compare.Load.Access;
import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lean client and the plain session against nbdkit. */
@NeedsTools("nbdkit")
final class LeanClientTest {

  private static final int MIB = 1 << 20;
  private static final Load.Range UPPER_HALF = new Load.Range(8 * MIB, 8 * MIB);

  @TempDir private Path folder;
  private ServerProcess server;

  @AfterEach
  void stop() throws IOException {
    if (server != null) server.close();
  }

  @Test
  void everyRequestIsAnswered() throws Exception {
    start("memory", "16M");

    for (Access access : List.of(Access.RANDOM_READ, Access.RANDOM_MIX, Access.WRITE)) {
      Load.Result result = run(new Load(access, 4096, 32), UPPER_HALF, 0.1);

      assertTrue(result.operations() >= 32, () -> access + ": " + result);
      assertTrue(result.p50Nanos() <= result.p99Nanos(), () -> access + ": " + result);
    }
  }

  @Test
  void repliesThatDoNotFitIntoOneReceiveAreTaken() throws Exception {
    start("memory", "16M");

    Load.Result result = run(new Load(Access.READ, MIB, 4), UPPER_HALF, 1);

    assertTrue(result.operations() > 4, result::toString);
  }

  @Test
  void writesStayWithinTheRange() throws Exception {
    start("memory", "16M");

    run(new Load(Access.WRITE, MIB, 4), UPPER_HALF, 0.1);

    try (NbdSession session = server.connect()) {
      ByteBuffer below = ByteBuffer.allocate(MIB);
      session.read(7 * MIB, below);
      assertArrayEquals(new byte[MIB], below.array());
    }
  }

  @Test
  void anErrorOfTheServerEndsTheRun() throws Exception {
    start("--filter=error", "memory", "16M", "error-pread-rate=100%");

    assertThrows(
        IOException.class, () -> run(new Load(Access.RANDOM_READ, 4096, 4), UPPER_HALF, 5));
  }

  @Test
  void aSessionReadsWhatItWrote() throws Exception {
    start("memory", "16M");
    try (NbdSession session = server.connect()) {
      byte[] written = "seventeen letters".getBytes(StandardCharsets.US_ASCII);
      session.write(12_345, ByteBuffer.wrap(written));
      session.flush();

      ByteBuffer read = ByteBuffer.allocate(written.length);
      session.read(12_345, read);

      assertArrayEquals(written, read.array());
      assertEquals(16 * MIB, session.size());
    }
  }

  private Load.Result run(Load load, Load.Range range, double seconds) throws IOException {
    return new LeanClient().run(server.socket(), load, range, seconds);
  }

  private void start(String... arguments) throws Exception {
    Path socket = folder.resolve("socket");
    var command = new ArrayList<>(List.of("nbdkit", "-f", "-U", socket.toString()));
    command.addAll(List.of(arguments));
    server = ServerProcess.start("nbdkit", command, socket);
  }
}
