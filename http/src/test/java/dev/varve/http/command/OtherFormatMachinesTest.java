package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.chain.FormatFixtures;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Machines of VirtualBox whose disks have other formats than VDI, in a server of their own. */
@NeedsTools({"nbdcopy", "qemu-io", "qemu-img"})
class OtherFormatMachinesTest {

  @TempDir Path folder;

  /** The settings file of a machine and its images are named alike. */
  @ParameterizedTest
  @CsvSource({
    "vm-vmdk-2snap, mvmdk, VMDK, S1 S2",
    "vm-vmdk-split-snap, mvmdksplit, VMDK, S1",
    "vm-ova-imported, mimported, VMDK, ''",
    "vm-vhd-2snap, mvhd, VHD, S1 S2",
  })
  void aMachineIsServedSnapshottedAndMergedInTheFormatOfItsDisks(
      String sample, String machine, String format, String snapshots) throws Exception {
    var chain = FormatFixtures.chain(sample);
    chain.unpack(folder);
    Path settings = settingsOf(sample, machine);
    try (var server = RunningServer.start(folder)) {
      server.run("machine", "open", settings);
      server.run("machine", "start", machine);
      assertEquals(chain.sha256(), sha256(contents(server, machine)));

      write(server, machine, "write -P 5 300k 200k");
      server.run("machine", "snapshot", "take", machine, "live");
      write(server, machine, "write -P 6 400k 700k");
      byte[] written = contents(server, machine);
      if (snapshots.startsWith("S1 "))
        server.run("machine", "snapshot", "delete", machine, "S1"); // between two images
      server.run("machine", "snapshot", "delete", machine, "live");
      assertArrayEquals(written, contents(server, machine));
      server.run("machine", "powerdown", machine);
      if (!snapshots.isEmpty())
        server.run(
            "machine",
            "snapshot",
            "delete",
            machine,
            snapshots.substring(snapshots.length() - 2)); // into the base

      server.run("machine", "snapshot", "take", machine, "kept");
      server.run("machine", "start", machine);
      assertArrayEquals(written, contents(server, machine));
      write(server, machine, "write -P 7 0 1M");
      server.run("machine", "powerdown", machine);
      server.run("machine", "snapshot", "restore", machine, "kept");
      server.run("machine", "start", machine);
      assertArrayEquals(written, contents(server, machine));
      server.run("machine", "powerdown", machine);
      copiesShow(server, machine, written);
      server.stop();
    }
    String text = Files.readString(settings);
    assertTrue(text.contains("format=\"%s\"".formatted(format)), text);
    assertFalse(text.contains("format=\"VDI\""), text);
  }

  private void copiesShow(RunningServer server, String machine, byte[] written) throws Exception {
    String top = server.attachment(machine, "SATA", 0).getString("medium");
    Map<String, String> copies =
        Map.of("a.vdi", "vdi", "a.vmdk", "vmdk", "a.vhd", "vhd", "a.raw", "raw");
    for (var copy : copies.entrySet()) {
      Path file = folder.resolve(copy.getKey());
      server.run("medium", "clone", top, file, "--format", copy.getValue());
      Path raw = folder.resolve(copy.getKey() + ".bytes");
      server.tool("qemu-img", "convert", "--image-opts", "-O", "raw", options(copy, file), raw);
      assertArrayEquals(written, Files.readAllBytes(raw), copy.getKey());
    }
  }

  /** QEMU takes the size of a VHD from its geometry otherwise. */
  private static String options(Map.Entry<String, String> copy, Path file) {
    return switch (copy.getValue()) {
      case "vhd" -> "driver=vpc,force_size_calc=current_size,file.filename=" + file;
      default -> "driver=%s,file.filename=%s".formatted(copy.getValue(), file);
    };
  }

  /** A descriptor may name any file of its folder. */
  @Test
  void anImageThatIsDeletedTakesNoFileOfOthersWithIt() throws Exception {
    Path image = folder.resolve("a.vmdk");
    Path contents = folder.resolve("a-flat.vmdk");
    try (var server = RunningServer.start(folder)) {
      server.run(
          "medium", "create", image, "--capacity", "1M", "--format", "vmdk", "--variant", "Fixed");
      String descriptor = Files.readString(image);
      Path letters = Files.writeString(folder.resolve("letters.doc"), "dear".repeat(1 << 18));
      Path strange = named(descriptor, "b.vmdk", "letters.doc");
      Path other = named(descriptor, "a-c.vmdk", "a-flat.vmdk");
      for (Path each : List.of(strange, other)) server.run("medium", "open", each);

      for (Path each : List.of(strange, image)) server.run("medium", "delete", each);

      assertFalse(Files.exists(strange) || Files.exists(image));
      assertTrue(Files.exists(letters) && Files.exists(contents));
      server.run("medium", "delete", other);
      assertTrue(Files.exists(contents), "it is not named after the last image that had it");
    }
  }

  private Path named(String descriptor, String name, String extent) throws IOException {
    return Files.writeString(
        folder.resolve(name),
        descriptor
            .replace("a-flat.vmdk", extent)
            .replaceFirst("(?<=uuid.image=\")[^\"]*", UUID.randomUUID().toString()));
  }

