package dev.varve.io.running;

import static dev.varve.io.running.RealMachines.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.DurableState;
import dev.varve.core.inventory.MemoryFolder;
import dev.varve.core.inventory.View;
import dev.varve.core.journal.Fuse;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.chain.FormatFixtures;
import dev.varve.io.ova.Packages;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The process is killed at every step of a change of a machine with disks of all formats, and
 * starts again: machine, settings and images are those before the change or after it.
 *
 * <p>The machine has at SATA:0 VMDK images, at SATA:1 VHD images, at SATA:2 VHD images on a VMDK
 * image, at SATA:3 VDI images on a QCOW2 image, and three snapshots with other contents each.
 */
@Execution(ExecutionMode.SAME_THREAD)
class CrashPointsOnImagesTest {

  private static final int MORE_THAN_ANY_CALL_HAS = 400;

  /** Of so many steps one is tried; {@code -Dvarve.stride=1} tries all. */
  private static final int STRIDE = Integer.getInteger("varve.stride", 6);

  /** The first of them. */
  private static final int FIRST = new Random().nextInt(STRIDE);

  private static final int PAGE = 64 << 10;
  private static final byte[] ZEROES = new byte[PAGE];

  private static TestMachines served;

  @TempDir(factory = MemoryFolder.class)
  static Path temp;

  /** Where the machines are, which every trial puts back. */
  private static Path home;

  private static Path made;
  private static long idsGivenOut;

  /** A change, and whether the machine runs meanwhile. */
  private record Case(String name, boolean running, Change change) {}

  private interface Change {
    void on(History history) throws IOException;
  }

  @BeforeAll
  static void makeMachines() throws IOException {
    served = new TestMachines();
    home = Files.createDirectory(temp.resolve("home"));
    made = temp.resolve("made");
    var ids = new AtomicLong();
    try (var machines = new RealMachines(home, served, ids, new Fuse())) {
      new History(machines).make();
    }
    idsGivenOut = ids.get();
    copy(home, made);
  }

  @AfterAll
  static void stop() throws IOException {
    served.close();
  }

  @TestFactory
  Stream<DynamicTest> afterACrashMachineSettingsAndImagesAreThoseBeforeOrAfter() {
    return cases().map(c -> DynamicTest.dynamicTest(c.name(), () -> everywhere(c)));
  }

  private static Stream<Case> cases() {
    return Stream.concat(offline(), live());
  }

  private static Stream<Case> offline() {
    return Stream.of(
        new Case("snapshot", false, h -> h.machines.snapshot(h.machine(), "S4")),
        new Case("restore", false, h -> h.restore("S1")),
        new Case("deleteFirst", false, h -> h.machines.deleteSnapshot(h.machine(), "S1")),
        new Case("deleteMiddle", false, h -> h.machines.deleteSnapshot(h.machine(), "S2")),
        new Case("deleteLast", false, h -> h.machines.deleteSnapshot(h.machine(), "S3")),
        new Case("mergeForward", false, h -> h.merge("x.vmdk", "y.vdi")),
        new Case("mergeBackward", false, h -> h.merge("y.vdi", "x.vmdk")),
        new Case("mergeIntoBase", false, h -> h.merge("y.vdi", "loose.vhd")),
        new Case("attachImmutable", false, h -> h.attachImmutable()),
        new Case(
            "createFlat",
            false,
            h -> h.machines.disk("fresh.vmdk", MediumVariant.FIXED, MediumType.NORMAL)),
        new Case("cloneToVmdk", false, h -> h.cloneTo("copy.vmdk", MediumVariant.STANDARD)),
        new Case("cloneToFlat", false, h -> h.cloneTo("copy.vmdk", MediumVariant.FIXED)),
        new Case("cloneToVhd", false, h -> h.cloneTo("copy.vhd", MediumVariant.STANDARD)),
        new Case(
            "deleteFlat", false, h -> h.machines.inventory.deleteStorage(h.medium("flat.vmdk"))),
        new Case("import", false, h -> h.importMachine(false)),
        new Case("importInItsFormat", false, h -> h.importMachine(true)));
  }

