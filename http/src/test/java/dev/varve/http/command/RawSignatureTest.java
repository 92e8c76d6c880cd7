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
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  /** A machine with a raw disk, whose guest writes a signature. */
  private final class Guest {

    private final Signature signature;
    private final String name;
    private final Path raw;
    private final Path clone;

    /** The first MiB of its disk, once it is written. */
    private final byte[] sector = new byte[MIB];

    Guest(Signature signature) {
      this.signature = signature;
      this.name = signature.name();
      this.raw = folder.resolve(name + ".img");
      this.clone = folder.resolve(name + "-clone.img");
      new Random(1).nextBytes(sector);
    }

    void writeToTheDiskAndToAnImageAbove(RunningServer server) throws Exception {
      try (var made = new RandomAccessFile(raw.toFile(), "rw")) {
        made.setLength(CAPACITY);
      }
      server.create(name);
      server.run("medium", "open", raw);
      server.run("machine", "attach", name, "SATA:0", raw);
      String id = server.run("medium", "show", raw).getString("id");
      byte[] begin =
          signature.bytes(Files.createDirectory(folder.resolve(name)), UUID.fromString(id));
      System.arraycopy(begin, 0, sector, 0, Math.min(begin.length, MIB));
      Path written = Files.write(folder.resolve(name + "-written"), sector);
      server.run("machine", "start", name);
      server.qemuIo(disk(server), "write -P 1 0 16M", "write -s " + written + " 0 1M");
      server.run("machine", "powerdown", name);

      server.run("machine", "start", name); // alone
      server.qemuIo(disk(server), "read -P 1 1M 15M");
      server.run("machine", "snapshot", "take", name, "S1");
      server.qemuIo(disk(server), "write -P 2 2M 1M");
    }

    void mergeAndClone(RunningServer server) throws Exception {
      server.run("machine", "start", name); // below an image
      assertArrayEquals(sector, first(disk(server)), name);
      server.run("machine", "snapshot", "take", name, "S2");
      server.qemuIo(disk(server), "write -P 3 3M 1M");
      server.run("machine", "powerdown", name);

      server.run("machine", "snapshot", "take", name, "S3"); // while it does not run
      server.run("machine", "snapshot", "delete", name, "S3");
      server.run("machine", "snapshot", "delete", name, "S2");
      server.run("medium", "clone", raw, clone, "--format", "RAW");
      server.run("machine", "snapshot", "delete", name, "S1"); // into the raw file
      server.run("machine", "snapshot", "take", name, "S4");
    }

    void assertTheFilesHaveWhatItWrote() throws IOException {
      assertEquals(CAPACITY, Files.size(raw), name);
      byte[] bytes = Files.readAllBytes(raw);
      assertArrayEquals(sector, Arrays.copyOf(bytes, MIB), name);
      assertEquals(1, bytes[MIB], name);
      assertEquals(2, bytes[2 * MIB], name);
      assertEquals(3, bytes[3 * MIB], name);
      byte[] copied = Files.readAllBytes(clone);
      assertArrayEquals(sector, Arrays.copyOf(copied, MIB), name);
      assertEquals(1, copied[2 * MIB], name);
    }

    private String disk(RunningServer server) {
      return server.uri(name, "SATA", 0);
    }
  }

  @Test
  void rawDisksStayRawEvenIfGuestsWriteSignaturesToThem() throws Exception {
    List<Guest> guests = Arrays.stream(Signature.values()).map(Guest::new).toList();
    try (var server = RunningServer.start(folder)) {
      for (Guest each : guests) each.writeToTheDiskAndToAnImageAbove(server);
      server.stop();
    }
    try (var server = RunningServer.start(folder)) {
      for (Guest each : guests) each.mergeAndClone(server);
      server.stop();
    }
    for (Guest each : guests) each.assertTheFilesHaveWhatItWrote();
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
