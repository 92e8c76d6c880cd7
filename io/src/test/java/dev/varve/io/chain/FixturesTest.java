package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.Fixtures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that VirtualBox and QEMU made, read and written through the chain. */
class FixturesTest {

  private static final int PIECE = 1 << 20;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  static Stream<Fixtures.Chain> chains() {
    return Fixtures.chains();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chains")
  void chainReadsAsItsMakerReadIt(Fixtures.Chain fixture) throws Exception {
    var chain = DifferencingChain.open(fixture.unpack(folder), true, threads);
    var guest = new Guest(chain);

    assertEquals(fixture.capacity(), chain.capacity());
    assertEquals(fixture.sha256(), sha256(guest, fixture.capacity()));
    guest.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chains")
  void chainThatIsOpenedForWritingAndNotWrittenStaysAsItWas(Fixtures.Chain fixture)
      throws Exception {
    List<Path> images = fixture.unpack(folder);
    List<byte[]> before = contents(images);

    var guest = new Guest(DifferencingChain.open(images, false, threads));
    assertEquals(fixture.sha256(), sha256(guest, fixture.capacity()));
    guest.flush();
    guest.close();

    List<byte[]> after = contents(images);
    for (int i = 0; i < before.size(); i++)
      assertArrayEquals(before.get(i), after.get(i), images.get(i)::toString);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chains")
  void chainThatIsWrittenKeepsTheRestAndItsParents(Fixtures.Chain fixture) throws Exception {
    List<Path> images = fixture.unpack(folder);
    List<byte[]> parents = contents(images.subList(0, images.size() - 1));
    var guest = new Guest(DifferencingChain.open(images, false, threads));
    byte[] expected = guest.readAll();
    var random = new Random(fixture.name().hashCode());

    for (var request : RandomRequests.of(random, 40, expected.length, 1 << 20)) {
      Guest.await(guest.submit(request::setUp));
      request.applyTo(expected);
    }
    assertArrayEquals(expected, guest.readAll());
    guest.close();

    var again = new Guest(DifferencingChain.open(images, true, threads));
    assertArrayEquals(expected, again.readAll());
    again.close();
    List<byte[]> parentsAfter = contents(images.subList(0, images.size() - 1));
    for (int i = 0; i < parents.size(); i++) assertArrayEquals(parents.get(i), parentsAfter.get(i));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chains")
  @NeedsTools("qemu-img")
  void qemuFindsAWrittenBaseClean(Fixtures.Chain fixture) throws Exception {
    List<Path> images = fixture.unpack(folder);
    if (images.size() > 1 || !qemuCheck(images.getFirst()).equals("ok")) return; // not one for QEMU
    var guest = new Guest(DifferencingChain.open(images, false, threads));
    byte[] expected = guest.readAll();
    for (var request : RandomRequests.of(new Random(1), 40, expected.length, 1 << 20)) {
      Guest.await(guest.submit(request::setUp));
      request.applyTo(expected);
    }
    guest.close();

    assertEquals("ok", qemuCheck(images.getFirst()));
    Path raw = folder.resolve("raw");
    assertEquals(
        "ok",
        run(
            "qemu-img",
            "convert",
            "-f",
            "vdi",
            "-O",
            "raw",
            images.getFirst().toString(),
            raw.toString()));
    assertArrayEquals(expected, Files.readAllBytes(raw));
  }

  private static String qemuCheck(Path image) throws Exception {
    return run("qemu-img", "check", "-f", "vdi", image.toString());
  }

  /** "ok", or what the program says. */
  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? "ok" : said;
  }

  private static List<byte[]> contents(List<Path> files) throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files) contents.add(Files.readAllBytes(file));
    return contents;
  }

  private static String sha256(Guest guest, long capacity) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (long at = 0; at < capacity; at += PIECE) {
      digest.update(guest.read(at, (int) Math.min(PIECE, capacity - at)));
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
