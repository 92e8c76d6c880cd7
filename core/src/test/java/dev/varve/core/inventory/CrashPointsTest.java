package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.sata;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.medium.Room;
import dev.varve.core.settings.StateFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The process is killed at every step that changes something on disk, and starts again. */
class CrashPointsTest {

  private static final int MORE_THAN_ANY_CALL_HAS = 200;

  @TempDir(factory = MemoryFolder.class)
  Path temp;

  /** A call on a machine that has a history. */
  private interface Call {
    void on(History history) throws IOException;
  }

  @TestFactory
  Stream<DynamicTest> afterACrashTheModelIsTheOneBeforeOrAfter() {
    return Stream.of(
        crash("attach", h -> h.attachImmutable()),
        crash(
            "attachAndSave",
            h -> {
              h.attachImmutable();
              h.bench.inventory.save(h.session);
            }),
        crash(
            "attachAndDiscard",
            h -> {
              h.attachImmutable();
              h.bench.inventory.discard(h.session);
            }),
        crash(
            "detachAndSave",
            h -> {
              h.bench.inventory.detach(h.session, sata(0));
              h.bench.inventory.save(h.session);
            }),
        crash("takeSnapshot", h -> h.bench.inventory.takeSnapshot(h.session, "S4", "")),
        crash("restoreSnapshot", h -> h.bench.inventory.restoreSnapshot(h.session, h.snapshot(0))),
        crash("deleteFirst", h -> h.bench.inventory.deleteSnapshot(h.session, h.snapshot(0))),
        crash("deleteMiddle", h -> h.bench.inventory.deleteSnapshot(h.session, h.snapshot(1))),
        crash("deleteLast", h -> h.bench.inventory.deleteSnapshot(h.session, h.snapshot(2))),
        crash("mergeForward", h -> h.bench.inventory.mergeMedium(h.x, h.y)),
        crash("mergeBackward", h -> h.bench.inventory.mergeMedium(h.y, h.x)),
        crash("mergeIntoBase", h -> h.bench.inventory.mergeMedium(h.y, h.loose)),
        crash("createMedium", h -> h.bench.disk("fresh")),
        crash("createDiff", h -> h.bench.inventory.createDiff(h.y, h.bench.at("z.vdi"))),
        crash("discardState", h -> h.bench.inventory.discardState(h.sleeping())),
        crash(
            "restoreOnline",
            h -> h.bench.inventory.restoreSnapshot(h.sleeping(), h.ofAsleep("online"))),
        crash(
            "restoreOffline",
            h -> h.bench.inventory.restoreSnapshot(h.sleeping(), h.ofAsleep("offline"))),
        crash(
            "deleteOnline",
            h -> h.bench.inventory.deleteSnapshot(h.sleeping(), h.ofAsleep("online"))),
        crash("deleteStorage", h -> h.bench.inventory.deleteStorage(h.y)),
        crash(
            "clone",
            h ->
                h.bench.inventory.cloneMedium(
                    h.y, h.bench.at("copy.vdi"), "VDI", MediumVariant.STANDARD)),
        crash(
            "cloneToRaw",
            h ->
                h.bench.inventory.cloneMedium(
                    h.y, h.bench.at("copy.raw"), "RAW", MediumVariant.STANDARD)),
        crash(
            "createRaw",
            h ->
                h.bench.inventory.createMedium(
                    h.bench.at("fresh.raw"),
                    "RAW",
                    MediumVariant.STANDARD,
                    Bench.CAPACITY,
                    MediumType.NORMAL)));
  }

  private DynamicTest crash(String name, Call call) {
    return DynamicTest.dynamicTest(name, () -> crashEverywhere(name, call));
  }

  private void crashEverywhere(String name, Call call) throws IOException {
    String before;
    String after;
    try (History whole = new History(temp.resolve(name + "-whole"), new Fuse(Integer.MAX_VALUE))) {
      before = whole.bench.everything();
      call.on(whole);
      whole.bench.reopen();
      after = whole.bench.everything();
      whole.bench.checkFiles();
    }
    int crashes = 0;
    for (boolean crashed = true; crashed; crashes += crashed ? 1 : 0) {
      assertTrue(crashes < MORE_THAN_ANY_CALL_HAS, "the call never ends");
      crashed = crashAt(name + "-" + crashes, call, crashes, before, after);
    }
    assertTrue(crashes > 0, "nothing of the call reached the disk");
  }

  private boolean crashAt(String name, Call call, int step, String before, String after)
      throws IOException {
    Fuse fuse = new Fuse(Integer.MAX_VALUE);
    History history = new History(temp.resolve(name), fuse);
    fuse.left = step;
    try {
      call.on(history);
    } catch (Killed e) {
      // What the process was doing.
    }
    boolean crashed = fuse.blown;
    fuse.left = crashed ? 0 : Integer.MAX_VALUE;
    try {
      history.bench.inventory.close();
    } catch (Killed e) {
      // A process that is gone closes nothing but what the kernel closes.
    }
    try (Bench again = new Bench(history.bench.folder, history.bench.ids)) {
      again.reopen();
      String found = again.everything();
      again.checkFiles();
      if (!found.equals(before) && !found.equals(after))
        throw new AssertionError(
            "killed at step %d (%s):%n%s%nbefore:%n%s%nafter:%n%s"
                .formatted(step, fuse.step, found, before, after));
    }
    return crashed;
  }

  /** A machine with three snapshots and different contents in each, and a chain nobody uses. */
  private static final class History implements AutoCloseable {
    final Bench bench;
    final MachineId asleep;
    final MachineId machine;
    final String session;
    final MediumId immutable;
    final MediumId loose;
    final MediumId x;
    final MediumId y;

