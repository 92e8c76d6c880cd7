package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.MediumId;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhd.VhdFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU reads the VHD images that are written here, and its own are written here. */
@NeedsTools({"qemu-img"})
class VhdAndQemuTest {

  private static final int CAPACITY = (9 << 20) + 1536;
  private static final VhdFormat FORMAT = new VhdFormat();

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @ParameterizedTest(name = "fixed: {0}")
  @ValueSource(booleans = {false, true})
  void qemuReadsAnImageOfTheSameSize(boolean fixed) throws Exception {
    Path file = folder.resolve("a.vhd");
    FORMAT.createBase(file, new MediumId(new UUID(1, 2)), fixed, CAPACITY, Announcement.UNHEARD);
    byte[] contents = write(file, new byte[CAPACITY], 11);

    assertArrayEquals(contents, converted("-f", "vpc", file.toString()), "trusts the creator");
    assertArrayEquals(contents, converted("--image-opts", options(file)));
    assertEquals(0, run("qemu-img", "info", file.toString()));
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"dynamic", "fixed"})
  void imageOfQemuIsWritten(String kind) throws Exception {
    Path file = folder.resolve("q.vhd");
    assertEquals(
        0,
        run(
            "qemu-img",
            "create",
            "-f",
            "vpc",
            "-o",
            "force_size=on,subformat=" + kind,
            file.toString(),
            String.valueOf(CAPACITY)));

    byte[] contents = write(file, new byte[CAPACITY], 12);

    assertArrayEquals(contents, converted("--image-opts", options(file)));
  }

  @Test
  void grownImageIsReadByQemu() throws Exception {
    Path file = folder.resolve("g.vhd");
    FORMAT.createBase(file, new MediumId(new UUID(1, 2)), false, CAPACITY, Announcement.UNHEARD);
    byte[] contents = write(file, new byte[CAPACITY], 13);
    int size = 300 << 20; // more blocks than the table has room for

    try (var layer = FORMAT.openReadWrite(file, true)) {
      layer.mend();
      layer.grow(size, false);
    }

    byte[] expected = java.util.Arrays.copyOf(contents, size);
    assertArrayEquals(expected, converted("-f", "vpc", file.toString()));
    expected = write(file, expected, 14);
    assertArrayEquals(expected, converted("-f", "vpc", file.toString()));
  }

  private static String options(Path file) {
    return "driver=vpc,force_size_calc=current_size,file.driver=file,file.filename=" + file;
  }

  private static byte[] write(Path file, byte[] contents, long seed) throws IOException {
    var guest = new Guest(DifferencingChain.open(List.of(file), false, threads));
    for (var request : RandomRequests.of(new Random(seed), 30, contents.length, 1 << 20)) {
      Guest.await(guest.submit(request::setUp));
      request.applyTo(contents);
    }
    guest.close();
    return contents;
  }

  private byte[] converted(String... source) throws Exception {
    Path raw = folder.resolve("out.raw");
    String[] command = new String[source.length + 5];
    command[0] = "qemu-img";
    command[1] = "convert";
    System.arraycopy(source, 0, command, 2, source.length);
    command[command.length - 3] = "-O";
    command[command.length - 2] = "raw";
    command[command.length - 1] = raw.toString();
    assertEquals(0, run(command));
    return Files.readAllBytes(raw);
  }

  private int run(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start()
        .waitFor();
  }
}
