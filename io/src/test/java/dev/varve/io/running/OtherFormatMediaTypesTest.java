package dev.varve.io.running;

import static dev.varve.io.running.RealMachines.done;
import static dev.varve.io.running.RealMachines.sata;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.Job;
import dev.varve.core.journal.Fuse;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.testing.Limits;
import dev.varve.io.chain.FormatFixtures;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.VdiFormat;
import dev.varve.io.vhd.VhdFormat;
import dev.varve.io.vmdk.VmdkFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Types, flags and limits mean for disks of other formats what they mean for VDI. */
@Execution(ExecutionMode.SAME_THREAD)
@Timeout(60)
class OtherFormatMediaTypesTest {

  private static final int MIB = 1 << 20;
  private static final int LARGER = 5 * MIB + 512;
  private static final int ROTATIONAL = 1 << 4;
  private static final int SEND_TRIM = 1 << 5;

  private static SteppedClock clock;
  private static TestMachines served;

  @TempDir Path folder;
  private RealMachines machines;

  @BeforeAll
  static void listen() throws IOException {
    clock = new SteppedClock();
    served = new TestMachines(clock);
  }

  @AfterAll
  static void stop() throws IOException {
    served.close();
  }

  @BeforeEach
  void open() throws IOException {
    machines = new RealMachines(folder, served, new AtomicLong(), new Fuse());
  }

  @AfterEach
  void close() throws IOException {
    machines.close();
    assertEquals(List.of(), machines.bugs());
  }