    History(Path folder, Fuse fuse) throws IOException {
      bench = new Bench(folder, fuse.over(new TestImages()), Runnable::run, fuse);
      asleep = bench.machine("asleep");
      sleep();
      MediumId base = bench.disk("base");
      bench.write(base, 0, "base");
      bench.write(base, 1, "base");
      machine = bench.machine("vm");
      session = bench.lock(machine);
      bench.attach(session, 0, base);
      bench.inventory.save(session);
      for (String name : List.of("S1", "S2", "S3")) {
        bench.inventory.takeSnapshot(session, name, "");
        MediumId top = bench.attached(machine, 0);
        bench.write(top, 0, name);
        if (name.equals("S1")) bench.write(top, 2, "more of " + name);
      }
      immutable = bench.disk("immutable", MediumType.IMMUTABLE, MediumVariant.STANDARD);
      loose = bench.disk("loose");
      bench.write(loose, 0, "loose");
      x = bench.inventory.createDiff(loose, bench.at("x.vdi"));
      bench.write(x, 1, "x");
      y = bench.inventory.createDiff(x, bench.at("y.vdi"));
      bench.write(y, 2, "y");
    }

    /** Its memory is saved, after a snapshot without and one with another saved memory. */
    private void sleep() throws IOException {
      String held = bench.lock(asleep);
      bench.attach(held, 0, bench.disk("asleep"));
      bench.inventory.takeSnapshot(held, "offline", "");
      bench.inventory.unlock(held);
      bench.saveMemory(asleep, "first.sav");
      held = bench.lock(asleep);
      bench.inventory.takeSnapshot(held, "online", "");
      bench.inventory.discardState(held);
      bench.inventory.unlock(held);
      bench.saveMemory(asleep, "second.sav");
    }

    String sleeping() {
      return bench.lock(asleep);
    }

    SnapshotId ofAsleep(String name) {
      return bench.machine(asleep).saved().snapshots().stream()
          .filter(snapshot -> snapshot.name().equals(name))
          .findFirst()
          .orElseThrow()
          .id();
    }

    void attachImmutable() {
      bench.attach(session, 1, immutable);
    }

    SnapshotId snapshot(int index) {
      Snapshot snapshot = bench.machine(machine).saved().snapshots().get(index);
      return snapshot.id();
    }

    @Override
    public void close() throws IOException {
      bench.close();
    }
  }

  /** The end of the process. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    Killed(String step) {
      super(step);
    }
  }

  /** Lets a number of steps happen and then ends the process: no later step happens either. */
  private static final class Fuse implements StateFolder.Steps {
    private int left;
    private boolean blown;
    private String step = "";

    Fuse(int left) {
      this.left = left;
    }

    @Override
    public void before(String what) {
      if (left == 0) {
        if (!blown) step = what;
        blown = true;
        throw new Killed(what);
      }
      left--;
    }

    private Announcement heard(Announcement announcement) {
      return file -> {
        before("announce " + file);
        announcement.before(file);
        before("announced " + file);
      };
    }

    /** The same images, whose changes are steps: killed before one, or with it done. */
    ImageFiles over(ImageFiles images) {
      return new ImageFiles() {
        @Override
        public ImageInfo inspect(Path location, DeviceType device) throws IOException {
          return images.inspect(location, device);
        }

        @Override
        public ImageInfo inspectRaw(Path location, DeviceType device) throws IOException {
          return images.inspectRaw(location, device);
        }

        @Override
        public void create(
            Path location,
            MediumId id,
            String format,
            MediumVariant variant,
            long capacity,
            Announcement announcement)
            throws IOException {
          before("create " + location);
          images.create(location, id, format, variant, capacity, heard(announcement));
          before("created " + location);
        }

        @Override
        public void createChild(Path location, MediumId id, Path parent) throws IOException {
          before("create " + location);
          images.createChild(location, id, parent);
          before("created " + location);
        }

        @Override
        public void reset(Path location) throws IOException {
          before("reset " + location);
          images.reset(location);
        }

        @Override
        public boolean merge(ImageChain chain, Path source, Path target, Progress progress)
            throws IOException {
          before("merge " + source);
          boolean done = images.merge(chain, source, target, progress);
          before("merged " + source);
          return done;
        }

        @Override
        public void reparent(Path location, Path parent) throws IOException {
          before("reparent " + location);
          images.reparent(location, parent);
          before("reparented " + location);
        }

        @Override
        public void makeBase(Path location) throws IOException {
          before("base " + location);
          images.makeBase(location);
          before("based " + location);
        }

        @Override
        public boolean copy(
            ImageChain chain,
            Path location,
            MediumId id,
            String format,
            MediumVariant variant,
            Progress progress,
            Announcement announcement)
            throws IOException {
          before("copy " + location);
          boolean done =
              images.copy(chain, location, id, format, variant, progress, heard(announcement));
          before("copied " + location);
          return done;
        }

        @Override
        public void delete(Path location) throws IOException {
          before("delete " + location);
          images.delete(location);
          before("deleted " + location);
        }

        @Override
        public void checkDeletable(Path file) throws IOException {
          images.checkDeletable(file);
        }

        @Override
        public void checkChangeable(Path location) throws IOException {
          images.checkChangeable(location);
        }

        @Override
        public boolean isImage(Path location, MediumId id) {
          return images.isImage(location, id);
        }

        @Override
        public Room room(Path place) throws IOException {
          return images.room(place);
        }

        @Override
        public void sweep(Path location) {
          before("sweep " + location);
          images.sweep(location);
        }

        @Override
        public void deleteMade(Path location, MediumId id) throws IOException {
          before("delete " + location);
          images.deleteMade(location, id);
          before("deleted " + location);
        }
      };
    }
  }
}
