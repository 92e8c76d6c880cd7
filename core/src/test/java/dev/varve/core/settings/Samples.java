package dev.varve.core.settings;

import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.Steps;
import dev.varve.core.journal.Troubles;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings files that VirtualBox 7.2 wrote, and ways to ask for something a little different.
 */
final class Samples {

  static final String ATTACHED = "1-attached.vbox";
  static final String TWO_SNAPSHOTS = "2-two-snapshots.vbox";
  static final String SMART_ATTACH = "3-smart-attach.vbox";
  static final String TWO_BRANCHES = "4-two-branches.vbox";

  static final MediumId BASE = MediumId.of("30076df8-6b87-4066-96a6-f6fddcd37388");
  static final MediumId IMMUTABLE = MediumId.of("ff9dcbd6-f3ba-4432-baf9-76c39931dc17");

  /** Where the samples stood when they were written. */
  static final Path HOME = Path.of("/vm/samp/vms/a1-sample/a1-sample.vbox");

  private Samples() {}

  static Stream<String> names() {
    return Stream.of(ATTACHED, TWO_SNAPSHOTS, SMART_ATTACH, TWO_BRANCHES);
  }

  static byte[] bytes(String name) {
    try (InputStream in = Samples.class.getResourceAsStream("/vbox/" + name)) {
      if (in == null) throw new IllegalArgumentException("no sample " + name);
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String name) {
    return new String(bytes(name), StandardCharsets.UTF_8);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** What a file says when only its own media are known. */
  static MachineSettings settings(byte[] file) throws IOException {
    return settings(MachineFile.of(HOME, file));
  }

  static MachineSettings settings(MachineFile file) throws IOException {
    List<Medium> own = file.registry();
    return file.settings(
        new KnownMedia() {
          @Override
          public @Nullable Medium find(MediumId id) {
            return own.stream().filter(m -> m.id().equals(id)).findFirst().orElse(null);
          }

          @Override
          public boolean hasChildren(MediumId id) {
            return own.stream().anyMatch(m -> id.equals(m.parent()));
          }
        });
  }

  /** The file after saving {@code wanted} in it. */
  static String saved(String file, MachineSettings wanted) throws IOException {
    MachineFile machine = MachineFile.of(HOME, utf8(file));
    machine.write(wanted);
    return new String(machine.toBytes(), StandardCharsets.UTF_8);
  }

  // ---- a little different

  static MachineSettings with(MachineSettings settings, Machine machine) {
    return new MachineSettings(machine, settings.media());
  }

  static Machine with(Machine m, Hardware hardware) {
    return with(m, hardware, m.snapshots(), m.currentSnapshot());
  }

  static Machine with(
      Machine m, Hardware hardware, List<Snapshot> snapshots, @Nullable SnapshotId current) {
    return new Machine(
        m.id(),
        m.name(),
        m.settingsFile(),
        m.snapshotFolder(),
        m.stateFile(),
        m.chipset(),
        hardware,
        snapshots,
        current,
        m.currentStateModified(),
        m.lastStateChange());
  }

  static Machine named(Machine m, String name) {
    return new Machine(
        m.id(),
        name,
        m.settingsFile(),
        m.snapshotFolder(),
        m.stateFile(),
        m.chipset(),
        m.hardware(),
        m.snapshots(),
        m.currentSnapshot(),
        m.currentStateModified(),
        m.lastStateChange());
  }

  static MachineSettings withHardware(MachineSettings settings, UnaryOperator<Hardware> change) {
    Machine machine = settings.machine();
    return with(settings, with(machine, change.apply(machine.hardware())));
  }

  static MachineSettings withAttachments(
      MachineSettings settings, UnaryOperator<List<Attachment>> change) {
    return withHardware(
        settings,
        h ->
            new Hardware(
                h.controllers(),
                change.apply(new ArrayList<>(h.attachments())),
                h.bandwidthGroups()));
  }

  static Attachment at(MachineSettings settings, String controller, int port, int device) {
    var slot = new Slot(controller, port, device);
    return settings.machine().hardware().attachments().stream()
        .filter(a -> a.slot().equals(slot))
        .findFirst()
        .orElseThrow();
  }

  static Attachment disk(String controller, int port, int device, MediumId medium) {
    return new Attachment(
        new Slot(controller, port, device),
        DeviceType.HARD_DISK,
        medium,
        false,
        false,
        false,
        false,
        false,
        false,
        null,
        false);
  }

  static Attachment with(Attachment a, @Nullable MediumId medium) {
    return new Attachment(
        a.slot(),
        a.type(),
        medium,
        a.passthrough(),
        a.temporaryEject(),
        a.ejected(),
        a.nonRotational(),
        a.discard(),
        a.hotPluggable(),
        a.bandwidthGroup(),
        a.implicit());
  }

  static Medium at(Medium m, Path location) {
    return new Medium(
        m.id(),
        location,
        m.format(),
        m.device(),
        m.type(),
        m.variant(),
        m.parent(),
        m.capacity(),
        m.autoReset(),
        m.registries(),
        m.description(),
        m.properties(),
        m.accessError());
  }

  /** A differencing image in the machine's snapshot folder. */
  static Medium child(Medium parent, UUID id) {
    return new Medium(
        new MediumId(id),
        HOME.resolveSibling("Snapshots/{" + id + "}.vdi"),
        ImageFormat.VDI,
        DeviceType.HARD_DISK,
        MediumType.NORMAL,
        MediumVariant.DIFFERENCING,
        parent.id(),
        0,
        parent.autoReset(),
        parent.registries(),
        "",
        Map.of(),
        Medium.NOT_CHECKED);
  }

  /** The lines that differ, the old ones with {@code -}, the new ones with {@code +}. */
  static List<String> difference(String before, String after) {
    List<String> a = before.lines().toList();
    List<String> b = after.lines().toList();
    int[][] common = new int[a.size() + 1][b.size() + 1];
    for (int i = a.size() - 1; i >= 0; i--)
      for (int j = b.size() - 1; j >= 0; j--)
        common[i][j] =
            a.get(i).equals(b.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
    List<String> difference = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < a.size() || j < b.size())
      if (i < a.size() && j < b.size() && a.get(i).equals(b.get(j))) {
        i++;
        j++;
      } else if (j == b.size() || i < a.size() && common[i + 1][j] >= common[i][j + 1]) {
        difference.add("-" + a.get(i++));
      } else {
        difference.add("+" + b.get(j++));
      }
    return difference;
  }

  /** All of a change at once: prepares, decides and carries it out. */
  static void commit(
      StateFolder.Change change,
      List<MachineSettings> saved,
      List<Path> machines,
      List<Medium> globalMedia,
      List<FileStep> steps)
      throws IOException {
    StateFolder.Prepared prepared = change.prepare(saved, machines, globalMedia, steps);
    prepared.decide();
    prepared.carryOut();
  }

  /** A folder that does to the disk what {@code steps} lets it do. */
  static StateFolder open(Path folder, ImageFiles images, Troubles troubles, Steps steps)
      throws IOException {
    return StateFolder.open(folder, steps.stepping(images), troubles, steps.files());
  }
}
