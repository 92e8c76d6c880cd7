package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An image that a program without locks writes to is not opened for writing. */
@Timeout(300)
final class OtherWritersTest {

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void makeFile() throws IOException {
    image = Files.write(folder.resolve("disk.vdi"), new byte[4096]);
  }

  /**
   * A process that has the image open as the shell's redirection {@code mode} says. It is no child
   * of this one, as a virtual machine is none.
   */
  private final class Holder implements AutoCloseable {
    final ProcessHandle process;

    Holder(String mode) throws Exception {
      String hold = "exec 3%s\"$0\"; echo $$; exec sleep 60".formatted(mode);
      Process shell =
          new ProcessBuilder("sh", "-c", "sh -c '" + hold + "' \"$0\" & wait", image.toString())
              .redirectErrorStream(true)
              .start();
      String answer = shell.inputReader().readLine();
      assertTrue(answer != null && answer.matches("\\d+"), () -> "the shell says " + answer);
      process = ProcessHandle.of(Long.parseLong(answer)).orElseThrow();
    }

    @Override
    public void close() throws Exception {
      process.destroyForcibly();
      process.onExit().get(20, TimeUnit.SECONDS);
    }
  }

  private String refusal() {
    return assertThrows(UnlockedWriterException.class, () -> MappedFile.openReadWrite(image, 0))
        .getMessage();
  }

  @Test
  void aWriterThatTakesNoLocksIsNamed() throws Exception {
    try (var holder = new Holder("<>")) {
      String message = refusal();

      assertTrue(message.contains("process " + holder.process.pid() + " ("), message);
    }
    MappedFile.openReadWrite(image, 0).close();
  }

  @Test
  void aWriterThatOnlyAppendsIsNamedToo() throws Exception {
    try (var holder = new Holder(">>")) {
      assertTrue(refusal().contains("process " + holder.process.pid()));
    }
  }

  @Test
  void aReaderThatTakesNoLocksDoesNotMatter() throws Exception {
    try (var _ = new Holder("<")) {
      MappedFile.openReadWrite(image, 0).close();
    }
  }

  @Test
  void anImageThatAnotherWritesMayBeRead() throws Exception {
    try (var _ = new Holder("<>")) {
      MappedFile.openReadOnly(image, 0).close();
    }
  }

  @Test
  void aReaderDoesNotBecomeTheSecondWriter() throws Exception {
    try (MappedFile reader = MappedFile.openReadOnly(image, 0)) {
      try (var _ = new Holder("<>")) {
        assertThrows(UnlockedWriterException.class, reader::allowWriting);
      }
      reader.allowWriting();
    }
  }

  @Test
  void theUserMayOpenItAllTheSame() throws Exception {
    try (var _ = new Holder("<>")) {
      OtherWriters.tolerate(() -> MappedFile.openReadWrite(image, 0).close());
    }
  }

  @Test
  void whatThisProcessHasOpenIsItsOwnAffair() throws Exception {
    try (var _ = new RandomAccessFile(image.toFile(), "rw")) {
      MappedFile.openReadWrite(image, 0).close();
    }
  }

  @Test
  @NeedsTools({"losetup"})
  void aLoopDeviceOnTheImageIsNoticed() throws Exception {
    Process attach =
        new ProcessBuilder("losetup", "--find", "--show", image.toString())
            .redirectErrorStream(true)
            .start();
    String device = attach.inputReader().readLine();
    assumeTrue(attach.waitFor() == 0, "losetup works for root, where there are loop devices");
    try {
      assertTrue(refusal().contains("a loop device"));
    } finally {
      assertEquals(0, new ProcessBuilder("losetup", "--detach", device).start().waitFor());
    }
  }
}
