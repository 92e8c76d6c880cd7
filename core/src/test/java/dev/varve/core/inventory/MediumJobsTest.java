package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.refused;
import static dev.varve.core.inventory.Bench.sata;
import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.VBOX_E_FILE_ERROR;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.Steps;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Deleting snapshots and merging, between their beginning and their end. */
class MediumJobsTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private Bench bench;
  private MachineId machine;
  private String session;
  private MediumId base;
  private SnapshotId first;
  private SnapshotId second;

  @BeforeEach
  void aMachineWithTwoSnapshots() throws IOException {
    makeMachine(new TestImages(), waiting::add, "usual");
  }

  private void makeMachine(ImageFiles images, Executor jobs, String place) throws IOException {
    bench = new Bench(folder.resolve(place), images, jobs, Steps.UNHEARD);
    base = bench.disk("base");
    machine = bench.machine("mail");
    session = bench.lock(machine);
    bench.attach(session, 0, base);
    first = bench.inventory.takeSnapshot(session, "S1", "");
    second = bench.inventory.takeSnapshot(session, "S2", "");
  }

  @Test
  void whileASnapshotIsDeletedItsMediaAreLockedAndTheMachineIsBusy() {
    MediumId top = bench.attached(machine, 0);
    MediumId middle = bench.medium(top).parent();

    Job job = bench.inventory.deleteSnapshot(session, first);

    assertEquals(Job.State.RUNNING, job.state());
    assertEquals(MachineState.DELETING_SNAPSHOT, bench.machine(machine).state());
    assertEquals(MediumState.LOCKED_WRITE, bench.inventory.view().media().get(base).state());
    assertEquals(MediumState.LOCKED_WRITE, bench.inventory.view().media().get(middle).state());
    assertEquals(VBOX_E_INVALID_VM_STATE, refused(() -> bench.inventory.detach(session, sata(0))));
    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE,
        refused(() -> bench.inventory.setMediumType(base, MediumType.WRITETHROUGH)));

    waiting.remove().run();

    assertEquals(Job.State.DONE, job.state());
    assertEquals(1000, job.permille());
    assertEquals(MachineState.POWERED_OFF, bench.machine(machine).state());
    assertEquals(1, bench.machine(machine).saved().snapshots().size());
    assertEquals(base, bench.medium(top).parent());
  }

  @Test
  void aCancelledDeletionLeavesEverythingAsItWas() throws IOException {
    String before = bench.everything();
    Job job = bench.inventory.deleteSnapshot(session, second);

    job.cancel();
    waiting.remove().run();

    assertEquals(Job.State.CANCELLED, job.state());
    assertEquals(before, bench.everything());
    assertEquals(MachineState.POWERED_OFF, bench.machine(machine).state());
    bench.checkFiles();
  }

  @ParameterizedTest
  @ValueSource(strings = {"DONE", "CANCELLED", "FAILED"})
  void aJobThatHasEndedHoldsNothingAndThenTheNextCanBegin(String end) throws IOException {
    Path needed = bench.chain(bench.attached(machine, 0)).get(1);
    byte[] contents = Files.readAllBytes(needed);
    List<String> order = new ArrayList<>();
    List<Job> begun = new ArrayList<>();
    Runnable last =
        () -> {
          order.add("let go while " + begun.getFirst().state());
          assertEquals(List.of(), holders());
          bench.inventory.unlock(session);
        };
    Job job = bench.inventory.deleteSnapshot(session, second, last);
    begun.add(job);
    job.ended()
        .whenComplete(
            (_, _) -> {
              order.add("told " + job.state());
              if (end.equals("FAILED")) write(needed, contents);
              session = bench.lock(machine);
              bench.inventory.deleteSnapshot(session, first);
              order.add("next begun");
            });
    if (end.equals("CANCELLED")) job.cancel();
    if (end.equals("FAILED")) Files.delete(needed);

    waiting.remove().run();

    assertEquals(List.of("let go while RUNNING", "told " + end, "next begun"), order);
  }

  private static void write(Path file, byte[] contents) {
    try {
      Files.write(file, contents);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> holders() {
    return bench.inventory.view().media().values().stream()
        .flatMap(medium -> medium.holders().stream())
        .toList();
  }

  @Test
  void aForgottenImageThatBlocksADeletionIsNamed() {
    MediumId forgotten = bench.attached(machine, 0);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.attach(session, 0, base);
    bench.inventory.save(session);

    ModelException refusal = refusal(() -> bench.inventory.deleteSnapshot(session, second));

    assertEquals(E_FAIL, refusal.code());
    String name = bench.medium(forgotten).name();
    assertTrue(
        refusal.getMessage().contains("No machine and no snapshot uses '" + name + "'"),
        refusal.getMessage());
  }

  @Test
  void imagesThatNothingUsesAreListedInTheOrderInWhichTheyCanBeDeleted() throws IOException {
    MediumId forgotten = bench.attached(machine, 0);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.attach(session, 0, base);
    bench.inventory.save(session);
    MediumId above = bench.inventory.createDiff(forgotten, bench.at("above.vdi"));
    MediumId top = bench.inventory.createDiff(above, bench.at("top.vdi"));
    bench.disk("a base is kept without a machine");

    List<MediumId> unused =
        bench.inventory.view().unused().stream().map(each -> each.medium().id()).toList();

    assertEquals(List.of(top, above, forgotten), unused);
    for (MediumId medium : unused) bench.inventory.deleteStorage(medium);
    bench.inventory.deleteSnapshot(session, second);
    waiting.remove().run();
    assertEquals(List.of(), bench.inventory.view().unused());
    bench.checkFiles();
  }

  @Test
  void anImageNobodyNeedsIsDeletedAndNotMergedIntoTheBase() throws IOException {
    bench.write(base, 0, "base");
    bench.inventory.deleteSnapshot(session, second);
    waiting.remove().run();
    MediumId top = bench.attached(machine, 0);
    bench.write(top, 0, "changed");
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);

    Job job = bench.inventory.deleteSnapshot(session, first);
    waiting.remove().run();

    assertEquals(Job.State.DONE, job.state());
    assertEquals("base", bench.read(base, 0));
    bench.checkFiles();
  }

  @Test
  void aDeletionThatTheEndOfTheProgramStopsIsFinishedByTheNextRun() throws IOException {
    OtherMerge untilCancelled =
        (_, progress) -> {
          while (progress.at(0, 1)) Thread.onSpinWait();
          return false;
        };
    try (var jobs = Executors.newVirtualThreadPerTaskExecutor()) {
      makeMachine(untilCancelled.of(new TestImages()), jobs, "other");
      Job stopped = bench.inventory.deleteSnapshot(session, first);

      bench.reopen();

      assertEquals(Job.State.CANCELLED, stopped.state());
      assertEquals(Job.State.DONE, bench.inventory.jobs().getFirst().state());
      assertEquals(1, bench.machine(machine).saved().snapshots().size());
      bench.checkFiles();
    }
  }

  @Test
  void whatAJobMakesCannotBeMadeBySomethingElseMeanwhile() throws IOException {
    bench.write(base, 0, "base");
    Path location = bench.at("copy.vdi");
    Job first = copy(base, location);

    assertEquals(VBOX_E_FILE_ERROR, refused(() -> copy(base, location)));
    assertEquals(VBOX_E_FILE_ERROR, refused(() -> bench.disk("copy")));
    waiting.remove().run();

    assertEquals(Job.State.DONE, first.state());
    MediumId copy = bench.inventory.openMedium(location, DeviceType.HARD_DISK);
    assertEquals("base", bench.read(copy, 0));
    bench.reopen();
    assertEquals("base", bench.read(copy, 0));
  }

  @Test
  void aFileThatSomebodyElseMadeWhereACopyGoesStaysHis() throws IOException {
    Path location = bench.at("copy.vdi");
    Job job = copy(base, location);
    Files.writeString(location, "his");

    waiting.remove().run();

    assertEquals(Job.State.FAILED, job.state());
    bench.reopen();
    assertEquals("his", Files.readString(location));
  }

  @ParameterizedTest
  @EnumSource(names = {"VDI", "RAW"})
  void aFileThatSomebodyElseMadeWhereACancelledCopyWasToGoStaysHis(ImageFormat format)
      throws IOException {
    Path location = bench.at("copy");
    Job job = bench.inventory.cloneMedium(base, location, format, MediumVariant.STANDARD);
    var his = new MediumId(new UUID(1, 1));
    new TestImages()
        .create(
            location, his, format, MediumVariant.STANDARD, Bench.CAPACITY, Announcement.UNHEARD);

    job.cancel();
    waiting.remove().run();

    assertEquals(Job.State.CANCELLED, job.state());
    assertTrue(Files.exists(location));
  }

  @Test
  void anImageThatSomebodyElsePutInThePlaceOfAnUnsavedOneStaysHis() throws IOException {
    MediumId diff = attachedToOneMore();
    Path location = bench.medium(diff).location();
    Files.delete(location);
    var his = new MediumId(new UUID(1, 1));
    new TestImages()
        .create(
            location,
            his,
            ImageFormat.VDI,
            MediumVariant.STANDARD,
            Bench.CAPACITY,
            Announcement.UNHEARD);

    bench.inventory.discard(session);

    assertTrue(Files.exists(location));
  }

  /** An image that attaching made. */
  private MediumId attachedToOneMore() {
    MediumId immutable = bench.disk("immutable", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    bench.attach(session, 1, immutable);
    return bench.attached(machine, 1);
  }

  private Job copy(MediumId medium, Path location) {
    return bench.inventory.cloneMedium(medium, location, ImageFormat.VDI, MediumVariant.STANDARD);
  }

  @Test
  void aJobThatFailsByABugIsToldOf() {
    var bugs = new ArrayList<Throwable>();
    var bug = new IllegalStateException("bug");

    Job job =
        new Jobs(Runnable::run, bugs::add, InstantSource.system(), new News())
            .start(
                "1",
                "do this",
                null,
                _ -> {
                  throw bug;
                });

    assertEquals(Job.State.FAILED, job.state());
    assertEquals(List.of(bug), bugs);
  }

  @Test
  void aCopyIsRegisteredOnceItIsThere() throws IOException {
    bench.write(base, 0, "base");
    Path location = bench.at("copy.vdi");

    Job job = bench.inventory.cloneMedium(base, location, ImageFormat.VDI, MediumVariant.STANDARD);
    assertEquals(3, bench.inventory.view().media().size());
    waiting.remove().run();

    assertEquals(Job.State.DONE, job.state());
    MediumId copy = bench.inventory.openMedium(location, DeviceType.HARD_DISK);
    assertEquals("base", bench.read(copy, 0));
    assertEquals(4, bench.inventory.view().media().size());
  }
}
