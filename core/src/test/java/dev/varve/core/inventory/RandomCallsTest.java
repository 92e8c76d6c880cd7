package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random calls, sensible or not, on two machines: what must hold after every one of them. */
class RandomCallsTest {

  private static final int SEQUENCES = Integer.getInteger("varve.sequences", 8);
  private static final int CALLS = 80;

  @TempDir(factory = MemoryFolder.class)
  Path temp;

  @Test
  void whateverIsCalledTheModelStaysTrue() throws IOException {
    long first = Long.getLong("varve.seed", new Random().nextLong());
    for (int i = 0; i < SEQUENCES; i++) {
      long seed = first + i;
      List<String> calls = new ArrayList<>();
      try {
        new Sequence(temp.resolve("s" + i), seed, calls).run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "seed %d (-Dvarve.seed=%d), after %d calls:%n  %s"
                .formatted(seed, seed, calls.size(), String.join("\n  ", calls)),
            e);
      }
    }
  }

  private static final class Sequence {
    private final Random random;
    private final Bench bench;
    private final List<String> calls;
    private final List<MachineId> machines = new ArrayList<>();
    private final Map<MachineId, String> sessions = new HashMap<>();
    private int names;

    Sequence(Path folder, long seed, List<String> calls) throws IOException {
      random = new Random(seed);
      this.calls = calls;
      bench = new Bench(folder);
      machines.add(bench.machine("vm1"));
      machines.add(bench.machine("vm2"));
      bench.disk("a");
      bench.disk("b", MediumType.IMMUTABLE, MediumVariant.STANDARD);
      bench.disk("c", MediumType.SHAREABLE, MediumVariant.FIXED);
      bench.dvd("d");
    }

    void run() throws IOException {
      for (int i = 0; i < CALLS; i++) {
        if (random.nextInt(20) == 0 || bench.inventory.view().media().isEmpty())
          bench.disk("n" + names++);
        View before = bench.inventory.view();
        boolean refused = false;
        try {
          call();
        } catch (ModelException e) {
          calls.set(calls.size() - 1, calls.getLast() + " -> " + e.code());
          refused = true;
        }
        if (refused)
          assertEquals(before, bench.inventory.view(), "a refused call changed something");
        check();
      }
      discardAll();
      checkReopened();
      bench.close();
    }

    // ---- calls

    private void call() throws IOException {
      MachineId machine = machines.get(random.nextInt(2));
      String session = sessions.getOrDefault(machine, "none");
      Inventory inventory = bench.inventory;
      Slot slot = new Slot(random.nextInt(4) == 0 ? "IDE" : "SATA", random.nextInt(3), 0);
      switch (random.nextInt(26)) {
        case 0, 1, 2 -> {
          calls.add("lock " + machine);
          sessions.put(machine, inventory.lock(machine, LockType.WRITE).id());
        }
        case 3 -> {
          calls.add("unlock " + machine);
          inventory.unlock(session);
          sessions.remove(machine);
        }
        case 4, 5, 6 -> {
          calls.add("save " + machine);
          inventory.save(session);
          assertEquals(false, bench.machine(machine).modified());
        }
        case 7 -> {
          calls.add("discard " + machine);
          inventory.discard(session);
          assertEquals(bench.machine(machine).saved().hardware(), bench.machine(machine).working());
        }
        case 8, 9, 10, 11, 12 -> {
          MediumId medium = anyMedium();
          DeviceType type = bench.medium(medium).device();
          calls.add("attach %s %s %s".formatted(machine, slot, medium));
          inventory.attach(session, slot, type, medium);
        }
        case 13, 14 -> {
          calls.add("detach %s %s".formatted(machine, slot));
          inventory.detach(session, slot);
        }
        case 15 -> {
          MediumId medium = random.nextBoolean() ? anyMedium() : null;
          calls.add("mount %s %s %s".formatted(machine, slot, medium));
          inventory.mount(session, slot, medium);
        }
        case 16, 17 -> {
          calls.add("takeSnapshot " + machine);
          inventory.takeSnapshot(session, "S" + names++, "");
        }
        case 18 -> {
          SnapshotId snapshot = anySnapshot(machine);
          calls.add("restore %s %s".formatted(machine, snapshot));
          inventory.restoreSnapshot(session, snapshot);
        }
        case 19 -> {
          SnapshotId snapshot = anySnapshot(machine);
          calls.add("deleteSnapshot %s %s".formatted(machine, snapshot));
          Job job = inventory.deleteSnapshot(session, snapshot);
          assertEquals(Job.State.DONE, job.state(), () -> "job: " + job.failure());
        }
        case 20 -> {
          MediumId medium = anyMedium();
          calls.add("deleteStorage " + medium);
          inventory.deleteStorage(medium);
        }
        case 21 -> {
          MediumId parent = anyMedium();
          calls.add("createDiff " + parent);
          inventory.createDiff(parent, bench.at("x" + names++ + ".vdi"));
        }
        case 22 -> {
          MediumId medium = anyMedium();
          MediumType type = MediumType.values()[random.nextInt(MediumType.values().length)];
          calls.add("setType %s %s".formatted(medium, type));
          inventory.setMediumType(medium, type);
        }
        case 23 -> {
          calls.add("controllers " + machine);
          if (random.nextBoolean()) inventory.removeController(session, "IDE");
          else inventory.addController(session, "IDE", StorageBus.IDE, null);
        }
        case 24 -> {
          calls.add("groups " + machine);
          if (random.nextBoolean())
            inventory.createBandwidthGroup(
                session, new BandwidthGroup("G", BandwidthGroup.Kind.DISK, 1000));
          else inventory.setBandwidthGroup(session, slot, "G");
        }
        default -> {
          calls.add("start " + machine);
          inventory.start(machine);
          inventory.powerDown(machine);
        }
      }
    }

    private MediumId anyMedium() {
      List<MediumId> media = List.copyOf(bench.inventory.view().media().keySet());
      return media.get(random.nextInt(media.size()));
    }

    private SnapshotId anySnapshot(MachineId machine) {
      List<Snapshot> snapshots = bench.machine(machine).saved().snapshots();
      if (snapshots.isEmpty()) return new SnapshotId(machine.uuid());
      return snapshots.get(random.nextInt(snapshots.size())).id();
    }

    // ---- what must hold

    private void check() throws IOException {
      View view = bench.inventory.view();
      bench.checkFiles();
      for (View.MediumView seen : view.media().values()) {
        Medium medium = seen.medium();
        Set<MediumId> chain = new HashSet<>();
        for (MediumId id = medium.id(); id != null; id = view.media().get(id).medium().parent()) {
          assertEquals(true, view.media().containsKey(id), "a parent is registered");
          assertEquals(true, chain.add(id), "no medium is its own ancestor");
        }
        for (MediumId child : seen.children())
          assertEquals(medium.id(), view.media().get(child).medium().parent());
        for (MachineView machine : view.machines().values()) checkUses(seen, machine);
      }
    }

    private static void checkUses(View.MediumView medium, MachineView machine) {
      MediumId id = medium.medium().id();
      View.Use use = medium.uses().get(machine.saved().id());
      Set<SnapshotId> snapshots =
          machine.saved().snapshots().stream()
              .filter(s -> names(s.hardware().attachments(), id))
              .map(Snapshot::id)
              .collect(Collectors.toSet());
      assertEquals(snapshots, use == null ? Set.of() : use.snapshots());
      boolean attached = names(machine.working().attachments(), id);
      boolean used = use != null && use.current();
      if (attached || !machine.modified()) assertEquals(attached, used, "what is used is attached");
    }

    private static boolean names(List<Attachment> attachments, MediumId medium) {
      return attachments.stream().map(Attachment::medium).anyMatch(m -> Objects.equals(m, medium));
    }

    private void discardAll() {
      sessions.values().forEach(bench.inventory::unlock);
      sessions.clear();
    }

    private void checkReopened() throws IOException {
      String before = bench.everything();
      bench.reopen();
      assertEquals(List.of(), bench.inventory.view().bad());
      assertEquals(before, bench.everything());
      bench.checkFiles();
      bench.inventory.view().media().keySet().forEach(bench.inventory::refreshState);
      for (View.MediumView medium : bench.inventory.view().media().values())
        assertEquals(null, medium.medium().accessError());
    }
  }
}
