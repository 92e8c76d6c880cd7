package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A guest may write anything to a raw disk, also what image files begin with: what is registered as
 * raw stays raw, for else the guest would choose what the host opens.
 */
@NeedsTools("qemu-io")
class RawSignatureTest {

  private static final int MIB = 1 << 20;
  private static final int CAPACITY = 16 * MIB;

  @TempDir Path folder;

  /** What a guest writes at the beginning of its disk. */
  enum Signature {
    VDI,
    /** The guest has found out what the disk is registered as. */
    VDI_OF_THE_SAME_ID,
    VDI_CHILD,
    QCOW2,
    VMDK,
    VMDK_DESCRIPTOR,
    VHDX;

    byte[] bytes(Path folder, UUID registered) throws IOException {
      return switch (this) {
        case VDI -> vdi(folder, NewImage.dynamic(CAPACITY, UUID::randomUUID));
        case VDI_OF_THE_SAME_ID ->
            vdi(folder, NewImage.dynamic(CAPACITY, UUID::randomUUID).withUuid(registered));
        case VDI_CHILD -> {
          var secret = VdiCreator.create(folder.resolve("secret.vdi"), dynamic());
          yield vdi(folder, NewImage.childOf(secret, UUID::randomUUID).withUuid(registered));
        }
        case QCOW2 -> "QFI\u00FB\0\0\0\3".getBytes(StandardCharsets.ISO_8859_1);
        case VMDK -> "KDMV\1\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
        case VMDK_DESCRIPTOR ->
            "# Disk DescriptorFile\nRW 32768 FLAT \"secret.img\" 0\n"
                .getBytes(StandardCharsets.ISO_8859_1);
        case VHDX -> "vhdxfile".getBytes(StandardCharsets.ISO_8859_1);
      };
    }

    private static NewImage dynamic() {
      return NewImage.dynamic(CAPACITY, UUID::randomUUID);
    }

    private static byte[] vdi(Path folder, NewImage image) throws IOException {
      Path file = folder.resolve("signature.vdi");
      VdiCreator.create(file, image);
      return Files.readAllBytes(file);
    }
  }

  @ParameterizedTest
  @EnumSource
  void rawDiskStaysRawEvenIfTheGuestWritesASignatureToIt(Signature signature) throws Exception {
    Path raw = folder.resolve("disk.img");
    try (var made = new RandomAccessFile(raw.toFile(), "rw")) {
      made.setLength(CAPACITY);
    }
    byte[] sector = new byte[MIB];
    new Random(1).nextBytes(sector);
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "open", raw);
      server.run("machine", "attach", "m", "SATA:0", raw);
      String id = server.run("medium", "show", raw).getString("id");
      byte[] begin = signature.bytes(folder, UUID.fromString(id));
      System.arraycopy(begin, 0, sector, 0, Math.min(begin.length, MIB));
      Path written = Files.write(folder.resolve("written"), sector);
      server.run("machine", "start", "m");
      String disk = server.uri("m", "SATA", 0);
      server.qemuIo(disk, "write -P 1 0 16M", "write -s " + written + " 0 1M");
      server.run("machine", "powerdown", "m");

      server.run("machine", "start", "m"); // alone
      server.qemuIo(disk, "read -P 1 1M 15M");
      server.run("machine", "snapshot", "take", "m", "S1");
      server.qemuIo(disk, "write -P 2 2M 1M");
      server.stop();
    }
    try (var server = RunningServer.start(folder)) {

      server.run("machine", "start", "m"); // below an image
      String disk = server.uri("m", "SATA", 0);
      assertArrayEquals(sector, first(disk));
      server.run("machine", "snapshot", "take", "m", "S2");
      server.qemuIo(disk, "write -P 3 3M 1M");
      server.run("machine", "powerdown", "m");

      server.run("machine", "snapshot", "take", "m", "S3"); // while it does not run
      server.run("machine", "snapshot", "delete", "m", "S3");
      server.run("machine", "snapshot", "delete", "m", "S2");
      server.run("medium", "clone", raw, folder.resolve("clone.img"), "--format", "RAW");
      server.run("machine", "snapshot", "delete", "m", "S1"); // into the raw file
      server.run("machine", "snapshot", "take", "m", "S4");
      server.stop();
    }
    assertEquals(CAPACITY, Files.size(raw));
    byte[] bytes = Files.readAllBytes(raw);
    assertArrayEquals(sector, Arrays.copyOf(bytes, MIB));
    assertEquals(1, bytes[MIB]);
    assertEquals(2, bytes[2 * MIB]);
    assertEquals(3, bytes[3 * MIB]);
    byte[] clone = Files.readAllBytes(folder.resolve("clone.img"));
    assertArrayEquals(sector, Arrays.copyOf(clone, MIB));
    assertEquals(1, clone[2 * MIB]);
  }

  /** The first MiB that a disk shows. */
  private byte[] first(String disk) throws Exception {
    Path copy = folder.resolve("copy");
    VarveProcess.tool(
        folder,
        "qemu-img",
        "dd",
        "-f",
        "raw",
        "-O",
        "raw",
        "bs=1M",
        "count=1",
        "if=" + disk,
        "of=" + copy);
    return Files.readAllBytes(copy);
  }
}
