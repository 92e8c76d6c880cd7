package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.sata;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media that several machines use, and in which settings files they are listed. */
class RegistriesTest {

  private static final Slot DRIVE = new Slot("IDE", 1, 0);
  private static final MediumId ISO = MediumId.of("11111111-0000-4000-8000-000000000001");

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  // ---- opening

  @Test
  void openingAMachineWritesNoSettingsFile() throws IOException {
    Path a = machineWithDisc("a", iso("disc"), ISO);
    Path b = machineWithDisc("b", iso("disc"), ISO);
    Map<Path, String> before = settingsFiles();

    MachineId first = bench.inventory.openMachine(a);
    MachineId second = bench.inventory.openMachine(b);
    bench.machine("other"); // which saves
    bench.reopen();
    bench.machine("another");

    settingsFiles().forEach((file, text) -> assertEquals(before.getOrDefault(file, text), text));
    assertEquals(registries(first, second), bench.medium(ISO).registries());
    assertFalse(Files.readString(folder.resolve("state/varve.xml")).contains(ISO.toString()));
  }

  @Test
  void aMachineIsSavedWithAllThatItListedAndTheOthersStayAsTheyAre() throws IOException {
    Path a = machineWithDisc("a", iso("disc"), ISO);
    Path b = machineWithDisc("b", iso("disc"), ISO);
    bench.inventory.openMachine(a);
    MachineId second = bench.inventory.openMachine(b);
    String before = Files.readString(a);

    String session = bench.lock(second);
    bench.attach(session, 0, bench.disk("new"));
    bench.inventory.save(session);
    bench.inventory.unlock(session);

    assertEquals(before, Files.readString(a));
    assertTrue(Files.readString(b).contains("location=\"" + iso("disc") + "\""));
    assertTrue(Files.readString(b).contains("new.vdi"));
  }

  @Test
  void whatIsKnownOfAMediumStaysWhenAnotherMachineListsItToo() throws IOException {
    bench.inventory.openMachine(machineWithDisc("a", iso("disc"), ISO));
    bench.inventory.refreshState(ISO);
    long capacity = bench.medium(ISO).capacity();

    bench.inventory.openMachine(machineWithDisc("b", iso("disc"), ISO));

    assertNull(bench.medium(ISO).accessError());
    assertEquals(capacity, bench.medium(ISO).capacity());
  }

  // ---- attaching

  @Test
  void aDiscIsListedInEveryMachineThatUsesIt() throws IOException {
    MediumId disc = bench.dvd("disc");
    MachineId a = withDisc("a", disc);
    MachineId b = withDisc("b", disc);

    assertEquals(registries(a, b), bench.medium(disc).registries());
    for (MachineId machine : Set.of(a, b)) assertTrue(text(machine).contains("disc.iso"));
    bench.reopen();
    assertEquals(registries(a, b), bench.medium(disc).registries());
  }

  @Test
  void aDiscOfASnapshotStaysListed() throws IOException {
    MediumId disc = bench.dvd("disc");
    MachineId a = withDisc("a", disc);
    String session = bench.lock(a);
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.mount(session, DRIVE, null);
    bench.inventory.save(session);

    assertTrue(text(a).contains("disc.iso"));
  }

  @Test
  void attachingWritesToNoOtherMachine() throws IOException {
    MediumId shared = multiAttach("shared");
    MediumId disc = bench.dvd("disc");
    MachineId a = withDisc("a", disc);
    String session = bench.lock(a);
    bench.attach(session, 0, shared);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    String before = text(a);

    MachineId b = withDisc("b", disc);
    session = bench.lock(b);
    bench.attach(session, 0, shared);
    MediumId top = bench.attached(b, 0);
    bench.inventory.save(session);
    bench.inventory.takeSnapshot(session, "S1", "");

    assertEquals(before, text(a));
    assertEquals(registries(b), bench.medium(top).registries());
    assertTrue(text(b).contains(shared.toString()) && text(b).contains(top.toString()));
    bench.reopen();
    assertEquals(before, text(a));
    assertTrue(bench.medium(shared).registries().contains(b.uuid()));
  }

