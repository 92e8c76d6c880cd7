package dev.varve.http.command;

import static dev.varve.http.command.ImageTool.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The server's process ends while a guest works: told to, or killed. A kill loses what the process
 * had in memory and nothing that it gave the kernel; power cuts are for the tests of the chain.
 *
 * <p>{@code -Dvarve.seed=N} repeats the choices of one run, though not its timing; {@code
 * -Dvarve.kills=N} kills so often.
 */
class ServerEndTest {

  private static final int CAPACITY = 16 << 20;
  private static final int KILLS = Integer.getInteger("varve.kills", 12);

  @TempDir Path folder;

  static LongStream seeds() {
    return LongStream.of(Long.getLong("varve.seed", new Random().nextLong()));
  }

  /**
   * The image may then have places that no block uses, in the file or counted, and bytes behind the
   * last one: wasted space, which a repair gives back. It may not be damaged.
   */
  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void killedAtAnyMomentItLosesNothingThatWasFlushed(long seed) throws Exception {
    var random = new Random(seed);
    var versions = new SectorVersions(base(), 1);
    List<Path> chain = new ArrayList<>(List.of(folder.resolve("base.vdi")));
    int flushes = 0;
    for (int kills = 0; kills < KILLS; kills++) {
      if (kills % 4 == 0) chain.add(child(chain.getLast(), random));
      Path top = chain.getLast();
      String when = "varve.seed=" + seed + ", after kill " + kills;

      try (var varve = VarveProcess.start(folder, "serve", top.toString(), "--unix", "s")) {
        varve.line();
        try (var disk = new NbdSocket(folder.resolve("s"))) {
          byte[] found = disk.readAll(CAPACITY);
          versions.check(found, when);
          versions = new SectorVersions(found, versions.nextNumber());
          var kill = new AfterEvents(1 + random.nextInt(300), random, varve::kill);
          var guest = new RandomGuest(disk, versions, random, kill::happened);
          guest.workUntilTheServerEnds();
          flushes += guest.flushes();
        }
        assertEquals(128 + 9, varve.exitStatus(), varve::errors);
      }

      RawHeader.sound(top);
      ImageTool.status(top);
      if (random.nextBoolean()) {
        ImageTool.status(top, "--repair");
        assertEquals("clean", ImageTool.status(top));
        RawHeader.sound(top).assertDense();
      }
    }
    versions.check(contents(chain.getLast()), "varve.seed=" + seed + ", after the last kill");
    assertParentsAreAsTheyWere(chain);
    assertTrue(flushes > 0, "no flush was answered before any of " + KILLS + " kills");
  }

  @Test
  @NeedsTools("qemu-img")
  void toldToStopItKeepsEveryAcknowledgedWriteOfABase() throws Exception {
    base();

    stopUnderLoad(folder.resolve("base.vdi"));

    VarveProcess.tool(folder, "qemu-img", "check", "base.vdi");
  }

  @Test
  void toldToStopItKeepsEveryAcknowledgedWriteOfAChain() throws Exception {
    base();
    Path base = folder.resolve("base.vdi");
    byte[] before = Files.readAllBytes(base);
    Path top = child(base, new Random());

    stopUnderLoad(top);

    assertEquals(ByteBuffer.wrap(before), ByteBuffer.wrap(Files.readAllBytes(base)));
  }

  private void stopUnderLoad(Path top) throws Exception {
    long seed = seeds().findFirst().orElseThrow();
    var random = new Random(seed);
    String when = "varve.seed=" + seed;
    var versions = new SectorVersions(contents(top), 1);
    try (var varve = VarveProcess.start(folder, "serve", top.toString(), "--unix", "s")) {
      varve.line();
      try (var disk = new NbdSocket(folder.resolve("s"))) {
        var end = new AfterEvents(20 + random.nextInt(40), random, varve::terminate);
        var guest = new RandomGuest(disk, versions, random, end::happened);

        guest.workUntilTheServerEnds();

        assertTrue(guest.acknowledged() > 0, when);
      }
      assertEquals(0, varve.exitStatus(), varve::errors);
      assertEquals("", varve.errors(), when);
    }
    versions.settle(versions.moment());
    versions.check(contents(top), when);
    RawHeader.sound(top).assertDense();
    assertEquals("clean", ImageTool.status(top), when);
  }

  /** Makes a base of which every second MiB is written, and returns its contents. */
  private byte[] base() throws IOException {
    byte[] contents = new byte[CAPACITY];
    var buffer = ByteBuffer.wrap(contents);
    int mebibyte = (1 << 20) / SectorVersions.SECTOR;
    for (int first = 0; buffer.hasRemaining(); first += 2 * mebibyte) {
      buffer.put(new SectorVersions.Change(0, first, mebibyte, false).contents());
      buffer.position(buffer.position() + (1 << 20));
    }
    Path raw = Files.write(folder.resolve("base.raw"), contents);
    image("convert", raw, folder.resolve("base.vdi"));
    return contents;
  }

  /** Makes a differencing image with blocks of a random size, and keeps a copy of its parent. */
  private Path child(Path parent, Random random) throws IOException {
    Files.copy(parent, copyOf(parent));
    Path child = parent.resolveSibling("over-" + parent.getFileName());
    image("create", child, "--parent", parent, "--block-size", (128 << random.nextInt(4)) + "K");
    return child;
  }

  private static Path copyOf(Path image) {
    return image.resolveSibling(image.getFileName() + ".copy");
  }

  private static void assertParentsAreAsTheyWere(List<Path> chain) throws IOException {
    for (Path parent : chain.subList(0, chain.size() - 1)) {
      assertEquals(-1, Files.mismatch(copyOf(parent), parent), parent + " has changed");
    }
  }

  /** What a guest sees, by another way than NBD. */
  private byte[] contents(Path top) throws IOException {
    Path raw = Files.createTempFile(folder, "contents", ".raw");
    Files.delete(raw);
    image("convert", top, raw);
    return Files.readAllBytes(raw);
  }
}
