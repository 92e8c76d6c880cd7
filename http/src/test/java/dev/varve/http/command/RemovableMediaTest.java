package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discs go in and out of the drive of a running machine, as its emulator sees it. */
@NeedsTools({"qemu-io", "nbdinfo"})
class RemovableMediaTest {

  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private Path first;
  private Path second;
  private RunningServer server;
  private String drive;

  @BeforeEach
  void aRunningMachineWithAnEmptyDrive() throws Exception {
    first = disc("first.iso", SIZE, 1);
    second = disc("second.iso", 2 * SIZE, 2);
    server = RunningServer.start(folder);
    server.create("m");
    server.run("medium", "open", first, "--device", "DVD");
    server.run("medium", "open", second, "--device", "DVD");
    server.run("machine", "attach", "m", "IDE:0", "--type", "DVD");
    server.run("machine", "start", "m");
    drive = server.uri("m", "IDE", 0);
  }

  private Path disc(String name, int length, int value) throws IOException {
    byte[] contents = new byte[length];
    Arrays.fill(contents, (byte) value);
    return Files.write(folder.resolve(name), contents);
  }

  @AfterEach
  void end() {
    server.close();
  }

  private int size() throws Exception {
    return Integer.parseInt(server.tool("nbdinfo", "--size", drive).strip());
  }

  private void assertTray(boolean open, boolean discIn) {
    var attachment = server.attachment("m", "IDE", 0);
    assertEquals(open, attachment.getBoolean("ejected"), attachment::encode);
    if (discIn) assertTrue(attachment.getString("medium") != null, attachment::encode);
    else assertNull(attachment.getString("medium"), attachment::encode);
  }

  @Test
  void anEmptyDriveComesAliveAndItsClientIsSentAwayToConnectAnew() throws Exception {
    assertEquals(0, size());
    try (var before = QemuIo.reading(drive)) {
      assertTrue(before.tell("read 0 512").contains("failed"));

      server.run("machine", "mount", "m", "IDE:0", first);

      assertTrue(before.tell("read 0 512").contains("failed"));
    }
    assertEquals(SIZE, size());
    try (var after = QemuIo.reading(drive)) {
      after.run("read -P 1 0 1M");
      server.run("machine", "mount", "m", "IDE:0", second);
      assertTrue(after.tell("read 0 512").contains("failed")); // and not the other disc's bytes
    }
    try (var again = QemuIo.reading(drive)) {
      again.run("read -P 2 0 2M");
      server.run("machine", "unmount", "m", "IDE:0");
      assertTrue(again.tell("read 0 512").contains("failed"));
    }
    assertEquals(0, size());
    server.stop();
  }

  @Test
  void aGuestThatEjectsEmptiesTheDriveForGood() throws Exception {
    server.run("machine", "mount", "m", "IDE:0", first);
    assertTray(false, true);

    server.run("machine", "eject", "m", "IDE:0");

    assertEquals(0, size());
    assertTray(true, false);
    server.run("machine", "powerdown", "m");
    server.run("machine", "start", "m");
    assertEquals(0, size());
    server.run("medium", "close", first);
    server.stop();
  }

  @Test
  void aTemporaryEjectKeepsTheDiscForTheNextTime() throws Exception {
    server.run("machine", "mount", "m", "IDE:0", first);
    server.run("machine", "set", "m", "IDE:0", "--temporary-eject", "on");

    server.run("machine", "eject", "m", "IDE:0");

    assertTray(true, true);
    server.run("machine", "mount", "m", "IDE:0", first); // is in it already
    assertTray(true, true);
    server.run("machine", "mount", "m", "IDE:0", second);
    assertTray(false, true);
    server.run("machine", "eject", "m", "IDE:0");
    server.stop();
    server = RunningServer.start(folder);
    server.run("machine", "start", "m");
    assertTray(false, true);
    server.tool("qemu-io", "-r", "-f", "raw", "-c", "read -P 2 0 2M", drive);
    server.stop();
  }
}