  @Test
  void anAttachmentThatIsDiscardedIsListedNowhere() throws IOException {
    MediumId disc = bench.dvd("disc");
    MachineId a = bench.machine("a");
    String session = bench.lock(a);
    bench.inventory.attach(session, DRIVE, DeviceType.DVD, disc);
    bench.machine("other"); // which saves

    bench.inventory.unlock(session);

    assertEquals(Set.of(), bench.medium(disc).registries());
    assertFalse(text(a).contains("disc.iso"));
  }

  @Test
  void aChildThatIsOpenedIsListedInNoMachineUntilItIsAttached() throws IOException {
    MediumId base = bench.disk("base");
    MachineId a = bench.machine("a");
    String session = bench.lock(a);
    bench.attach(session, 0, base);
    bench.inventory.save(session);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    MediumId child = bench.inventory.createDiff(base, bench.at("child.vdi"));
    bench.inventory.closeMedium(child);
    String before = text(a);

    child = bench.inventory.openMedium(bench.at("child.vdi"), DeviceType.HARD_DISK);
    assertEquals(before, text(a));
    bench.reopen();
    assertEquals(Set.of(), bench.medium(child).registries());
    assertEquals(registries(a), bench.medium(base).registries());
    MachineId b = bench.machine("b");
    session = bench.lock(b);
    bench.attach(session, 0, child);
    bench.inventory.save(session);
    bench.inventory.unlock(session);

    assertEquals(before, text(a));
    assertEquals(registries(b), bench.medium(child).registries());
    assertEquals(registries(a, b), bench.medium(base).registries());
  }

  @Test
  void aChildThatIsMadeIsListedWhereverItsParentIs() throws IOException {
    MediumId base = multiAttach("base");
    MachineId a = bench.machine("a");
    String session = bench.lock(a);
    bench.attach(session, 0, base);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    assertEquals(2, bench.medium(base).registries().size());

    MediumId child = bench.inventory.createDiff(base, bench.at("child.vdi"));

    assertEquals(bench.medium(base).registries(), bench.medium(child).registries());
    assertTrue(text(a).contains(child.toString()));
    bench.reopen();
    assertEquals(bench.medium(base).registries(), bench.medium(child).registries());
  }

  @Test
  void whatChangesOfAMediumIsWrittenWhereverItIsListed() throws IOException {
    MediumId disk = bench.disk("disk");
    MachineId a = bench.machine("a");
    MachineId b = bench.machine("b");
    for (MachineId machine : new MachineId[] {a, b}) {
      String session = bench.lock(machine);
      bench.attach(session, 0, disk);
      bench.inventory.save(session);
      if (machine == b) bench.inventory.detach(session, sata(0));
      bench.inventory.save(session);
      bench.inventory.unlock(session);
    }
    assertEquals(registries(a, b), bench.medium(disk).registries());

    bench.inventory.setMediumType(disk, MediumType.WRITETHROUGH);

    for (MachineId machine : Set.of(a, b)) assertTrue(text(machine).contains("\"Writethrough\""));
  }

  // ---- unregistering

  @Test
  void aMediumThatAnotherMachineListsStaysWithIt() throws IOException {
    MediumId disc = bench.dvd("disc");
    MachineId a = withDisc("a", disc);
    MachineId b = withDisc("b", disc);
    String before = text(b);

    bench.inventory.unregister(a, UnregisterMode.UNREGISTER_ONLY);

    assertEquals(before, text(b));
    assertEquals(registries(b), bench.medium(disc).registries());
    bench.reopen();
    assertEquals(registries(b), bench.medium(disc).registries());
  }

