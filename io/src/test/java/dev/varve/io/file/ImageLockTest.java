package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Varve, itself and QEMU's programs keep one another out of images, in both directions. */
@Timeout(300)
class ImageLockTest {
  private static final long REACH = 1 << 20;

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void makeFile() throws IOException {
    image = Files.write(folder.resolve("disk.vdi"), new byte[1 << 20]);
  }

  /** QEMU shares raw images generously; it is VDI's driver that wants to be alone. */
  private void makeImage() throws Exception {
    assertEquals(0, run("qemu-img", "create", "-f", "vdi", image.toString(), "1M"));
  }

  @Test
  void readersShareAndAWriterIsAlone() throws IOException {
    try (MappedFile one = MappedFile.openReadOnly(image, REACH);
        MappedFile two = MappedFile.openReadOnly(image, REACH)) {
      assertEquals(one.length(), two.length());
      assertInUse("open for reading in this process", () -> MappedFile.openReadWrite(image, REACH));
    }
    try (MappedFile writer = MappedFile.openReadWrite(image, REACH)) {
      assertTrue(writer.length() > 0);
      assertInUse("open for writing in this process", () -> MappedFile.openReadOnly(image, REACH));
      assertInUse("open for writing in this process", () -> MappedFile.openReadWrite(image, REACH));
    }
  }

  @Test
  void refusedOpeningLeavesNothingLocked() throws IOException {
    MappedFile reader = MappedFile.openReadOnly(image, REACH);
    assertThrows(ImageInUseException.class, () -> MappedFile.openReadWrite(image, REACH));
    reader.close();

    MappedFile.openReadWrite(image, REACH).close();
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-io"})
  void qemuCannotTouchWhatVarveWrites() throws Exception {
    makeImage();
    try (MappedFile writer = MappedFile.openReadWrite(image, REACH)) {
      assertNotEquals(0, run("qemu-img", "info", image.toString()));
      assertNotEquals(0, run("qemu-io", "-f", "vdi", "-r", "-c", "read 0 512", image.toString()));
      assertNotEquals(0, run("qemu-io", "-f", "vdi", "-c", "write 0 512", image.toString()));
      assertEquals(0, run("qemu-img", "info", "-U", image.toString()), "asks for no lock");
      assertTrue(writer.length() > 0);
    }
    assertEquals(0, run("qemu-io", "-f", "vdi", "-c", "write 0 512", image.toString()));
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-io"})
  void qemuMayReadAndNotWriteWhatVarveReads() throws Exception {
    makeImage();
    try (MappedFile reader = MappedFile.openReadOnly(image, REACH)) {
      assertEquals(0, run("qemu-io", "-f", "vdi", "-r", "-c", "read 0 512", image.toString()));
      assertNotEquals(0, run("qemu-io", "-f", "vdi", "-c", "write 0 512", image.toString()));
      assertNotEquals(0, run("qemu-img", "resize", "-f", "vdi", image.toString(), "2M"));
      assertTrue(reader.length() > 0);
    }
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-io"})
  void varveCannotTouchWhatQemuWritesAndSaysWho() throws Exception {
    makeImage();
    try (QemuIo qemu = new QemuIo("-f", "vdi", image.toString())) {
      String who = "process " + qemu.process.pid() + " (qemu-io)";
      assertInUse("open for writing in " + who, () -> MappedFile.openReadOnly(image, REACH));
      assertInUse("open for writing in " + who, () -> MappedFile.openReadWrite(image, REACH));
    }
    MappedFile.openReadWrite(image, REACH).close();
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-io"})
  void varveMayReadAndNotWriteWhatQemuReads() throws Exception {
    makeImage();
    try (QemuIo qemu = new QemuIo("-f", "vdi", "-r", image.toString())) {
      MappedFile.openReadOnly(image, REACH).close();
      assertInUse(
          "open for reading in process " + qemu.process.pid() + " (qemu-io)",
          () -> MappedFile.openReadWrite(image, REACH));
    }
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-nbd"})
  void qemuNbdAndVarveExcludeEachOther() throws Exception {
    makeImage();
    Path socket = folder.resolve("nbd.sock");
    Path pidFile = folder.resolve("nbd.pid");
    String[] serve = {
      "qemu-nbd",
      "--fork",
      "--persistent",
      "-f",
      "vdi",
      "-k",
      socket.toString(),
      "--pid-file",
      pidFile.toString(),
      image.toString()
    };
    try (MappedFile writer = MappedFile.openReadWrite(image, REACH)) {
      assertNotEquals(0, run(serve));
      assertTrue(writer.length() > 0);
    }
    assertEquals(0, run(serve));
    ProcessHandle server =
        ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip())).orElseThrow();
    try {
      assertInUse("(qemu-nbd)", () -> MappedFile.openReadWrite(image, REACH));
    } finally {
      server.destroyForcibly(); // asked so soon after its start it may not hear
      server.onExit().get(20, TimeUnit.SECONDS);
    }
  }

  private interface Opening {
    MappedFile open() throws IOException;
  }

  private void assertInUse(String how, Opening opening) {
    String message = assertThrows(ImageInUseException.class, opening::open).getMessage();
    assertTrue(message.startsWith(image + " is ") && message.contains(how), message);
  }

  private int run(String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> String.join(" ", command));
    return process.exitValue();
  }

  /** A qemu-io that has the image open until it is closed. */
  private static final class QemuIo implements AutoCloseable {
    final Process process;
    private final Writer commands;

    QemuIo(String... arguments) throws IOException {
      ProcessBuilder builder = new ProcessBuilder("qemu-io").redirectErrorStream(true);
      for (String argument : arguments) builder.command().add(argument);
      process = builder.start();
      commands = process.outputWriter();
      commands.write("length\n");
      commands.flush();
      BufferedReader answers = process.inputReader();
      assertTrue(answers.readLine().contains("1 MiB"), "has it open");
    }

    @Override
    public void close() throws Exception {
      commands.close();
      assertTrue(process.waitFor(20, TimeUnit.SECONDS), "qemu-io ends when its input does");
    }
  }
}