  @Test
  void aDiskThatCanOnlyBeReadIsWrittenThroughASnapshot() throws Exception {
    var chain = FormatFixtures.chain("vm-qcow2-snap");
    chain.unpack(folder);
    Path settings = settingsOf("vm-qcow2-snap", "mqcow");
    Map<Path, byte[]> before = files(settings.getParent());
    try (var server = RunningServer.start(folder)) {
      server.run("machine", "open", settings);

      String refused = server.failure("machine", "start", "mqcow");

      assertTrue(refused.contains("QCOW image that Varve only reads"), refused);
      assertTrue(refused.contains("take a snapshot of the machine first"), refused);
      before.forEach((file, bytes) -> assertUnchanged(file, bytes));
      server.run("machine", "snapshot", "take", "mqcow", "top");
      server.run("machine", "start", "mqcow");
      assertEquals(chain.sha256(), sha256(contents(server, "mqcow")));
      write(server, "mqcow", "write -P 5 300k 200k");
      byte[] written = contents(server, "mqcow");
      server.run("machine", "snapshot", "delete", "mqcow", "top"); // the VDI image takes the QCOW's
      assertArrayEquals(written, contents(server, "mqcow"));
      server.run("machine", "powerdown", "mqcow");
      String kept = server.failure("machine", "snapshot", "delete", "mqcow", "S1");
      assertTrue(kept.contains("nothing can be merged into it"), kept);
      server.run("machine", "start", "mqcow");
      assertArrayEquals(written, contents(server, "mqcow"));
      server.stop();
    }
    Path base = settings.resolveSibling("mqcow.qcow2");
    assertUnchanged(base, before.get(base));
    String text = Files.readString(settings);
    assertTrue(text.contains("format=\"QCOW\"") && text.contains("format=\"VDI\""), text);
  }

  @ParameterizedTest
  @CsvSource({"vmdk, Fixed", "vhd, Standard"})
  void anImmutableDiskForgetsAndIsSharedThroughImagesOfItsFormat(String format, String variant)
      throws Exception {
    Path base = folder.resolve("base." + format);
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run(
          "medium", "create", base, "--size", "4M", "--format", format, "--variant", variant);
      server.run("machine", "attach", "m", "SATA:0", base);
      server.run("machine", "start", "m");
      write(server, "m", "write -P 3 0 4M");
      server.run("machine", "powerdown", "m");
      server.run("machine", "detach", "m", "SATA:0");
      server.run("medium", "set", base, "--type", "Immutable");
      server.run("machine", "attach", "m", "SATA:0", base);
      server.create("n");
      server.run("machine", "attach", "n", "SATA:0", base);
      for (int run = 0; run < 2; run++) {
        server.run("machine", "start", "m");
        server.run("machine", "start", "n");
        server.qemuIo(server.uri("m", "SATA", 0), "read -P 3 0 4M", "write -P 4 1M 1M");
        server.qemuIo(server.uri("n", "SATA", 0), "read -P 3 0 4M", "write -P 5 1M 1M");
        server.run("machine", "powerdown", "m");
        server.run("machine", "powerdown", "n");
      }
      String top = server.attachment("m", "SATA", 0).getString("medium");
      String image = server.run("medium", "show", top).getString("location");
      assertTrue(image.endsWith("." + format), image);

      server.run("machine", "detach", "m", "SATA:0");
      server.run("machine", "detach", "n", "SATA:0");
      for (Path file : filesOf(server)) server.run("medium", "delete", file);
      server.run("medium", "delete", base);
      server.stop();
    }
    assertEquals(
        List.of(),
        files(folder).keySet().stream().filter(f -> f.toString().endsWith(format)).toList());
  }

  private static List<Path> filesOf(RunningServer server) {
    return server.run("medium", "list", "--unused").getJsonArray("media").stream()
        .map(medium -> Path.of(((io.vertx.core.json.JsonObject) medium).getString("location")))
        .toList();
  }

  private Path settingsOf(String sample, String machine) throws IOException {
    Path settings = folder.resolve(sample).resolve(machine + ".vbox");
    String resource = "/formats/machines/%s.vbox".formatted(sample);
    try (InputStream text = FormatFixtures.class.getResourceAsStream(resource)) {
      Files.copy(text, settings);
    }
    return settings;
  }

  private static void write(RunningServer server, String machine, String request) throws Exception {
    server.qemuIo(server.uri(machine, "SATA", 0), request);
  }

  private byte[] contents(RunningServer server, String machine) throws Exception {
    Path copy = folder.resolve("contents.bytes");
    Files.deleteIfExists(copy);
    server.tool("nbdcopy", server.uri(machine, "SATA", 0), copy);
    return Files.readAllBytes(copy);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static Map<Path, byte[]> files(Path place) throws IOException {
    Map<Path, byte[]> found = new TreeMap<>();
    try (var files = Files.walk(place)) {
      for (Path file : files.filter(Files::isRegularFile).toList())
        found.put(file, Files.readAllBytes(file));
    }
    return found;
  }

  private static void assertUnchanged(Path file, byte[] bytes) {
    try {
      assertArrayEquals(bytes, Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