  private static Stream<Case> live() {
    return Stream.of(
        new Case("liveSnapshot", true, h -> h.machines.snapshot(h.machine(), "S4")),
        new Case("liveDeleteFirst", true, h -> h.machines.deleteSnapshot(h.machine(), "S1")),
        new Case("liveDeleteMiddle", true, h -> h.machines.deleteSnapshot(h.machine(), "S2")),
        new Case("liveDeleteLast", true, h -> h.machines.deleteSnapshot(h.machine(), "S3")),
        new Case("hotPlugImmutable", true, h -> h.attachImmutable()),
        new Case("resetVmdk", false, h -> h.machines.inventory.start(h.machine("of-vmdk"))),
        new Case("resetVhd", false, h -> h.machines.inventory.start(h.machine("of-vhd"))));
  }

  private void everywhere(Case tried) throws IOException {
    String before = outcome(tried, _ -> {});
    String after = outcome(tried, tried.change());
    int step = FIRST;
    for (; isKilled(tried, step, before, after); step += STRIDE)
      assertTrue(step < MORE_THAN_ANY_CALL_HAS, "the change never ends");
    assertTrue(step >= STRIDE, "hardly anything of the change reached the disk");
  }

  /** What is durable after a change. */
  private static String outcome(Case tried, Change change) throws IOException {
    putBack(made);
    try (var machines = open(new Fuse())) {
      var history = new History(machines);
      if (tried.running()) history.run();
      change.on(history);
    }
    return checked("nothing happened to " + tried.name());
  }

  /** Returns false if the change has fewer steps. */
  private static boolean isKilled(Case tried, int step, String before, String after)
      throws IOException {
    putBack(made);
    Path left = temp.resolve("left");
    var fuse = new Fuse(() -> copy(home, left));
    var machines = open(fuse);
    var history = new History(machines);
    if (tried.running()) history.run();
    fuse.killAfter(step);
    try {
      tried.change().on(history);
    } catch (Throwable e) {
      if (!fuse.isBlown()) throw e;
    }
    fuse.spare();
    if (!fuse.isBlown()) {
      machines.close();
      return false;
    }
    machines.forget(); // it changes files that are not the machine's any more
    putBack(left);
    delete(left);
    String when = "killed at step %d (%s)".formatted(step, fuse.step());
    String found = checked(when);
    if (!found.equals(before) && !found.equals(after))
      throw new AssertionError(
          "%s:%n%s%nbefore:%n%s%nafter:%n%s".formatted(when, found, before, after));
    return true;
  }

  /** What a new process finds, with everything whole and running again. */
  private static String checked(String when) throws IOException {
    try (var machines = open(new Fuse())) {
      DurableState durable = machines.durable();
      String words = durable.words();
      assertEquals(List.of(), durable.view().bad(), when);
      durable.checkFiles();
      for (View.MediumView seen : durable.view().media().values())
        checkImage(machines, seen.medium(), when);
      machines.inventory.start(new History(machines).machine());
      assertEquals(List.of(), machines.bugs(), when);
      assertEquals(List.of(), machines.inventory.warnings().all(), when);
      return words;
    } catch (Throwable e) {
      throw new AssertionError(when, e);
    }
  }

  private static void checkImage(RealMachines machines, Medium medium, String when)
      throws IOException {
    ImageInfo found = machines.images.inspect(medium.location(), DeviceType.HARD_DISK);
    assertEquals(medium.format(), found.format(), when);
    assertEquals(medium.parent(), found.parent(), when + ": the parent of " + medium.location());
    if (medium.format() != ImageFormat.QCOW) assertEquals(medium.id(), found.id(), when);
    ImageReport report = machines.images.check(medium.location(), false);
    assertTrue(report.status() != ImageReport.Status.DAMAGED, when + ": " + report);
  }

  private static RealMachines open(Fuse fuse) throws IOException {
    return new RealMachines(home, served, new AtomicLong(idsGivenOut), fuse);
  }

  // ---- folders

