package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.bench.compare.Load.Access;
import dev.varve.bench.compare.TestDisks.Format;
import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lean client of vhost-user-blk against qemu-storage-daemon. */
@NeedsTools("qemu-storage-daemon")
final class GuestClientTest {

  private static final int MIB = 1 << 20;
  private static final int SIZE = 16 * MIB;
  private static final Load.Range UPPER_HALF = new Load.Range(8 * MIB, 8 * MIB);

  @TempDir private Path folder;
  private ServerProcess server;
  private Path image;

  @BeforeEach
  void start() throws Exception {
    image = folder.resolve("disk.raw");
    Files.write(image, new byte[SIZE]);
    Path socket = folder.resolve("socket");
    List<String> command =
        Contestant.qemuOfGuests(Format.RAW).launch().command(socket, List.of(image), false);
    server =
        ServerProcess.start(
            "server", command, socket, () -> Transport.VHOST_USER.connect(socket).close());
  }

  @AfterEach
  void stop() throws IOException {
    if (server != null) server.close();
  }

  @Test
  void everyRequestIsAnswered() throws Exception {
    for (Access access : List.of(Access.RANDOM_READ, Access.RANDOM_MIX, Access.WRITE)) {
      Load.Result result = run(new Load(access, 4096, 32), UPPER_HALF);

      assertTrue(result.operations() >= 32, () -> access + ": " + result);
      assertTrue(result.p50Nanos() <= result.p99Nanos(), () -> access + ": " + result);
    }
  }

  @Test
  void writesStayWithinTheRange() throws Exception {
    run(new Load(Access.WRITE, MIB, 4), UPPER_HALF);

    byte[] all = Files.readAllBytes(image);
    assertArrayEquals(new byte[8 * MIB], Arrays.copyOf(all, 8 * MIB));
    assertEquals(1, all[9 * MIB]);
  }

  @Test
  void aSessionReadsWhatTheImageHolds() throws Exception {
    byte[] page = new byte[Content.PAGE];
    Arrays.fill(page, (byte) 7);
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(page), 3 * Content.PAGE);
    }

    ByteBuffer read = ByteBuffer.allocate(Content.PAGE);
    try (DiskSession session = Transport.VHOST_USER.connect(server.socket())) {
      session.read(3 * Content.PAGE, read);
      session.flush();
    }

    assertArrayEquals(page, read.array());
  }

  @Test
  void aDiskThatIsTooSmallIsRefused() {
    var beyond = new Load.Range(8 * MIB, 16 * MIB);

    assertThrows(IOException.class, () -> run(new Load(Access.RANDOM_READ, 4096, 4), beyond));
  }

  private Load.Result run(Load load, Load.Range range) throws IOException {
    return new GuestClient().run(server.socket(), load, range, 0.1);
  }
}
