package dev.varve.io.running;

import static dev.varve.io.running.Emulator.filled;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Somebody takes a file away under a running machine: whoever stops it is told. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class LostFileTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private MachineImages images;
  @AutoClose private TestMachines machines;
  private Path raw;
  private Path vdi;

  @BeforeEach
  void startOnTwoDisks() throws IOException {
    images = new MachineImages(folder);
    machines = new TestMachines();
    raw = Files.write(folder.resolve("disk.img"), new byte[2 * MIB]);
    vdi = images.vdi("disk", 2 * MIB, 1);
    machines.disks.start(
        ALPHA,
        List.of(
            TestMachines.rawDisk("alpha", SATA_0, raw),
            TestMachines.hardDisk("alpha", SATA_1, vdi)));
  }

  @ParameterizedTest
  @CsvSource({"disk.img,false", "disk.img,true", "disk.vdi,false", "disk.vdi,true"})
  void whoStopsTheMachineHearsOfAFileThatIsGone(String name, boolean replaced) throws Exception {
    write("alpha/SATA/0/0");
    write("alpha/SATA/1/0");
    Path file = folder.resolve(name);
    Path other = Files.copy(file, folder.resolve("other"));
    if (replaced) Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    else Files.delete(file);

    var told = assertThrows(IOException.class, () -> machines.disks.stop(ALPHA));

    assertTrue(
        told.getMessage()
            .contains(
                file
                    + " was deleted, moved or replaced by another file while a machine was using it"),
        told.getMessage());
    assertEquals(Map.of(), machines.disks.uris(ALPHA));
    if (!file.equals(raw)) assertEquals('w', Files.readAllBytes(raw)[0]);
    else assertArrayEquals(filled(512, 'w'), firstSectorOfVdi());
  }

  @Test
  void whoStopsTheMachineHearsOfAFileThatWasCut() throws Exception {
    write("alpha/SATA/0/0");
    try (var open = new RandomAccessFile(raw.toFile(), "rw")) {
      open.setLength(MIB);
    }

    var told = assertThrows(IOException.class, () -> machines.disks.stop(ALPHA));

    assertTrue(told.getMessage().contains("1048576 bytes"), told.getMessage());
    assertEquals(Map.of(), machines.disks.uris(ALPHA));
  }

  @ParameterizedTest
  @CsvSource({"disk.img,alpha/SATA/0/0", "disk.vdi,alpha/SATA/1/0"})
  void aDiskWhoseFileWasCutIsBrokenUntilTheMachineIsStopped(String name, String export)
      throws Exception {
    write("alpha/SATA/0/0");
    write("alpha/SATA/1/0");
    assertEquals(Map.of(), machines.disks.broken());
    Path file = folder.resolve(name);
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(MIB);
    }

    assertThrows(IOException.class, () -> write(export));

    Map<String, String> broken = machines.disks.broken();
    assertEquals(Set.of(export), broken.keySet());
    String why = broken.values().iterator().next();
    assertTrue(why.startsWith(file + " is 1048576 bytes long and was "), why);
    assertThrows(IOException.class, () -> machines.disks.stop(ALPHA));
    assertEquals(Map.of(), machines.disks.broken());
  }

  @Test
  void aFileThatIsBackUnderItsNameIsNotLost() throws Exception {
    write("alpha/SATA/0/0");
    Path moved = Files.move(raw, folder.resolve("moved.img"));
    Files.move(moved, raw);

    machines.disks.stop(ALPHA);

    assertEquals('w', Files.readAllBytes(raw)[0]);
  }

  @Test
  void aDiscThatIsGoneLosesNothingOfWhatAMachineWrote() throws Exception {
    machines.disks.stop(ALPHA);
    Path iso = images.iso("disc", 5000, 'i');
    machines.disks.start(ALPHA, List.of(TestMachines.disc("alpha", SATA_0, iso)));
    Files.delete(iso);

    machines.disks.stop(ALPHA);

    assertEquals(Map.of(), machines.disks.uris(ALPHA));
  }

  private byte[] firstSectorOfVdi() throws Exception {
    byte[] disk = MachineImages.contents(machines.threads, vdi);
    return Arrays.copyOf(disk, 512);
  }

  private void write(String export) throws IOException {
    try (var disk = machines.emulator(export)) {
      disk.write(0, filled(512, 'w'));
    }
  }
}