  @Test
  void unregisteringAMachineForgetsItsHardDisksAndKeepsItsDiscsAndFloppies() throws IOException {
    MediumId disc = bench.dvd("disc");
    Path image = bench.at("floppy.img");
    Files.write(image, new byte[512]);
    MediumId floppy = bench.inventory.openMedium(image, DeviceType.FLOPPY);
    MediumId disk = bench.disk("disk");
    MachineId a = withDisc("a", disc);
    String session = bench.lock(a);
    bench.inventory.addController(session, "Floppy", StorageBus.FLOPPY_BUS, null);
    bench.inventory.attach(session, new Slot("Floppy", 0, 0), DeviceType.FLOPPY, floppy);
    bench.attach(session, 0, disk);
    bench.inventory.save(session);
    bench.inventory.unlock(session);

    bench.inventory.unregister(a, UnregisterMode.UNREGISTER_ONLY);
    bench.reopen();

    assertEquals(Set.of(disc, floppy), bench.inventory.view().media().keySet());
    assertEquals(Set.of(), bench.medium(disc).registries());
  }

  @Test
  void noPartOfATreeIsForgottenWhileAnotherMachineHasToDoWithIt() throws IOException {
    MediumId base = multiAttach("base");
    MachineId a = bench.machine("a");
    MachineId b = bench.machine("b");
    MediumId ofA = null;
    for (MachineId machine : new MachineId[] {a, b}) {
      String session = bench.lock(machine);
      bench.attach(session, 0, base);
      if (machine == a) ofA = bench.attached(a, 0);
      bench.inventory.save(session);
      bench.inventory.unlock(session);
    }

    bench.inventory.unregister(a, UnregisterMode.UNREGISTER_ONLY);
    bench.reopen();

    assertEquals(Set.of(), bench.medium(ofA).registries());
    assertTrue(bench.medium(base).registries().contains(b.uuid()));
  }

  // ---- two that say different things

  @Test
  void oneUuidForTwoFilesIsRefusedAndBothAreNamed() throws IOException {
    Path a = machineWithDisc("a", iso("one"), ISO);
    Path b = machineWithDisc("b", iso("two"), ISO);
    bench.inventory.openMachine(a);

    String why = Bench.refusal(() -> bench.inventory.openMachine(b)).getMessage();

    for (Path named : Set.of(iso("one"), iso("two"), a, b))
      assertTrue(why.contains("'" + named + "'"), why);
  }

  @Test
  void anotherWayToTheSameFileIsNoOtherFile() throws IOException {
    iso("disc");
    Path link = Files.createSymbolicLink(folder.resolve("way"), folder.resolve("disks"));
    Path a = machineWithDisc("a", iso("disc"), ISO);
    Path b = machineWithDisc("b", link.resolve("disc.iso"), ISO);
    Path c = machineWithDisc("c", Path.of("../disks/disc.iso"), ISO);
    bench.inventory.openMachine(a);

    MachineId second = bench.inventory.openMachine(b);
    MachineId third = bench.inventory.openMachine(c);
    for (MachineId machine : new MachineId[] {second, third}) {
      String session = bench.lock(machine);
      bench.attach(session, 0, bench.disk("disk of " + machine));
      bench.inventory.save(session);
      bench.inventory.unlock(session);
    }

    assertEquals(iso("disc"), bench.medium(ISO).location());
    assertTrue(Files.readString(b).contains("location=\"" + link.resolve("disc.iso") + "\""));
    assertTrue(Files.readString(c).contains("location=\"../disks/disc.iso\""));
  }

  @Test
  void aNameInOtherLettersAtWhichThereIsNothingIsTheFileThatIsThere() throws IOException {
    bench.inventory.openMachine(machineWithDisc("a", iso("disc"), ISO));

    bench.inventory.openMachine(machineWithDisc("b", bench.at("DISC.ISO"), ISO));

    assertEquals(iso("disc"), bench.medium(ISO).location());
  }

  @Test
  void aDiscThatTwoHostsGaveTwoUuidsIsTwoMediaOfOneFile() throws IOException {
    MediumId other = MediumId.of("22222222-0000-4000-8000-000000000002");
    bench.inventory.openMachine(machineWithDisc("a", iso("disc"), ISO));

    bench.inventory.openMachine(machineWithDisc("b", iso("disc"), other));

    assertEquals(iso("disc"), bench.medium(ISO).location());
    assertEquals(iso("disc"), bench.medium(other).location());
  }