  // ---- types

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void eachMachineKeepsItsOwnImageOfAMultiAttachedDisk(String format) throws Exception {
    MediumId base = machines.disk("base." + format);
    MachineId m = typed(base, MediumType.MULTI_ATTACH);
    MachineId n = machines.machine("n", base);
    String before = machines.show(base);
    for (MachineId machine : List.of(m, n)) {
      machines.inventory.start(machine);
      assertEquals("base", machines.read(machine, 0, 0));
      machines.write(machine, 0, 0, machines.saved(machine).name());
    }

    for (MachineId machine : List.of(m, n)) {
      assertEquals(machines.saved(machine).name(), machines.read(machine, 0, 0));
      machines.inventory.powerDown(machine);
      machines.inventory.start(machine);
      assertEquals(machines.saved(machine).name(), machines.read(machine, 0, 0));
      ImageFormat same = RealMachines.format(format);
      assertEquals(List.of(same, same), machines.formats(machines.attached(machine, 0)));
      machines.inventory.powerDown(machine);
    }
    assertEquals(before, machines.show(base));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void imageOfAnImmutableDiskIsResetAtEachStartUnlessItIsToldNotTo(String format) throws Exception {
    MachineId m = typed(machines.disk("base." + format), MediumType.IMMUTABLE);
    MediumId top = machines.attached(m, 0);
    for (int run = 0; run < 2; run++) {
      machines.inventory.start(m);
      assertEquals("base", machines.read(m, 0, 0));
      machines.write(m, 0, 0, "for once");
      machines.inventory.powerDown(m);
    }

    machines.inventory.setAutoReset(top, false);
    machines.inventory.start(m);

    assertEquals("for once", machines.read(m, 0, 0));
    machines.inventory.powerDown(m);
    machines.inventory.resetMedium(top);
    machines.inventory.start(m);
    assertEquals("base", machines.read(m, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void writethroughDiskIsInNoSnapshot(String format) throws Exception {
    MediumId disk = machines.disk("base." + format);
    MachineId m = typed(disk, MediumType.WRITETHROUGH);
    machines.snapshot(m, "S");
    machines.inventory.start(m);
    machines.write(m, 0, 0, "later");
    machines.snapshot(m, "live");
    machines.inventory.powerDown(m);

    String session = machines.lock(m);
    machines.inventory.restoreSnapshot(session, machines.snapshotOf(m, "S"));
    machines.inventory.unlock(session);

    assertEquals(disk, machines.attached(m, 0));
    machines.inventory.start(m);
    assertEquals("later", machines.read(m, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void machinesSeeEachOthersWritesToAShareableDisk(String format) throws Exception {
    MediumId disk = machines.disk("base." + format, MediumVariant.FIXED, MediumType.NORMAL);
    MachineId m = typed(disk, MediumType.SHAREABLE);
    MachineId n = machines.machine("n", disk);
    machines.inventory.start(m);
    machines.inventory.start(n);

    machines.write(m, 0, 1, "of m");
    machines.write(n, 0, 2, "of n");

    assertEquals("of m", machines.read(n, 0, 1));
    assertEquals("of n", machines.read(m, 0, 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void hardDiskIsNeitherReadonlyNorPassedThrough(String format) throws Exception {
    MediumId disk = machines.disk("base." + format);
    MachineId m = machines.machine("m", disk);
    String session = machines.lock(m);

    assertThrows(
        ModelException.class, () -> machines.inventory.setMediumType(disk, MediumType.READONLY));
    assertThrows(
        ModelException.class, () -> machines.inventory.setPassthrough(session, sata(0), true));
  }

  @ParameterizedTest
  @CsvSource({
    "qcow2-v3, MULTI_ATTACH", "qcow2-v3, IMMUTABLE",
    "vmdk-stream, MULTI_ATTACH", "vmdk-stream, IMMUTABLE",
  })
  void machinesWriteToVdiImagesOnADiskThatIsOnlyRead(String fixture, MediumType type)
      throws Exception {
    Path file = FormatFixtures.chain(fixture).unpack(machines.at("")).base().file();
    byte[] before = Files.readAllBytes(file);
    MediumId base = machines.inventory.openMedium(file, DeviceType.HARD_DISK);
    byte[] shown = machines.bytes(machines.chain(base));
    MachineId m = retyped(base, type);
    MachineId n = machines.machine("n", base);

    for (MachineId machine : List.of(m, n)) {
      machines.inventory.start(machine);
      machines.write(machine, 0, 0, machines.saved(machine).name());
    }
    for (MachineId machine : List.of(m, n)) {
      assertEquals(machines.saved(machine).name(), machines.read(machine, 0, 0));
      machines.inventory.powerDown(machine);
      MediumId top = machines.attached(machine, 0);
      assertEquals(ImageFormat.VDI, machines.formats(top).getLast());
      machines.inventory.start(machine);
      boolean kept = machines.read(machine, 0, 0).equals(machines.saved(machine).name());
      assertEquals(type == MediumType.MULTI_ATTACH, kept);
      machines.inventory.powerDown(machine);
    }

    assertArrayEquals(before, Files.readAllBytes(file));
    assertArrayEquals(shown, machines.bytes(machines.chain(base)));
  }

  // ---- flags and limits

  @ParameterizedTest
  @ValueSource(strings = {"vdi", "vmdk", "vhd"})
  void guestIsToldOfFlagsAndADiscardGivesSpaceBack(String format) throws Exception {
    MachineId m = machines.machine("m", machines.disk("base." + format));
    machines.snapshot(m, "S");
    machines.inventory.start(m);
    try (var disk = machines.emulator(m, 0)) {
      assertEquals(ROTATIONAL, disk.flags() & (ROTATIONAL | SEND_TRIM));
    }
    machines.inventory.powerDown(m);

    String session = machines.lock(m);
    machines.inventory.setNonRotational(session, sata(0), true);
    machines.inventory.setDiscard(session, sata(0), true);
    machines.inventory.save(session);
    machines.inventory.unlock(session);
    machines.inventory.start(m);

    Path file = machines.medium(machines.attached(m, 0)).location();
    try (var disk = machines.emulator(m, 0)) {
      assertEquals(SEND_TRIM, disk.flags() & (ROTATIONAL | SEND_TRIM));
      disk.write(0, Emulator.filled(MIB, 'x'));
      disk.flush();
      long full = allocated(file);
      disk.discard(0, MIB);
      disk.flush();
      assertArrayEquals(new byte[MIB], disk.read(0, MIB));
      assertTrue(allocated(file) <= full - MIB / 2, full + " bytes, " + allocated(file) + " left");
    }
  }

  private static long allocated(Path file) throws IOException {
    Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
    String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    return Long.parseLong(said.split("\t")[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void bandwidthLimitHoldsForADisk(String format) throws Exception {
    MachineId m = machines.machine("m", machines.disk("base." + format));
    String session = machines.lock(m);
    machines.inventory.createBandwidthGroup(
        session,
        new BandwidthGroup(
            "slow", BandwidthGroup.Kind.DISK, Limits.bytes(MIB, SteppedClock.SECOND)));
    machines.inventory.setBandwidthGroup(session, sata(0), "slow");
    machines.inventory.save(session);
    machines.inventory.unlock(session);
    machines.inventory.start(m);
    try (var disk = machines.emulator(m, 0);
        var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      disk.read(0, MIB);

      Future<byte[]> waiting = clients.submit(() -> disk.read(0, 4096));
      clock.awaitWaiting();
      assertFalse(waiting.isDone());
      clock.pass(SteppedClock.SECOND);

      assertArrayEquals(new byte[4096], waiting.get());
    }
  }

  // ---- while a machine runs

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vhd"})
  void diskIsPluggedIntoARunningMachineAndTakenOut(String format) throws Exception {
    MediumId disk = machines.disk("second." + format);
    MachineId m = machines.machine("m", machines.disk("first." + format));
    machines.inventory.start(m);
    String session = machines.join(m);
    machines.attach(session, 1, disk);
    machines.write(m, 1, 0, "plugged");

    try (var guest = machines.emulator(m, 1)) {
      machines.inventory.detach(session, sata(1));
      machines.inventory.save(session);
      assertThrows(IOException.class, () -> guest.read(0, 512));
    }

    assertEquals("[plugged][][][]", machines.show(disk).split(" ")[0]);
    machines.write(m, 0, 0, "goes on");
  }

  /** The disk was enlarged after its first snapshot was taken. */
  @ParameterizedTest
  @ValueSource(strings = {"vdi", "vmdk", "vhd"})
  void largerChildIsMergedIntoItsParentAsSoonAsTheMachineIsOff(String format) throws Exception {
    MediumId base = machines.disk("base." + format);
    MachineId m = machines.machine("m", base);
    machines.write(m, 0, 0, "base");
    machines.snapshot(m, "S1");
    machines.write(m, 0, 1, "child");
    grow(machines.attached(m, 0), LARGER);
    machines.snapshot(m, "S2");
    machines.inventory.start(m);
    try (var disk = machines.emulator(m, 0)) {
      assertEquals(LARGER, disk.capacity());
      disk.write(LARGER - 512, Emulator.filled(512, 'e'));
      disk.flush();
    }
    byte[] before = contents(m);

    Throwable refused = failure(m, "S1");

    assertTrue(refused.getMessage().contains("only while the machine is off"));
    assertArrayEquals(before, contents(m));
    machines.inventory.powerDown(m);
    for (String snapshot : List.of("S1", "S2")) machines.deleteSnapshot(m, snapshot);
    assertEquals(base, machines.attached(m, 0));
    assertArrayEquals(before, machines.bytes(machines.chain(base)));
  }

  @ParameterizedTest
  @CsvSource({"vmdk, vhd", "vhd, vmdk", "vdi, vmdk", "vhd, vdi", "vmdk, vdi", "vdi, vhd"})
  void parentOfAnotherFormatGrowsWhenALargerChildIsMergedIntoIt(String below, String above)
      throws Exception {
    MediumId base = machines.disk("base." + below);
    machines.write(base, 0, "base");
    MediumId child = machines.diff(base, "child." + above);
    grow(child, LARGER);
    machines.write(child, 1, "child");
    machines.write(child, 18, "at the end");
    byte[] before = machines.bytes(machines.chain(child));

    done(machines.inventory.mergeMedium(child, base));

    assertEquals(LARGER, before.length);
    assertArrayEquals(before, machines.bytes(machines.chain(base)));
    assertEquals(LARGER, machines.medium(base).capacity());
  }

  private Throwable failure(MachineId machine, String snapshot) {
    String session = machines.join(machine);
    Job job = machines.inventory.deleteSnapshot(session, machines.snapshotOf(machine, snapshot));
    machines.inventory.unlock(session);
    return Objects.requireNonNull(job.failure());
  }

  private byte[] contents(MachineId machine) throws IOException {
    try (var disk = machines.emulator(machine, 0)) {
      return disk.read(0, Math.toIntExact(disk.capacity()));
    }
  }

  private void grow(MediumId medium, long capacity) throws IOException {
    LayerFormat format =
        switch (machines.medium(medium).format()) {
          case VMDK -> new VmdkFormat();
          case VHD -> new VhdFormat();
          default -> new VdiFormat();
        };
    try (Layer image = format.openReadWrite(machines.medium(medium).location(), true)) {
      image.mend();
      image.grow(capacity, false);
    }
    machines.inventory.refreshState(medium);
  }

  // ---- copies

  @ParameterizedTest
  @ValueSource(
      strings = {"vdi", "vmdk", "fixed.vmdk", "vhd", "fixed.vhd", "raw", "qcow2", "stream"})
  void diskIsCopiedIntoEveryFormat(String from) throws Exception {
    MediumId source = source(from);
    byte[] bytes = machines.bytes(machines.chain(source));
    for (String to :
        List.of(
            "vdi", "fixed.vdi", "vmdk", "fixed.vmdk", "stream.vmdk", "vhd", "fixed.vhd", "raw")) {
      String file = "copy-" + to;
      MediumVariant variant =
          to.startsWith("fixed.") || to.equals("raw")
              ? MediumVariant.FIXED
              : to.startsWith("stream.") ? MediumVariant.STREAM_OPTIMIZED : MediumVariant.STANDARD;
      ImageFormat format = RealMachines.format("." + to);

      done(
          machines.inventory.cloneMedium(
              source, machines.at(file + "." + last(to)), format, variant));

      MediumId copy =
          machines.inventory.openMedium(machines.at(file + "." + last(to)), DeviceType.HARD_DISK);
      assertEquals(format, machines.medium(copy).format());
      assertEquals(variant, machines.medium(copy).variant(), to);
      assertArrayEquals(bytes, machines.bytes(machines.chain(copy)), from + " to " + to);
    }
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private MediumId source(String from) throws IOException {
    if (from.equals("qcow2") || from.equals("stream")) {
      String fixture = from.equals("qcow2") ? "qcow2-v3" : "vmdk-stream";
      Path file = FormatFixtures.chain(fixture).unpack(machines.at("")).base().file();
      return machines.inventory.openMedium(file, DeviceType.HARD_DISK);
    }
    boolean fixed = from.startsWith("fixed.") || from.equals("raw");
    MediumId source =
        machines.disk(
            "source." + from,
            fixed ? MediumVariant.FIXED : MediumVariant.STANDARD,
            MediumType.NORMAL);
    machines.write(source, 0, "first");
    machines.write(source, 3, "last");
    return source;
  }

  // ---- a disk that shows "base" at a machine m

  private MachineId typed(MediumId disk, MediumType type) throws IOException {
    machines.write(disk, 0, "base");
    return retyped(disk, type);
  }

  /** It belongs to the machine's registry before it gets the type, as it must. */
  private MachineId retyped(MediumId disk, MediumType type) {
    MachineId m = machines.machine("m", disk);
    String session = machines.lock(m);
    machines.inventory.detach(session, sata(0));
    machines.inventory.save(session);
    machines.inventory.setMediumType(disk, type);
    machines.attach(session, 0, disk);
    machines.inventory.save(session);
    machines.inventory.unlock(session);
    return m;
  }
}
