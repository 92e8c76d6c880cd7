package dev.varve.io.running;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.limit.AlarmClock;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.nbd.ReplyStyle;
import dev.varve.io.nbd.TestLimits;
import dev.varve.io.storage.StorageThreads;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Running machines behind a server of their own on a Unix socket. */
final class TestMachines implements AutoCloseable {

  /** How long a client that takes no replies may delay others here. */
  private static final NbdLimits LIMITS =
      TestLimits.times(Duration.ofSeconds(30), Duration.ofMillis(500));

  static final MachineId ALPHA = new MachineId(new UUID(0xA, 0xA));
  static final MachineId BETA = new MachineId(new UUID(0xB, 0xB));
  static final Slot SATA_0 = new Slot("SATA", 0, 0);
  static final Slot SATA_1 = new Slot("SATA", 1, 0);

  final StorageThreads threads = new StorageThreads(6);
  final Path folder;
  final Path socket;
  final NbdServer nbd;
  final MachineDisks disks;
  private final AlarmClock alarm = new AlarmClock(System::nanoTime);
  private final Vertx vertx;

  TestMachines() throws IOException {
    this(null);
  }

  /**
   * @param clock what limits go by; null: the real time
   */
  TestMachines(@Nullable SteppedClock clock) throws IOException {
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    nbd = new NbdServer(vertx, LIMITS, ReplyStyle.STRUCTURED, System::nanoTime);
    folder = Files.createTempDirectory("run");
    socket = folder.resolve("s");
    nbd.listenUnix(socket).await();
    disks =
        new MachineDisks(
            nbd,
            null,
            threads,
            clock == null ? alarm : clock,
            clock == null ? System::nanoTime : clock,
            name -> List.of(uri(name)));
  }

  String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }

  Emulator emulator(String export) throws IOException {
    return new Emulator(socket, export);
  }

  @Override
  public void close() throws IOException {
    nbd.close().await();
    alarm.close();
    threads.close();
    vertx.close().await();
    Files.deleteIfExists(folder);
  }

  // ---- disks

  static Disk hardDisk(String machine, Slot slot, Path... chain) {
    return disk(machine, slot, DeviceType.HARD_DISK, ImageFormat.VDI, false, false, List.of(chain));
  }

  static Disk ssd(String machine, Slot slot, Path... chain) {
    return disk(machine, slot, DeviceType.HARD_DISK, ImageFormat.VDI, false, true, List.of(chain));
  }

  static Disk rawDisk(String machine, Slot slot, Path... chain) {
    return disk(machine, slot, DeviceType.HARD_DISK, ImageFormat.RAW, false, false, List.of(chain));
  }

  static Disk disc(String machine, Slot slot, Path... iso) {
    return disk(machine, slot, DeviceType.DVD, ImageFormat.RAW, true, false, List.of(iso));
  }

  /** The same disk in a group. */
  static Disk in(@Nullable BandwidthGroup group, Disk disk) {
    return new Disk(disk.machineName(), disk.attachment(), disk.images(), disk.readOnly(), group);
  }

  /**
   * @param ssd does not rotate, and may be told to discard
   */
  private static Disk disk(
      String machine,
      Slot slot,
      DeviceType type,
      ImageFormat format,
      boolean readOnly,
      boolean ssd,
      List<Path> chain) {
    var attachment =
        new Attachment(slot, type, null, false, false, false, ssd, ssd, true, null, false);
    return new Disk(
        machine,
        attachment,
        chain.isEmpty() ? List.of() : ImageChain.of(format, chain).images(),
        readOnly,
        null);
  }
}
