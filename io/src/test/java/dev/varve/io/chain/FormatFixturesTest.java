package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images of every format that VirtualBox and QEMU made, read and written through the chain. */
class FormatFixturesTest {

  private static final int PIECE = 1 << 20;

  /** The largest disk that is also written: the test keeps a copy of it in memory. */
  private static final long MAX_WRITTEN = 64 << 20;

  /** Images that are refused, though others of their format are read. */
  private static final Set<String> REFUSED = Set.of("qcow2-datafile");

  /** Tops that can only be read. */
  private static final Set<String> READ_ONLY =
      Set.of(
          "vmdk-stream",
          "clone-stream",
          "q-vmdk-stream",
          "hm-vmdk-stream1",
          "hm-vmdk-stream2",
          "hm-vmdk-cowd",
          "hm-vmdk-multi",
          "hm-vmdk-zg",
          "hm-vhd-4k",
          "q-vmdk-zeroed",
          "q-vmdk-zbacking",
          "vm-ova-disk",
          "vm-qcow2-snap",
          "clone-qcow");

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  private static boolean isKnown(FormatFixtures.Chain fixture) {
    return !REFUSED.contains(fixture.name())
        && fixture.formats().stream().allMatch(FormatFixturesTest::isKnown);
  }

  private static boolean isKnown(ImageFormat format) {
    try {
      Formats.of(format, Path.of("any"));
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  static Stream<FormatFixtures.Chain> readable() {
    return FormatFixtures.chains().filter(FormatFixturesTest::isKnown);
  }

  static Stream<FormatFixtures.Chain> refused() {
    return FormatFixtures.chains().filter(fixture -> !isKnown(fixture));
  }

  static Stream<FormatFixtures.Chain> writable() {
    return readable().filter(fixture -> fixture.capacity() <= MAX_WRITTEN && !isReadOnly(fixture));
  }

  static Stream<FormatFixtures.Chain> readOnly() {
    return FormatFixtures.chains().filter(FormatFixturesTest::isReadOnly);
  }

  /** Whether its top can only be read. */
  static boolean isReadOnly(FormatFixtures.Chain fixture) {
    return READ_ONLY.contains(fixture.name()) || fixture.name().startsWith("qcow2-");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("readable")
  void chainReadsAsItsMakerReadIt(FormatFixtures.Chain fixture) throws Exception {
    Guest guest = open(fixture.unpack(folder), true);

    assertEquals(fixture.sha256(), sha256(guest, fixture.capacity()));
    guest.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void chainOfAnotherFormatIsRefusedAndNotTouched(FormatFixtures.Chain fixture) throws Exception {
    ImageChain chain = fixture.unpack(folder);
    Map<Path, byte[]> before = contents();

    assertThrows(IOException.class, () -> open(chain, true));

    assertUnchanged(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("readOnly")
  void topThatCannotBeWrittenIsRefusedAndNotTouched(FormatFixtures.Chain fixture) throws Exception {
    ImageChain chain = fixture.unpack(folder);
    Map<Path, byte[]> before = contents();

    assertThrows(IOException.class, () -> open(chain, false));

    assertUnchanged(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("writable")
  void chainThatIsOpenedForWritingAndNotWrittenStaysAsItWas(FormatFixtures.Chain fixture)
      throws Exception {
    ImageChain chain = fixture.unpack(folder);
    Map<Path, byte[]> before = contents();

    Guest guest = open(chain, false);
    assertEquals(fixture.sha256(), sha256(guest, fixture.capacity()));
    guest.flush();
    guest.close();

    assertUnchanged(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("writable")
  void chainThatIsWrittenKeepsTheRest(FormatFixtures.Chain fixture) throws Exception {
    ImageChain chain = fixture.unpack(folder);
    Guest guest = open(chain, false);
    byte[] expected = guest.readAll();
    var random = new Random(fixture.name().hashCode());

    for (var request : RandomRequests.of(random, 40, expected.length, 1 << 20)) {
      Guest.await(guest.submit(request::setUp));
      request.applyTo(expected);
    }
    assertArrayEquals(expected, guest.readAll());
    guest.close();

    Guest again = open(chain, true);
    assertArrayEquals(expected, again.readAll());
    again.close();
  }

  private static Guest open(ImageChain chain, boolean readOnly) throws IOException {
    return new Guest(LiveChain.open(chain, readOnly, new SharedFiles(), threads));
  }

  private Map<Path, byte[]> contents() throws IOException {
    Map<Path, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList())
        if (Files.size(file) <= MAX_WRITTEN) contents.put(file, Files.readAllBytes(file));
    }
    return contents;
  }

  private void assertUnchanged(Map<Path, byte[]> before) throws IOException {
    Map<Path, byte[]> after = contents();
    assertEquals(before.keySet(), after.keySet());
    before.forEach((file, bytes) -> assertArrayEquals(bytes, after.get(file), file::toString));
  }

  private static String sha256(Guest guest, long capacity) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (long at = 0; at < capacity; at += PIECE) {
      digest.update(guest.read(at, (int) Math.min(PIECE, capacity - at)));
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
