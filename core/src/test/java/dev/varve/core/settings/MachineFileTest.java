package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MachineFileTest {

  private static final UUID NEW = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");

  private final String attached = Samples.text(Samples.ATTACHED);
  private final MachineSettings settings = read(attached);

  // ---- reading

  @Test
  void aMachineIsReadWhole() {
    MachineSettings two = read(Samples.text(Samples.TWO_SNAPSHOTS));
    Machine machine = two.machine();

    assertEquals("d753a53c-e5a7-4910-ad4b-a297422fde94", machine.id().toString());
    assertEquals("a1-sample", machine.name());
    assertEquals(Path.of("/vm/samp/vms/a1-sample/Snapshots"), machine.snapshotPath());
    assertEquals("PIIX3", machine.chipset());
    assertFalse(machine.currentStateModified());
    assertEquals(Instant.parse("2026-11-23T15:40:41Z"), machine.lastStateChange());
    assertEquals(List.of("S1", "S2"), machine.snapshots().stream().map(Snapshot::name).toList());
    assertEquals("first", machine.snapshots().getFirst().description());
    assertEquals(machine.snapshots().getLast().id(), machine.currentSnapshot());
    assertEquals(machine.snapshots().getFirst().id(), machine.snapshots().getLast().parent());
    assertEquals(
        new BandwidthGroup("Limit", BandwidthGroup.Kind.DISK, 20_971_520),
        machine.hardware().bandwidthGroups().getFirst());
    assertEquals(
        new StorageController("SATA", ControllerType.INTEL_AHCI, 6, 0, true, false),
        machine.hardware().controllers().getFirst());
    assertEquals(
        new Attachment(
            new Slot("SATA", 0, 0),
            DeviceType.HARD_DISK,
            MediumId.of("7ca5c962-2ec0-4e16-94cc-e1f279a837c8"),
            false,
            false,
            false,
            true,
            true,
            true,
            "Limit",
            false),
        machine.hardware().attachments().getFirst());
    assertNull(Samples.at(two, "IDE", 1, 0).medium());
    assertTrue(Samples.at(two, "IDE", 1, 0).passthrough());
    assertTrue(Samples.at(two, "SATA", 2, 0).temporaryEject());
  }

  @Test
  void mediaAreReadWithTheirParentsFirst() {
    List<Medium> media = read(Samples.text(Samples.TWO_SNAPSHOTS)).media();

    assertEquals(11, media.size());
    Medium diff = media.get(4);
    assertEquals(Samples.IMMUTABLE, diff.parent());
    assertTrue(diff.autoReset());
    assertEquals(MediumType.NORMAL, diff.type());
    assertEquals(
        Path.of("/vm/samp/vms/a1-sample/Snapshots/{e6baab6c-2649-4bf2-8128-0ccf4ce6c201}.vdi"),
        diff.location());
    assertEquals(
        Set.of(UUID.fromString("d753a53c-e5a7-4910-ad4b-a297422fde94")), diff.registries());
    assertEquals(
        List.of(MediumType.READONLY, MediumType.WRITETHROUGH),
        media.subList(9, 11).stream().map(Medium::type).toList());
  }

  @Test
  void aVanishedImageIsAnEmptyDrive() {
    String file = attached.replaceFirst("\\n *<Image uuid=[^\\n]*dvd.iso\"/>", "");

    assertNull(Samples.at(read(file), "SATA", 2, 0).medium());
  }

  // ---- saving

  @ParameterizedTest
  @MethodSource("dev.varve.core.settings.Samples#names")
  void savingWhatWasReadChangesNothing(String sample) throws IOException {
    String file = Samples.text(sample);

    assertEquals(file, Samples.saved(file, read(file)));
  }

  static Stream<Arguments> pairs() {
    return Samples.names().flatMap(a -> Samples.names().map(b -> Arguments.of(a, b)));
  }

  /** The samples differ in what Varve knows and in nothing else. */
  @ParameterizedTest
  @MethodSource("pairs")
  void savingInTheFileOfAnotherDayGivesTheFileThatVirtualBoxWrote(String from, String to)
      throws IOException {
    String wanted = Samples.text(to);

    assertEquals(
        List.of(), Samples.difference(wanted, Samples.saved(Samples.text(from), read(wanted))));
  }

  @Test
  void whatVarveDoesNotKnowStays() throws IOException {
    String file =
        Samples.text(Samples.TWO_SNAPSHOTS)
            .replace("<HardDisks>", "<HardDisks future='1'><!-- mine -->")
            .replaceAll("<AttachedDevice ", "<AttachedDevice x=\"y\"  ")
            .replaceAll("<HardDisk ", "<HardDisk\n z='&#65;' ")
            .replace(
                "    <Snapshot uuid=\"{cd",
                "    <ExtraData>\n      <ExtraDataItem name=\"GUI/a\" value=\"&lt;1&gt;\"/>\n"
                    + "    </ExtraData>\n    <Snapshot color='red' uuid=\"{cd")
            .replace(
                "<StorageControllers>", "<StorageControllers ><Other><AttachedDevice/></Other>");
    MachineSettings read = read(file);
    assertEquals(file, Samples.saved(file, read));

    MachineSettings renamed = Samples.with(read, Samples.named(read.machine(), "<\u00e4 & \"b\">"));

    assertEquals(
        file.replace("name=\"a1-sample\"", "name=\"&lt;\u00e4 &amp; &quot;b&quot;&gt;\""),
        Samples.saved(file, renamed));
  }

  @Test
  void anAttachedDiskIsOneMoreDevice() throws IOException {
    MachineSettings wanted =
        Samples.withAttachments(
            new MachineSettings(
                settings.machine(), plus(settings.media(), child(Samples.IMMUTABLE))),
            list -> plus(list, Samples.disk("USB", 3, 0, new MediumId(NEW))));

    assertEquals(
        List.of(
            "+          <HardDisk uuid=\"{"
                + NEW
                + "}\" location=\"Snapshots/{"
                + NEW
                + "}.vdi\" format=\"VDI\"/>",
            "-        <StorageController name=\"USB\" type=\"USB\" PortCount=\"8\" useHostIOCache=\"false\" Bootable=\"true\"/>",
            "+        <StorageController name=\"USB\" type=\"USB\" PortCount=\"8\" useHostIOCache=\"false\" Bootable=\"true\">",
            "+          <AttachedDevice type=\"HardDisk\" hotpluggable=\"false\" port=\"3\" device=\"0\">",
            "+            <Image uuid=\"{" + NEW + "}\"/>",
            "+          </AttachedDevice>",
            "+        </StorageController>"),
        change(wanted));
  }

  @Test
  void aDetachedDiskIsOneDeviceLess() throws IOException {
    MachineSettings wanted =
        Samples.withAttachments(
            settings,
            list -> {
              list.removeIf(a -> a.slot().controller().equals("NVMe"));
              return list;
            });

    assertEquals(
        List.of(
            "-        <StorageController name=\"NVMe\" type=\"NVMe\" PortCount=\"2\" useHostIOCache=\"false\" Bootable=\"true\">",
            "-          <AttachedDevice type=\"HardDisk\" hotpluggable=\"false\" port=\"1\" device=\"0\">",
            "-            <Image uuid=\"{4029ca90-e3fe-49a5-8ab3-98caf5db6bfb}\"/>",
            "-          </AttachedDevice>",
            "-        </StorageController>",
            "+        <StorageController name=\"NVMe\" type=\"NVMe\" PortCount=\"2\" useHostIOCache=\"false\" Bootable=\"true\"/>"),
        change(wanted));
  }

  @Test
  void anUnmountedImageLeavesAnEmptyDrive() throws IOException {
    MachineSettings wanted =
        replacing(Samples.at(settings, "FDC", 0, 0), Samples.with(floppy(), null));

    assertEquals(
        List.of(
            "-          <AttachedDevice type=\"Floppy\" hotpluggable=\"false\" port=\"0\" device=\"0\">",
            "-            <Image uuid=\"{d63f6d50-c9f4-4271-98a2-73eee64d2fd8}\"/>",
            "-          </AttachedDevice>",
            "+          <AttachedDevice type=\"Floppy\" hotpluggable=\"false\" port=\"0\" device=\"0\"/>"),
        change(wanted));
  }

  private Attachment floppy() {
    return Samples.at(settings, "FDC", 0, 0);
  }

  @Test
  void flagsGoWhereVirtualBoxWritesThem() throws IOException {
    Attachment a = Samples.at(settings, "SATA", 1, 0);
    var flagged =
        new Attachment(
            a.slot(), a.type(), a.medium(), false, false, false, true, true, true, "Off", false);

    assertEquals(
        List.of(
            "-          <AttachedDevice type=\"HardDisk\" hotpluggable=\"false\" port=\"1\" device=\"0\">",
            "+          <AttachedDevice nonrotational=\"true\" discard=\"true\" type=\"HardDisk\" hotpluggable=\"true\" port=\"1\" device=\"0\" bandwidthGroup=\"Off\">"),
        change(replacing(a, flagged)));
  }

  @Test
  void ejectedAndImplicitAreNotStored() throws IOException {
    Attachment a = Samples.at(settings, "SATA", 2, 0);
    var ejected =
        new Attachment(
            a.slot(), a.type(), a.medium(), false, true, true, false, false, false, null, true);

    assertEquals(List.of(), change(replacing(a, ejected)));
  }

  @Test
  void aNewControllerIsWrittenAsVirtualBoxDoes() throws IOException {
    MachineSettings wanted =
        Samples.withHardware(
            settings,
            h ->
                new Hardware(
                    plus(
                        h.controllers(),
                        new StorageController("a<b", ControllerType.INTEL_AHCI, 3, 1, false, true)),
                    h.attachments(),
                    h.bandwidthGroups()));

    assertEquals(
        List.of(
            "+        <StorageController name=\"a&lt;b\" type=\"AHCI\" PortCount=\"3\" Instance=\"1\" useHostIOCache=\"true\" Bootable=\"false\" IDE0MasterEmulationPort=\"0\" IDE0SlaveEmulationPort=\"1\" IDE1MasterEmulationPort=\"2\" IDE1SlaveEmulationPort=\"3\"/>"),
        change(wanted));
  }

  @Test
  void aRenamedControllerKeepsItsPlaceAndWhatVarveDoesNotKnowOfIt() throws IOException {
    String file = attached.replace("name=\"SATA\"", "name=\"SATA\" x=\"y\"");
    MachineSettings wanted =
        Samples.withHardware(
            settings,
            h ->
                new Hardware(
                    h.controllers().stream()
                        .map(
                            c ->
                                c.name().equals("SATA")
                                    ? new StorageController("new", c.type(), 30, 0, false, true)
                                    : c)
                        .toList(),
                    h.attachments().stream()
                        .map(
                            a ->
                                a.slot().controller().equals("SATA")
                                    ? moved(a, new Slot("new", a.slot().port(), 0))
                                    : a)
                        .toList(),
                    h.bandwidthGroups()));

    List<String> change = Samples.difference(file, Samples.saved(file, wanted));

    assertEquals(2, change.size(), change.toString());
    assertTrue(
        change
            .get(1)
            .contains(
                "name=\"new\" x=\"y\" type=\"AHCI\" PortCount=\"30\" useHostIOCache=\"true\" Bootable=\"false\" IDE0"),
        change.get(1));
  }

  @Test
  void bandwidthGroupsComeGoAndChange() throws IOException {
    MachineSettings wanted =
        Samples.withHardware(
            settings,
            h ->
                new Hardware(
                    h.controllers(),
                    h.attachments(),
                    List.of(
                        h.bandwidthGroups().get(0),
                        new BandwidthGroup("Net", BandwidthGroup.Kind.NETWORK, 5_000_000_000L),
                        new BandwidthGroup("n", BandwidthGroup.Kind.DISK, 0))));

    assertEquals(
        List.of(
            "-          <BandwidthGroup name=\"Net\" type=\"Network\" maxBytesPerSec=\"2500000\"/>",
            "-          <BandwidthGroup name=\"Off\" type=\"Disk\" maxBytesPerSec=\"0\"/>",
            "+          <BandwidthGroup name=\"Net\" type=\"Network\" maxBytesPerSec=\"5000000000\"/>",
            "+          <BandwidthGroup name=\"n\" type=\"Disk\" maxBytesPerSec=\"0\"/>"),
        change(wanted));
  }

  @Test
  void aNewSnapshotHasACopyOfAllHardwareAndItsOwnStorage() throws IOException {
    String file = attached.replace("<Memory RAMSize=\"1024\"/>", "<Memory RAMSize=\"77\"/>");
    Machine machine = settings.machine();
    var id = new SnapshotId(NEW);
    var snapshot =
        new Snapshot(
            id,
            "before & after",
            "line\n<two>",
            Instant.parse("2026-01-02T03:04:05.678Z"),
            null,
            "Snapshots/s.sav",
            new Hardware(machine.hardware().controllers(), List.of(), List.of()));

    String saved =
        Samples.saved(
            file,
            Samples.with(
                settings, Samples.with(machine, machine.hardware(), List.of(snapshot), id)));

    assertTrue(
        saved.contains(
            """
                <Snapshot uuid="{%s}" name="before &amp; after" timeStamp="2026-01-02T03:04:05Z" stateFile="Snapshots/s.sav">
                  <Description>line
            &lt;two&gt;</Description>
                  <Hardware>
                    <Memory RAMSize="77"/>
            """
                .formatted(NEW)),
        saved);
    assertTrue(saved.contains("\n          <BandwidthGroups/>\n"), saved);
    Snapshot again = read(saved).machine().snapshots().getFirst();
    assertEquals(snapshot.hardware(), again.hardware());
    assertEquals(snapshot.description(), again.description());
  }

  @Test
  void whenASnapshotGoesItsChildMovesUpWithAllItHolds() throws IOException {
    String file = Samples.text(Samples.TWO_BRANCHES).replace("<PAE", "<Extra/><PAE");
    MachineSettings read = read(file);
    Machine machine = read.machine();
    Snapshot first = machine.snapshots().getFirst();
    Snapshot gone =
        machine.snapshots().stream().filter(s -> s.name().equals("S2")).findFirst().orElseThrow();
    List<Snapshot> left = new ArrayList<>();
    for (Snapshot s : machine.snapshots())
      if (gone.id().equals(s.parent()))
        left.add(
            new Snapshot(
                s.id(),
                s.name(),
                s.description(),
                s.takenAt(),
                first.id(),
                s.stateFile(),
                s.hardware()));
      else if (!s.equals(gone)) left.add(s);
    MachineSettings wanted =
        Samples.with(
            read, Samples.with(machine, machine.hardware(), left, machine.currentSnapshot()));

    String saved = Samples.saved(file, wanted);

    assertEquals(Set.copyOf(left), Set.copyOf(read(saved).machine().snapshots()));
    assertEquals(
        file.lines().filter(line -> line.contains("<Extra/>")).count() - 1,
        saved.lines().filter(line -> line.contains("<Extra/>")).count());
    assertTrue(saved.contains("\n        <Snapshot uuid=\"{c705ebf9"), saved);
    assertTrue(saved.contains("\n          <Hardware>\n            <Memory"), saved);
  }

  @Test
  void aMediumMovesToItsNewParent() throws IOException {
    String file = Samples.text(Samples.TWO_SNAPSHOTS);
    MachineSettings read = read(file);
    MediumId gone = MediumId.of("1640e360-e098-428a-b216-1f49114d67c3");
    List<Medium> left = new ArrayList<>();
    for (Medium m : read.media())
      if (gone.equals(m.parent())) left.add(on(m, Samples.BASE));
      else if (!m.id().equals(gone)) left.add(m);

    List<String> change =
        Samples.difference(file, Samples.saved(file, new MachineSettings(read.machine(), left)));

    assertEquals(
        List.of(
            "-          <HardDisk uuid=\"{1640e360-e098-428a-b216-1f49114d67c3}\" location=\"Snapshots/{1640e360-e098-428a-b216-1f49114d67c3}.vdi\" format=\"VDI\">",
            "-            <HardDisk uuid=\"{7ca5c962-2ec0-4e16-94cc-e1f279a837c8}\" location=\"Snapshots/{7ca5c962-2ec0-4e16-94cc-e1f279a837c8}.vdi\" format=\"VDI\"/>",
            "-          </HardDisk>",
            "+          <HardDisk uuid=\"{7ca5c962-2ec0-4e16-94cc-e1f279a837c8}\" location=\"Snapshots/{7ca5c962-2ec0-4e16-94cc-e1f279a837c8}.vdi\" format=\"VDI\"/>"),
        change);
  }

  @Test
  void aMediumThatLosesItsParentIsABase() throws IOException {
    List<Medium> left = new ArrayList<>();
    for (Medium m : settings.media())
      if (Samples.IMMUTABLE.equals(m.parent())) left.add(on(m, null));
      else if (!m.id().equals(Samples.IMMUTABLE)) left.add(m);

    String saved = Samples.saved(attached, new MachineSettings(settings.machine(), left));

    assertTrue(
        saved.contains(
            "\n        <HardDisk uuid=\"{e6baab6c-2649-4bf2-8128-0ccf4ce6c201}\" location=\"Snapshots/{e6baab6c-2649-4bf2-8128-0ccf4ce6c201}.vdi\" format=\"VDI\" type=\"Normal\"/>"),
        saved);
  }

  @Test
  void whatPeopleSayOfAMediumIsKept() throws IOException {
    List<Medium> media = new ArrayList<>(settings.media());
    Medium base = media.getFirst();
    media.set(0, noted(base, "two\nlines & <more>", Map.of("b", "\u00e4", "a", "")));

    String saved = Samples.saved(attached, new MachineSettings(settings.machine(), media));

    assertEquals(
        List.of(
            "-        <HardDisk uuid=\"{30076df8-6b87-4066-96a6-f6fddcd37388}\" location=\"/vm/samp/d/B.vdi\" format=\"VDI\" type=\"Normal\"/>",
            "+        <HardDisk uuid=\"{30076df8-6b87-4066-96a6-f6fddcd37388}\" location=\"/vm/samp/d/B.vdi\" format=\"VDI\" type=\"Normal\">",
            "+          <Description>two",
            "+lines &amp; &lt;more&gt;</Description>",
            "+          <Property name=\"a\" value=\"\"/>",
            "+          <Property name=\"b\" value=\"\u00e4\"/>",
            "+        </HardDisk>"),
        Samples.difference(attached, saved));
    assertEquals(media.getFirst(), read(saved).media().getFirst());
    assertEquals(attached, Samples.saved(saved, settings));
  }

  @Test
  void aRegistryThatEmptiesStaysAnEmptyElement() throws IOException {
    String saved =
        Samples.saved(
            attached,
            new MachineSettings(Samples.with(settings.machine(), Hardware.EMPTY), List.of()));

    assertTrue(saved.contains("<HardDisks/>\n      <DVDImages/>\n      <FloppyImages/>"), saved);
    assertTrue(saved.contains("\n      <StorageControllers/>\n"), saved);
    assertEquals(List.of(), read(saved).media());
  }

  @Test
  void aDriveOfTheHostIsAMediumOfItsOwn() throws IOException {
    String empty =
        "<AttachedDevice passthrough=\"true\" type=\"DVD\" hotpluggable=\"false\" port=\"1\" device=\"0\"/>";
    String file =
        attached.replace(
            empty, empty.replace("/>", ">\n<HostDrive src=\"/dev/sr0\"/></AttachedDevice>"));

    MachineSettings read = read(file);
    MediumId drive = Samples.at(read, "IDE", 1, 0).medium();
    Medium medium = read.media().getLast();

    assertEquals(drive, medium.id());
    assertEquals(Path.of("/dev/sr0"), medium.location());
    assertEquals(file, Samples.saved(file, read));
    String saved = Samples.saved(attached, read);
    assertTrue(
        saved.contains("\n            <HostDrive src=\"/dev/sr0\"/>\n          </AttachedDevice>"));
    assertEquals(read, read(saved));
  }

  @Test
  void aFileOfAnOlderVersionKeepsItsForm() throws IOException {
    int from = attached.indexOf("      <StorageControllers>");
    int to = attached.indexOf("      <CPU>");
    String old =
        (attached.substring(0, from) + attached.substring(to))
            .replace("1.19-linux", "1.15-windows")
            .replace("    </Hardware>\n", "    </Hardware>\n" + attached.substring(from, to))
            .replace("maxBytesPerSec=\"20971520\"", "maxMbPerSec=\"20\"");

    MachineSettings read = read(old);

    assertEquals(settings, read);
    assertEquals(old, Samples.saved(old, read));
    MachineSettings detached = Samples.withAttachments(read, _ -> List.of());
    String saved = Samples.saved(old, detached);
    assertEquals(detached, read(saved));
    assertTrue(saved.contains("maxMbPerSec"), saved);
  }

  @Test
  void aNewMachineIsAFileThatCanBeReadAgain() throws IOException {
    MachineSettings all = read(Samples.text(Samples.TWO_BRANCHES));
    MachineFile file = MachineFile.blank(all.machine());

    file.write(all);

    String text = new String(file.toBytes(), StandardCharsets.UTF_8);
    assertEquals(all, read(text));
    assertTrue(
        text.contains(
            "<Machine uuid=\"{d753a53c-e5a7-4910-ad4b-a297422fde94}\" name=\"a1-sample\" OSType=\"Other\" currentSnapshot="),
        text);
  }

  @Test
  void asManySnapshotsAsVirtualBoxTakesFitInAFile() throws IOException {
    List<Snapshot> snapshots = new ArrayList<>();
    List<Medium> media = new ArrayList<>(settings.media());
    SnapshotId parent = null;
    Medium top = media.getFirst();
    for (int i = 0; i < 250; i++) {
      var id = new SnapshotId(new UUID(7, i));
      snapshots.add(
          new Snapshot(
              id,
              "S" + i,
              "",
              Instant.EPOCH,
              parent,
              null,
              new Hardware(
                  settings.machine().hardware().controllers(),
                  List.of(Samples.disk("SATA", 0, 0, top.id())),
                  List.of())));
      top = Samples.child(top, new UUID(8, i));
      media.add(top);
      parent = id;
    }
    MachineSettings wanted =
        new MachineSettings(
            Samples.with(settings.machine(), Hardware.EMPTY, snapshots, parent), media);

    MachineSettings again = read(Samples.saved(attached, wanted));

    assertEquals(snapshots, again.machine().snapshots());
    assertEquals(Set.copyOf(media), Set.copyOf(again.media()));
  }

  @Test
  void aChipsetIsKeptAndWritten() throws IOException {
    Machine m = settings.machine();
    var ich9 =
        new Machine(
            m.id(),
            m.name(),
            m.settingsFile(),
            m.snapshotFolder(),
            m.stateFile(),
            "ICH9",
            m.hardware(),
            m.snapshots(),
            m.currentSnapshot(),
            m.currentStateModified(),
            m.lastStateChange());

    assertEquals(List.of("+      <Chipset type=\"ICH9\"/>"), change(Samples.with(settings, ich9)));
  }

  @Test
  void aMediumInAnotherRegistryThanItsParentIsABug() {
    List<Medium> media =
        settings.media().stream().filter(m -> !m.id().equals(Samples.IMMUTABLE)).toList();

    assertThrows(
        IllegalArgumentException.class,
        () -> Samples.saved(attached, new MachineSettings(settings.machine(), media)));
  }

  // ---- a little different

  private List<String> change(MachineSettings wanted) throws IOException {
    return Samples.difference(attached, Samples.saved(attached, wanted));
  }

  private MachineSettings replacing(Attachment old, Attachment replacement) {
    return Samples.withAttachments(
        settings,
        list -> {
          list.set(list.indexOf(old), replacement);
          return list;
        });
  }

  private Medium child(MediumId parent) {
    return settings.media().stream()
        .filter(m -> m.id().equals(parent))
        .map(m -> Samples.child(m, NEW))
        .findFirst()
        .orElseThrow();
  }

  private static Attachment moved(Attachment a, Slot slot) {
    return new Attachment(
        slot,
        a.type(),
        a.medium(),
        a.passthrough(),
        a.temporaryEject(),
        a.ejected(),
        a.nonRotational(),
        a.discard(),
        a.hotPluggable(),
        a.bandwidthGroup(),
        a.implicit());
  }

  private static Medium on(Medium m, MediumId parent) {
    return new Medium(
        m.id(),
        m.location(),
        m.format(),
        m.device(),
        m.type(),
        m.variant(),
        parent,
        m.capacity(),
        parent != null && m.autoReset(),
        m.registries(),
        m.description(),
        m.properties(),
        m.accessError());
  }

  private static Medium noted(Medium m, String description, Map<String, String> properties) {
    return new Medium(
        m.id(),
        m.location(),
        m.format(),
        m.device(),
        m.type(),
        m.variant(),
        m.parent(),
        m.capacity(),
        m.autoReset(),
        m.registries(),
        description,
        properties,
        m.accessError());
  }

  private static <T> List<T> plus(List<T> list, T more) {
    List<T> longer = new ArrayList<>(list);
    longer.add(more);
    return longer;
  }

  private static MachineSettings read(String text) {
    try {
      return Samples.settings(Samples.utf8(text));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
