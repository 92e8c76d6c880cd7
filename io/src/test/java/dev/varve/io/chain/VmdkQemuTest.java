package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.MediumId;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vmdk.VmdkFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU reads what Varve wrote to VMDK images, and Varve what QEMU made. */
class VmdkQemuTest {

  private static final int CAPACITY = 5 << 20;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @NeedsTools("qemu-img")
  void qemuReadsWhatWasWritten(boolean fixed) throws Exception {
    Path file = folder.resolve("a.vmdk");
    new VmdkFormat()
        .createBase(file, new MediumId(new UUID(1, 2)), fixed, CAPACITY, Announcement.UNHEARD);

    byte[] expected = write(file, new byte[CAPACITY]);

    if (!fixed) assertEquals(0, qemu("check", file.toString()));
    assertReadsThe(expected, file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "monolithicSparse",
        "monolithicFlat",
        "twoGbMaxExtentSparse",
        "twoGbMaxExtentFlat"
      })
  @NeedsTools("qemu-img")
  void imageOfQemuIsWritten(String subformat) throws Exception {
    Path file = folder.resolve("q.vmdk");
    assertEquals(
        0,
        qemu("create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat, file.toString(), "5M"));

    byte[] expected = write(file, new byte[CAPACITY]);

    assertReadsThe(expected, file);
  }

  private static byte[] write(Path file, byte[] contents) throws IOException {
    var guest = new Guest(DifferencingChain.open(List.of(file), false, threads));
    for (var request : RandomRequests.of(new Random(3), 60, contents.length, 64 << 10)) {
      Guest.await(guest.submit(request::setUp));
      request.applyTo(contents);
    }
    assertArrayEquals(contents, guest.readAll());
    guest.close();
    return contents;
  }

  private void assertReadsThe(byte[] expected, Path file) throws Exception {
    Path raw = folder.resolve("raw");
    Files.write(raw, expected);
    assertEquals(0, qemu("compare", "-f", "raw", "-F", "vmdk", raw.toString(), file.toString()));
  }

  private static int qemu(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "qemu-img";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
