package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumType;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings files of every version, and the defaults that each has. */
class SettingsAgesTest {

  private static final SnapshotId NEW =
      new SnapshotId(UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"));

  private final String attached = Samples.text(Samples.ATTACHED);

  static Stream<String> versions() {
    return Ages.versions();
  }

  static Stream<Arguments> samplesOfEveryVersion() {
    return Samples.names().flatMap(s -> Ages.versions().map(v -> Arguments.of(s, v)));
  }

  // ---- reading

  @ParameterizedTest
  @MethodSource("samplesOfEveryVersion")
  void aMachineIsTheSameInFilesOfEveryVersion(String sample, String version) throws IOException {
    MachineSettings wanted = read(Samples.text(sample));
    String file = Ages.in(version, Samples.text(sample));

    MachineSettings read = read(file);

    assertEquals(withoutHotPlug(wanted), withoutHotPlug(read));
    assertEquals(file, Samples.saved(file, read));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.11", "1.12", "1.14"})
  void beforeVersion15WhatIsOnAhciIsHotPluggableAndNothingElse(String version) throws IOException {
    MachineSettings read = read(Ages.in(version, attached));

    for (Attachment attachment : read.machine().hardware().attachments())
      assertEquals(
          attachment.slot().controller().equals("SATA"),
          attachment.hotPluggable(),
          attachment.slot().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.15", "1.16", "1.22"})
  void fromVersion15OnNothingIsHotPluggableThatDoesNotSayIt(String version) throws IOException {
    String file = Ages.in(version, attached).replaceAll(" hotpluggable=\"[a-z]*\"", "");

    assertTrue(
        read(file).machine().hardware().attachments().stream().noneMatch(Attachment::hotPluggable));
  }

  @ParameterizedTest
  @ValueSource(strings = {Ages.USUAL, Ages.INNOTEK})
  void bothNamespacesAreRead(String namespace) throws IOException {
    String file = attached.replace(Ages.USUAL, namespace);

    assertEquals(read(attached), read(file));
    assertEquals(file, Samples.saved(file, read(file)));
  }

  @Test
  void whatAControllerDoesNotSayIsWhatVirtualBoxTakes() throws IOException {
    String file =
        attached
            .replaceAll(" PortCount=\"\\d+\"", "")
            .replaceAll(" useHostIOCache=\"[a-z]*\"", "")
            .replaceAll(" Bootable=\"[a-z]*\"", "")
            .replaceAll(" IDE\\d(Master|Slave)EmulationPort=\"\\d\"", "");

    MachineSettings read = read(file);

    assertEquals(
        List.of(3, 2, 16, 1, 8, 2, 2, 2),
        read.machine().hardware().controllers().stream()
            .map(StorageController::portCount)
            .toList());
    for (StorageController controller : read.machine().hardware().controllers())
      assertTrue(controller.useHostIoCache() && controller.bootable(), controller.toString());
    assertEquals(file, Samples.saved(file, read));
  }

  @Test
  void aDriveThatSaysNothingPassesNothingThrough() throws IOException {
    String file = attached.replaceAll(" (passthrough|tempeject)=\"[a-z]*\"", "");

    for (Attachment drive : read(file).machine().hardware().attachments())
      assertFalse(drive.passthrough() || drive.temporaryEject());
    assertEquals(file, Samples.saved(file, read(file)));
  }

  @Test
  void theCaseOfFormatsAndTypesDoesNotMatterAndIsKept() throws IOException {
    String file =
        attached
            .replace("format=\"VDI\"", "format=\"vdi\"")
            .replace("type=\"Normal\"", "type=\"normal\"")
            .replace("type=\"Immutable\"", "type=\"IMMUTABLE\"")
            .replace("type=\"Shareable\"", "type=\"shareable\"")
            .replace("flp.img\"", "flp.img\" format=\"raw\"");
    MachineSettings read = read(file);

    assertEquals(read(attached), read);
    assertEquals(file, Samples.saved(file, read));
    assertEquals(MediumType.NORMAL, read.media().getFirst().type());
    MachineSettings renamed = Samples.with(read, Samples.named(read.machine(), "other"));
    assertEquals(
        file.replace("name=\"a1-sample\"", "name=\"other\""), Samples.saved(file, renamed));
  }

  @Test
  void theChipsetIsInThePlatformFromVersion20On() throws IOException {
    String ich9 = "  <Platform architecture=\"x86\">\n<Chipset type=\"ICH9\"/>";
    String file = Ages.in("1.20", attached).replace("  <Platform architecture=\"x86\">", ich9);
    assertEquals("ICH9", read(file).machine().chipset());
    assertEquals(file, Samples.saved(file, read(file)));

    Machine machine = read(file).machine();
    var wanted =
        new Machine(
            machine.id(),
            machine.name(),
            machine.settingsFile(),
            machine.snapshotFolder(),
            machine.stateFile(),
            "PIIX3",
            machine.hardware(),
            machine.snapshots(),
            machine.currentSnapshot(),
            machine.currentStateModified(),
            machine.lastStateChange());

    assertEquals(
        file.replace("\"ICH9\"", "\"PIIX3\""),
        Samples.saved(file, Samples.with(read(file), wanted)));
  }

  @Test
  void aMachineForArmIsReadAndKept() throws IOException {
    String file =
        Ages.in("1.21", attached)
            .replace(
                "<Platform architecture=\"x86\">",
                "<Platform architecture=\"ARM\">\n<Chipset type=\"ARMv8Virtual\"/>\n<arm/>");

    MachineSettings read = read(file);

    assertEquals("ARMv8Virtual", read.machine().chipset());
    assertEquals(read(attached).machine().hardware(), read.machine().hardware());
    assertEquals(file, Samples.saved(file, read));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "2009-07-10T11:54:03"})
  void oldTimesAreReadAndKept(String time) throws IOException {
    String file = attached.replace("2026-11-23T15:40:40Z", time);

    assertEquals(
        Instant.parse(time.endsWith("Z") ? time : time + "Z"),
        read(file).machine().lastStateChange());
    assertEquals(file, Samples.saved(file, read(file)));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void onlyAnUnknownVersionIsRemarked(String version) throws IOException {
    List<String> remarks =
        MachineFile.of(Samples.HOME, Samples.utf8(Ages.in(version, attached))).remarks();

    boolean unknown = List.of("1.30", "2.1").contains(version);
    assertEquals(unknown ? 1 : 0, remarks.size());
    if (unknown) assertTrue(remarks.getFirst().contains("version " + version), remarks::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"StorageController", "AttachedDevice", "HardDisk", "HardDisks"})
  void storageInUnknownPlacesIsRefusedInAnUnknownVersionOnly(String element) throws IOException {
    String odd = attached.replace("<Firmware/>", "<Storage><%s/></Storage>".formatted(element));
    assertEquals(read(attached), read(odd));

    var refused =
        assertThrows(
            SettingsException.class, () -> Samples.settings(Samples.utf8(Ages.in("1.30", odd))));

    assertTrue(refused.getMessage().contains("<" + element + ">: in Storage"), refused::toString);
    assertTrue(refused.getMessage().contains("version 1.30-linux"), refused::toString);
  }

  @Test
  void controllersInTwoPlacesAreRefused() {
    String controller = "<StorageController name='x' type='PIIX4'/>";
    String file =
        attached.replace(
            "</Hardware>",
            "</Hardware>\n<StorageControllers>" + controller + "</StorageControllers>");

    var refused = assertThrows(SettingsException.class, () -> Samples.settings(Samples.utf8(file)));

    assertTrue(refused.getMessage().contains("in Hardware too"), refused.getMessage());
  }

  @Test
  void anElementOfWhichASecondWouldNotBeSeenIsRefusedTwice() {
    for (String element : List.of("HardDisks", "MediaRegistry", "Hardware", "BandwidthGroups")) {
      String file = attached.replace("</" + element + ">", "</%1$s><%1$s/>".formatted(element));

      var refused =
          assertThrows(SettingsException.class, () -> Samples.settings(Samples.utf8(file)));

      assertTrue(refused.getMessage().contains("twice"), refused.getMessage());
    }
  }

  // ---- saving

  @ParameterizedTest
  @MethodSource("versions")
  void aNewSnapshotIsWhatVirtualBoxOfThatVersionWrites(String version) throws IOException {
    MachineSettings plain = read(attached);
    MachineSettings wanted = withSnapshot(plain);
    String expected = Ages.in(version, Samples.saved(attached, wanted));
    String file = Ages.in(version, attached);

    String saved = Samples.saved(file, withSnapshot(read(file)));

    assertEquals(List.of(), Samples.difference(expected, saved));
  }

  @Test
  void aNewSnapshotKeepsWhatStandsBesideTheHardware() throws IOException {
    String beside =
        """
            <Debugging>
              <GuestDebug port="5"/>
            </Debugging>
            <Recording enabled="true"/>
        """;
    String file = attached.replace("    </Hardware>\n", "    </Hardware>\n" + beside);

    String saved = Samples.saved(file, withSnapshot(read(file)));

    assertEquals(2, saved.split("<GuestDebug port=\"5\"/>", -1).length - 1, saved);
    assertEquals(2, saved.split("<Recording enabled=\"true\"/>", -1).length - 1, saved);
    assertTrue(
        saved.contains("      </Hardware>\n      <Debugging>\n        <GuestDebug port"), saved);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void theFirstControllerGoesWhereVirtualBoxOfThatVersionWritesIt(String version)
      throws IOException {
    String file = Ages.in(version, attached);
    String empty = file.replaceAll("(?s) *<StorageControllers>.*</StorageControllers>\n", "");
    MachineSettings none = read(empty);
    assertEquals(List.of(), none.machine().hardware().controllers());

    String saved =
        Samples.saved(
            empty,
            Samples.withHardware(
                none,
                h ->
                    h.withControllers(
                        List.of(
                            new StorageController("x", ControllerType.PIIX4, 2, 0, true, true)))));

    List<String> lines = saved.lines().map(String::strip).toList();
    boolean old = Integer.parseInt(version.substring(2)) < 17 && version.startsWith("1.");
    assertEquals(old, lines.indexOf("<StorageControllers>") > lines.indexOf("</Hardware>"), saved);
  }

  @Test
  void whatAnOldFileCannotSayInItsOwnWordsIsSaidInNewOnes() throws IOException {
    String file = Ages.in("1.12", attached);
    MachineSettings wanted =
        Samples.withHardware(
            read(file),
            h ->
                new Hardware(
                    h.controllers(),
                    h.attachments().stream()
                        .map(a -> a.withHotPluggable(!a.hotPluggable()))
                        .toList(),
                    List.of(
                        new BandwidthGroup("Limit", BandwidthGroup.Kind.DISK, 5_000_000),
                        new BandwidthGroup("Net", BandwidthGroup.Kind.NETWORK, 3 << 20))));

    String saved = Samples.saved(file, wanted);

    assertEquals(wanted, read(saved));
    assertTrue(saved.contains("name=\"Limit\" type=\"Disk\" maxBytesPerSec=\"5000000\"/>"), saved);
    assertTrue(saved.contains("name=\"Net\" type=\"Network\" maxMbPerSec=\"3\"/>"), saved);
    assertTrue(saved.contains("type=\"HardDisk\" hotpluggable=\"false\" port=\"1\""), saved);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void aDeviceThatIsAttachedIsReadAgainAsItWasAttached(String version) throws IOException {
    String file = Ages.in(version, attached);
    MachineSettings read = read(file);
    var drive = Attachment.of(new Slot("SATA", 5, 0), DeviceType.DVD, null, false);

    MachineSettings wanted =
        Samples.withAttachments(
            read,
            list -> {
              list.add(3, drive);
              return list;
            });

    assertEquals(wanted, read(Samples.saved(file, wanted)));
  }

  @Test
  void newLinesEndAsTheFilesDo() throws IOException {
    String file = attached.replace("\n", "\r\n");
    MachineSettings read = read(file);
    assertEquals(file, Samples.saved(file, read));

    String saved = Samples.saved(file, withSnapshot(read));

    assertEquals(
        Samples.saved(attached, withSnapshot(read(attached))).replace("\n", "\r\n"), saved);
  }

  // ---- a little different

  private static MachineSettings withSnapshot(MachineSettings settings) {
    Machine machine = settings.machine();
    var snapshot =
        new Snapshot(
            NEW,
            "S",
            "",
            Instant.parse("2026-01-02T03:04:05Z"),
            null,
            null,
            machine.hardware().withAttachments(List.of()));
    return Samples.with(
        settings, Samples.with(machine, machine.hardware(), List.of(snapshot), NEW));
  }

  private static MachineSettings withoutHotPlug(MachineSettings settings) {
    Machine machine = settings.machine();
    List<Snapshot> snapshots = new ArrayList<>();
    for (Snapshot s : machine.snapshots())
      snapshots.add(s.withHardware(withoutHotPlug(s.hardware())));
    return Samples.with(
        settings,
        Samples.with(
            machine, withoutHotPlug(machine.hardware()), snapshots, machine.currentSnapshot()));
  }

  private static Hardware withoutHotPlug(Hardware hardware) {
    return hardware.withAttachments(
        hardware.attachments().stream().map(a -> a.withHotPluggable(false)).toList());
  }

  private static MachineSettings read(String text) {
    try {
      return Samples.settings(Samples.utf8(text));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
