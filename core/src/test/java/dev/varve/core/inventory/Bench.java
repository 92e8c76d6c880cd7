package dev.varve.core.inventory;

import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.journal.Steps;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/** An inventory over image files in a folder, and what tests say about it in few words. */
final class Bench implements AutoCloseable {

  static final long CAPACITY = 1 << 23;

  final Path folder;
  final TestImages contents = new TestImages();
  final List<Throwable> bugs = new ArrayList<>();
  final RecordingDisks disks = new RecordingDisks();
  final AtomicLong ids;
  Instant now = Instant.parse("2026-01-01T00:00:00Z");
  final ImageFiles images;
  private final Executor jobs;
  private final Steps steps;
  Inventory inventory;

  Bench(Path folder) throws IOException {
    this(folder, new AtomicLong());
  }

  /**
   * @param ids where the ids go on
   */
  Bench(Path folder, AtomicLong ids) throws IOException {
    this.folder = folder;
    this.ids = ids;
    this.images = contents;
    this.jobs = Runnable::run;
    this.steps = Steps.UNHEARD;
    this.inventory = open(images, jobs, steps);
  }

  Bench(Path folder, ImageFiles images, Executor jobs, Steps steps) throws IOException {
    this.folder = folder;
    this.ids = new AtomicLong();
    this.images = images;
    this.jobs = jobs;
    this.steps = steps;
    this.inventory = open(images, jobs, steps);
  }

  private Inventory open(ImageFiles images, Executor jobs, Steps steps) throws IOException {
    var surroundings =
        new Ports(
            steps.stepping(images),
            disks,
            () -> now,
            () -> new UUID(0x4000L, 0x8000_0000_0000_0000L + ids.incrementAndGet()),
            jobs,
            bugs::add);
    return Inventory.open(folder.resolve("state"), surroundings, steps.files());
  }

  void reopen() throws IOException {
    inventory.close();
    inventory = open(contents, Runnable::run, Steps.UNHEARD);
  }

  /** Changes a machine's settings file while no server has it, as VirtualBox does. */
  void rewrite(MachineId machine, UnaryOperator<String> change) throws IOException {
    Path file = machine(machine).saved().settingsFile();
    inventory.close();
    String before = Files.readString(file);
    String after = change.apply(before);
    if (after.equals(before)) throw new AssertionError("nothing was changed in " + before);
    Files.writeString(file, after);
    inventory = open(images, jobs, steps);
  }

  /** Saves a machine's memory in a file, as VirtualBox does. */
  Path saveMemory(MachineId machine, String stateFile) throws IOException {
    Path file = machine(machine).saved().settingsFile().resolveSibling(stateFile);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "memory");
    rewrite(
        machine, text -> text.replace("OSType=", "stateFile=\"%s\" OSType=".formatted(stateFile)));
    return file;
  }

  // ---- in few words

  MediumId disk(String name) {
    return disk(name, MediumType.NORMAL, MediumVariant.STANDARD);
  }

  MediumId disk(String name, MediumType type, MediumVariant variant) {
    return inventory.createMedium(at(name + ".vdi"), ImageFormat.VDI, variant, CAPACITY, type);
  }

  MediumId dvd(String name) throws IOException {
    Path location = Files.createDirectories(folder.resolve("disks")).resolve(name + ".iso");
    Files.write(location, new byte[512]);
    return inventory.openMedium(location, DeviceType.DVD);
  }

  Path at(String file) {
    return folder.resolve("disks").resolve(file);
  }

  /** A saved machine with a SATA and an IDE controller. */
  MachineId machine(String name) {
    MachineId machine = inventory.createMachine(name);
    String session = lock(machine);
    inventory.addController(session, "SATA", StorageBus.SATA, null);
    inventory.addController(session, "IDE", StorageBus.IDE, null);
    inventory.save(session);
    inventory.unlock(session);
    return machine;
  }

  /** The same with disks at SATA:0 and on. */
  MachineId machine(String name, MediumId... disks) {
    MachineId machine = machine(name);
    String session = lock(machine);
    for (int port = 0; port < disks.length; port++) attach(session, port, disks[port]);
    inventory.save(session);
    inventory.unlock(session);
    return machine;
  }

  String lock(MachineId machine) {
    return inventory.lock(machine, LockType.WRITE).id();
  }

  static Slot sata(int port) {
    return new Slot("SATA", port, 0);
  }

  void attach(String session, int port, MediumId medium) {
    inventory.attach(session, sata(port), DeviceType.HARD_DISK, medium);
  }

  /** What a slot holds in the working copy. */
  MediumId attached(MachineId machine, int port) {
    Attachment attachment = machine(machine).working().attachment(sata(port));
    if (attachment == null || attachment.medium() == null)
      throw new AssertionError("nothing at port " + port);
    return attachment.medium();
  }

  MachineView machine(MachineId machine) {
    return inventory.view().machines().get(machine);
  }

  Medium medium(MediumId id) {
    return inventory.view().media().get(id).medium();
  }

  static ErrorCode refused(Runnable call) {
    return refusal(call).code();
  }

  static ModelException refusal(Runnable call) {
    try {
      call.run();
    } catch (ModelException e) {
      return e;
    }
    throw new AssertionError("it was not refused");
  }

  // ---- contents

  List<Path> chain(MediumId top) {
    List<Path> chain = new ArrayList<>();
    for (MediumId id = top; id != null; id = medium(id).parent())
      chain.addFirst(medium(id).location());
    return chain;
  }

  void write(MediumId medium, int block, String text) throws IOException {
    byte[] sector = new byte[SectorAccess.SECTOR];
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, sector, 0, bytes.length);
    contents.write(chain(medium), block * 1048576L, sector);
  }

  String read(MediumId medium, int block) throws IOException {
    return read(chain(medium), block);
  }

  private String read(List<Path> chain, int block) throws IOException {
    byte[] sector = contents.read(chain, block * 1048576L);
    return new String(sector, StandardCharsets.US_ASCII).trim();
  }

  // ---- the whole

  /** Everything durable, in words, with what every disk shows; other folders read the same. */
  String everything() throws IOException {
    return durable().words();
  }

  /** The image files that are there and those that should be. */
  void checkFiles() throws IOException {
    durable().checkFiles();
  }

  private DurableState durable() {
    return new DurableState(folder, inventory.view(), contents, this::beginning);
  }

  private String beginning(ImageChain chain) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int block = 0; block < 3; block++)
      text.append('[').append(read(chain.files(), block)).append(']');
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    inventory.close();
  }
}