  private static void putBack(Path state) throws IOException {
    delete(home);
    copy(state, home);
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path one : all.toList()) {
        Path copy = to.resolve(from.relativize(one));
        if (Files.isDirectory(one)) Files.createDirectory(copy);
        else copyFile(one, copy);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Leaves out zeroes, of which images are full. */
  private static void copyFile(Path from, Path to) throws IOException {
    byte[] bytes = Files.readAllBytes(from);
    try (var file = new RandomAccessFile(to.toFile(), "rw")) {
      file.setLength(bytes.length);
      for (int at = 0; at < bytes.length; at += PAGE) {
        int end = Math.min(at + PAGE, bytes.length);
        if (Arrays.equals(bytes, at, end, ZEROES, 0, end - at)) continue;
        file.seek(at);
        file.write(bytes, at, end - at);
      }
    }
    Files.setLastModifiedTime(to, Files.getLastModifiedTime(from));
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path one : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(one);
    }
  }

  /** The machine, and media that it does not use. */
  private record History(RealMachines machines) {

    void make() throws IOException {
      MediumId vmdk = machines.disk("a.vmdk");
      MediumId vhd = machines.disk("b.vhd");
      MediumId crossed = machines.diff(machines.disk("c.vmdk"), "c.vhd");
      var qcow = FormatFixtures.chain("qcow2-prealloc").unpack(machines.at(""));
      MediumId base = machines.inventory.openMedium(qcow.base().file(), DeviceType.HARD_DISK);
      MediumId onQcow = machines.diff(base, "d.vdi");
      MachineId machine = machines.machine("vm", vmdk, vhd, crossed, onQcow);
      for (String name : List.of("base", "S1", "S2", "S3")) {
        if (!name.equals("base")) machines.snapshot(machine, name);
        for (int port = 0; port < 4; port++) {
          machines.write(machine, port, 0, name);
          if (name.equals("S1") || name.equals("base"))
            machines.write(machine, port, 1, "more of " + name);
        }
      }
      for (String format : List.of("vmdk", "vhd")) {
        MediumId immutable =
            machines.disk("immutable." + format, MediumVariant.STANDARD, MediumType.IMMUTABLE);
        machines.write(machines.machine("of-" + format, immutable), 0, 0, "for once");
      }
      machines.disk("flat.vmdk", MediumVariant.FIXED, MediumType.NORMAL);
      MediumId loose = machines.disk("loose.vhd");
      MediumId x = machines.diff(loose, "x.vmdk");
      MediumId y = machines.diff(x, "y.vdi");
      machines.write(loose, 0, "loose");
      machines.write(x, 1, "x");
      machines.write(y, 1, "y");
      done(
          machines.inventory.exportMachine(
              machine,
              null,
              new Packages(served.threads).to(machines.folder.resolve("vm.ova"), false, true)));
    }

    MachineId machine() {
      return machine("vm");
    }

    MachineId machine(String name) {
      return machines.inventory.view().machines().values().stream()
          .filter(machine -> machine.saved().name().equals(name))
          .findFirst()
          .orElseThrow()
          .saved()
          .id();
    }

    MediumId medium(String file) {
      return machines.inventory.view().media().values().stream()
          .map(View.MediumView::medium)
          .filter(medium -> medium.location().equals(machines.at(file)))
          .findFirst()
          .orElseThrow()
          .id();
    }

    /** The guest writes something to each disk, and flushes. */
    void run() throws IOException {
      machines.inventory.start(machine());
      for (int port = 0; port < 4; port++) machines.write(machine(), port, 2, "live");
    }

    void restore(String snapshot) {
      String session = machines.lock(machine());
      machines.inventory.restoreSnapshot(session, machines.snapshotOf(machine(), snapshot));
    }

    void merge(String source, String target) {
      done(machines.inventory.mergeMedium(medium(source), medium(target)));
    }

    void attachImmutable() {
      boolean running = machines.inventory.view().machines().get(machine()).run() != null;
      String session = running ? machines.join(machine()) : machines.lock(machine());
      machines.attach(session, 9, medium("immutable.vmdk"));
      machines.inventory.save(session);
    }

    void cloneTo(String file, MediumVariant variant) {
      done(
          machines.inventory.cloneMedium(
              medium("y.vdi"), machines.at(file), RealMachines.format(file), variant));
    }

    void importMachine(boolean keepFormat) {
      done(
          machines.inventory.importMachine(
              new Packages(served.threads).from(machines.folder.resolve("vm.ova")),
              "imported",
              keepFormat));
    }
  }
}
