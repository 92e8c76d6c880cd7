package dev.varve.http;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.http.server.DiskServer;
import dev.varve.http.server.ServedDisk;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The launcher runs this to record the AOT cache: the usual commands, so that their classes are in
 * the cache, and a few seconds of load on a chain, so that the JVM knows at the next start what to
 * compile and how.
 *
 * <p>Its argument is a folder that it may write to; it leaves nothing there.
 */
final class AotTraining {

  private static final int PAGE = 4096;
  private static final int MIB = 1 << 20;
  private static final int BLOCKS = 32;
  private static final int REPEATS = 200;
  private static final long LOAD_NANOS = 2_500_000_000L;

  private AotTraining() {}

  public static void main(String[] arguments) throws IOException {
    Main.execute("--version");
    Main.execute("serve", "--help");
    Path folder = Path.of(arguments[0]);
    control(folder.resolve("state"));
    serve(folder);
  }

  /** A server of machines, and the commands that talk to it. */
  private static void control(Path state) throws IOException {
    try (var _ =
        new StateServer(state, ServerSockets.USUAL, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED)) {
      ask(state, "machine", "create", "training");
      ask(state, "machine", "controller", "add", "training", "SATA", "--bus", "SATA");
      ask(state, "medium", "create", state.resolve("disk.vdi").toString(), "--capacity", "1M");
      ask(state, "machine", "attach", "training", "SATA:0", state.resolve("disk.vdi").toString());
      ask(state, "machine", "start", "training");
      for (String command : List.of("show", "exports", "powerdown"))
        ask(state, "machine", command, "training");
      ask(state, "machine", "list");
      ask(state, "medium", "list");
    }
    try (Stream<Path> made = Files.walk(state)) {
      for (Path file : made.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }

  private static void ask(Path state, String... command) {
    List<String> line = new ArrayList<>(List.of(command));
    line.addAll(List.of("--state", state.toString()));
    if (Main.execute(line.toArray(String[]::new)) != 0)
      throw new IllegalStateException(String.join(" ", command) + " has failed");
  }

  private static void serve(Path folder) throws IOException {
    Path base = folder.resolve("base.vdi");
    Path child = folder.resolve("child.vdi");
    Path socket = folder.resolve("training.sock");
    VdiHeader parent =
        VdiCreator.create(base, NewImage.dynamic((long) BLOCKS * MIB, UUID::randomUUID));
    load(List.of(base), socket);
    VdiCreator.create(child, NewImage.childOf(parent, UUID::randomUUID));
    load(List.of(base, child), socket);
    Files.delete(child);
    Files.delete(base);
  }

  private static void load(List<Path> chain, Path socket) throws IOException {
    var server = new DiskServer(NbdLimits.DEFAULT, ReplyStyle.STRUCTURED, null);
    try {
      server.serve(
          new ServedDisk(List.of(""), ImageChain.of(ImageFormat.VDI, chain), false, true, true));
      server.listen(socket);
      long end = System.nanoTime() + LOAD_NANOS;
      try (var client = new TrainingClient(socket)) {
        while (System.nanoTime() < end) act(client);
      }
    } finally {
      server.close();
    }
  }

  /**
   * The requests of a guest: new blocks, old blocks, small and large, with a flush and a discard
   * between.
   */
  private static void act(TrainingClient client) throws IOException {
    client.ask(TrainingClient.WRITE, 0, MIB, PAGE, BLOCKS);
    client.ask(TrainingClient.READ, 0, MIB, PAGE, BLOCKS);
    client.ask(TrainingClient.FLUSH, 0, 0, 0, 1);
    for (int i = 0; i < REPEATS; i++) {
      client.ask(TrainingClient.READ, (long) i * PAGE, PAGE, PAGE, BLOCKS);
      client.ask(TrainingClient.WRITE, (long) i * PAGE, PAGE, PAGE, BLOCKS);
      client.ask(TrainingClient.READ, (long) i * PAGE, PAGE, PAGE, 1);
    }
    client.ask(TrainingClient.WRITE, 0, MIB, MIB, 1);
    client.ask(TrainingClient.READ, 0, MIB, MIB, 1);
    client.ask(TrainingClient.TRIM, 0, MIB, MIB, BLOCKS);
  }
}
