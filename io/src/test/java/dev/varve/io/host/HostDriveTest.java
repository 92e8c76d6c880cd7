package dev.varve.io.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The block devices of the host as a user other than root sees them. */
@NeedsTools({"losetup", "setpriv"})
class HostDriveTest {

  private static final Set<PosixFilePermission> FOR_ALL =
      PosixFilePermissions.fromString("rwxr-xr-x");

  @TempDir Path folder;

  @Test
  void whoMayNotReadADeviceIsToldSo() throws Exception {
    try (var loop = LoopDevice.over(file(), 512)) {
      assertTold(loop.path(), "rw-------", false, "Permission denied");
    }
  }

  @Test
  void whoMayReadADeviceButNotWriteItIsToldThat() throws Exception {
    try (var loop = LoopDevice.over(file(), 512)) {
      assertTold(
          loop.path(), "rw-r--r--", true, "may not be written by the user that Varve runs as");
    }
  }

  @Test
  void whoMayWriteADeviceCanUseIt() throws Exception {
    try (var loop = LoopDevice.over(file(), 512)) {
      assertTold(loop.path(), "rw-rw-rw-", true, "null");
    }
  }

  private Path file() throws IOException {
    return Files.write(folder.resolve("medium.img"), new byte[1 << 20]);
  }

  private void assertTold(Path device, String permissions, boolean readable, String why)
      throws Exception {
    Set<PosixFilePermission> before = Files.getPosixFilePermissions(device);
    Files.setPosixFilePermissions(device, PosixFilePermissions.fromString(permissions));
    try {
      String told = toldToNobody(device);
      assertEquals(readable, told.startsWith("readable "), told);
      assertTrue(told.contains(why), told);
      if (!why.equals("null")) assertTrue(told.contains(device.toString()), told);
    } finally {
      Files.setPosixFilePermissions(device, before);
    }
  }

  /** What {@link Lister} prints of a device when it runs without root's rights. */
  private String toldToNobody(Path device) throws Exception {
    Files.setPosixFilePermissions(folder, FOR_ALL);
    List<String> classPath = new ArrayList<>();
    for (Class<?> of : List.of(Lister.class, HostDrive.class, DeviceType.class))
      classPath.add(
          readableToAll(Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI())));
    Process lister =
        new ProcessBuilder(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--bounding-set=-all",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                String.join(":", classPath),
                Lister.class.getName(),
                device.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String told = new String(lister.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, lister.waitFor(), told);
    assertFalse(told.isBlank(), () -> device + " is not listed");
    return told.strip();
  }

  /** A copy of classes or a jar: where they are, others may have no right to look. */
  private String readableToAll(Path classes) throws IOException {
    Path place = Files.createTempDirectory(folder, "classes");
    Files.setPosixFilePermissions(place, FOR_ALL);
    Path copy = place.resolve("copy");
    try (Stream<Path> all = Files.walk(classes)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Path to = each.equals(classes) ? copy : copy.resolve(classes.relativize(each).toString());
        Files.copy(each, to);
        Files.setPosixFilePermissions(to, FOR_ALL);
      }
    }
    return copy.toString();
  }

  /** Prints whether a device can be read, and why it cannot be used. */
  static final class Lister {
    private Lister() {}

    public static void main(String[] device) throws IOException {
      for (HostDrive drive : HostDrive.all())
        if (drive.path().equals(Path.of(device[0])))
          System.out.println(
              (drive.whyNotRead() == null ? "readable " : "unreadable ") + drive.why());
    }
  }
}
