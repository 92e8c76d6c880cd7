package dev.varve.core.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.journal.JournalEntry.Step;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** What the journal keeps of a change, in this version and the one before it. */
class JournalEntryTest {

  private static final MediumId CHILD = new MediumId(new UUID(1, 1));
  private static final MediumId BASE = new MediumId(new UUID(1, 2));
  private static final Path TOP = Path.of("/m/top.vhd");

  @Test
  void aParentIsKeptWithItsFormatAndId() throws IOException {
    Image parent = new Image(Path.of("/m/base disk.vmdk"), ImageFormat.VMDK, BASE);
    JournalEntry entry =
        JournalEntry.left(
            List.of(),
            List.of(
                new Step(new FileStep.Reparent(TOP, CHILD, parent), new FileIdentity("1@2.3")),
                new Step(new FileStep.Delete(TOP, CHILD, ImageFormat.VHD), null),
                new Step(new FileStep.Delete(Path.of("/m/memory.sav"), null), null),
                new Step(new FileStep.MakeBase(TOP, null), null)));

    assertEquals(entry, JournalEntry.of(entry.toBytes()));
  }

  @Test
  void anEntryOfTheVersionBeforeIsStillRead() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeBytes("VARVEJ04");
    out.writeBoolean(true);
    out.writeInt(0); // creates
    write(out, "");
    out.writeInt(0); // files
    out.writeInt(3);
    step(out, 0, "");
    step(out, 1, "/m/base.vdi");
    step(out, 3, BASE + " /m/raw disk.img");
    var crc = new CRC32C();
    crc.update(bytes.toByteArray());
    out.writeInt((int) crc.getValue());

    JournalEntry read = JournalEntry.of(bytes.toByteArray());

    Image vdi = new Image(Path.of("/m/base.vdi"), ImageFormat.VDI, null);
    Image raw = new Image(Path.of("/m/raw disk.img"), ImageFormat.RAW, BASE);
    assertEquals(
        List.of(
            new FileStep.Delete(TOP, CHILD, null),
            new FileStep.Reparent(TOP, CHILD, vdi),
            new FileStep.Reparent(TOP, CHILD, raw)),
        read.steps().stream().map(Step::what).toList());
  }

  private static void step(DataOutputStream out, int kind, String other) throws IOException {
    out.writeByte(kind);
    write(out, TOP.toString());
    write(out, CHILD.toString());
    write(out, "");
    write(out, other);
  }

  private static void write(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