  @Test
  void aHardDiskThatTwoFilesGiveTwoUuidsIsRefusedAndBothAreNamed() throws IOException {
    MediumId disk = bench.disk("disk");
    MachineId a = bench.machine("a");
    String session = bench.lock(a);
    bench.attach(session, 0, disk);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    String other = "33333333-0000-4000-8000-000000000003";
    Path b = folder.resolve("b/b.vbox");
    write(
        b,
        text(a)
            .replace(disk.toString(), other)
            .replace(a.toString(), new MachineId(new UUID(1, 1)).toString())
            .replace("name=\"a\"", "name=\"b\""));

    String why = Bench.refusal(() -> bench.inventory.openMachine(b)).getMessage();

    for (Object named : Set.of(bench.at("disk.vdi"), disk, other, settingsFile(a)))
      assertTrue(why.contains(named.toString()), why);
  }

  // ---- what there is

  private Path iso(String name) throws IOException {
    Path iso = folder.resolve("disks").resolve(name + ".iso");
    Files.createDirectories(iso.getParent());
    if (Files.notExists(iso)) Files.write(iso, new byte[1024]);
    return iso;
  }

  /** A machine as VirtualBox writes one with a disc in its drive. */
  private Path machineWithDisc(String name, Path location, MediumId disc) throws IOException {
    Path file = folder.resolve(name).resolve(name + ".vbox");
    write(
        file,
        """
        <?xml version="1.0"?>
        <VirtualBox xmlns="http://www.virtualbox.org/" version="1.19-linux">
          <Machine uuid="{%s}" name="%s" OSType="Debian_64" snapshotFolder="Snapshots" lastStateChange="2026-11-26T17:15:29Z">
            <MediaRegistry>
              <DVDImages>
                <Image uuid="{%s}" location="%s"/>
              </DVDImages>
            </MediaRegistry>
            <Hardware>
              <StorageControllers>
                <StorageController name="IDE" type="PIIX4" PortCount="2" useHostIOCache="true" Bootable="true">
                  <AttachedDevice passthrough="false" type="DVD" hotpluggable="false" port="1" device="0">
                    <Image uuid="{%s}"/>
                  </AttachedDevice>
                </StorageController>
                <StorageController name="SATA" type="AHCI" PortCount="4" useHostIOCache="false" Bootable="true" IDE0MasterEmulationPort="0" IDE0SlaveEmulationPort="1" IDE1MasterEmulationPort="2" IDE1SlaveEmulationPort="3"/>
              </StorageControllers>
            </Hardware>
          </Machine>
        </VirtualBox>
        """
            .formatted(
                UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)),
                name,
                disc,
                location,
                disc));
    return file;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** A disk of which each machine gets a differencing image. */
  private MediumId multiAttach(String name) {
    MediumId disk = bench.disk(name);
    String session = bench.lock(bench.machine("first user of " + name));
    bench.attach(session, 0, disk);
    bench.inventory.save(session);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    bench.inventory.setMediumType(disk, MediumType.MULTI_ATTACH);
    return disk;
  }

  private MachineId withDisc(String name, MediumId disc) {
    MachineId machine = bench.machine(name);
    String session = bench.lock(machine);
    bench.inventory.attach(session, DRIVE, DeviceType.DVD, disc);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    return machine;
  }

  private static Set<UUID> registries(MachineId... machines) {
    return Set.copyOf(Stream.of(machines).map(MachineId::uuid).toList());
  }

  private Path settingsFile(MachineId machine) {
    return bench.machine(machine).saved().settingsFile();
  }

  private String text(MachineId machine) throws IOException {
    return Files.readString(settingsFile(machine));
  }

  private Map<Path, String> settingsFiles() throws IOException {
    Map<Path, String> texts = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".vbox")).toList())
        texts.put(file, Files.readString(file));
    }
    return texts;
  }
}
