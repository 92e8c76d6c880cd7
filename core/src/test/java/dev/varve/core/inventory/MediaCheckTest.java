package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media after a restart, until and when they are looked at. */
class MediaCheckTest {

  private static final Function<Path, String> ONE_FILE_SYSTEM = _ -> "/";

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private final List<Thread> threads = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  @Test
  void afterARestartMediaAreNotCheckedAndNotInaccessible() throws IOException {
    MediumId disk = bench.disk("disk");

    bench.reopen();

    assertEquals(MediumState.NOT_CHECKED, state(disk));
  }

  @Test
  void theyAreCheckedInTheBackground() throws Exception {
    MediumId there = bench.disk("there");
    MediumId gone = bench.disk("gone");
    MediumId fixed = bench.disk("fixed", MediumType.NORMAL, MediumVariant.FIXED);
    Files.delete(bench.medium(gone).location());
    bench.reopen();

    check(ONE_FILE_SYSTEM);
    joinAll();

    assertEquals(MediumState.CREATED, state(there));
    assertEquals(Bench.CAPACITY, bench.medium(there).capacity());
    assertEquals(MediumState.INACCESSIBLE, state(gone));
    assertTrue(bench.medium(gone).accessError().contains("no such file"));
    assertEquals(MediumVariant.FIXED, bench.medium(fixed).variant());
  }

  @Test
  void oneThatHangsHoldsUpNeitherTheOthersNorTheModel() throws Exception {
    List<MediumId> media = new ArrayList<>();
    for (int i = 0; i < 5; i++) media.add(bench.disk("disk" + i));
    bench.reopen();
    MediumId hanging = media.get(2);
    var answer = new CountDownLatch(1);
    bench.contents.hanging.put(bench.medium(hanging).location(), answer);

    check(ONE_FILE_SYSTEM);
    joinAllBut(1);

    for (MediumId medium : media)
      assertEquals(
          medium.equals(hanging) ? MediumState.NOT_CHECKED : MediumState.CREATED, state(medium));
    MachineId machine = bench.machine("mail");
    String session = bench.inventory.lock(machine, LockType.WRITE).id();
    bench.attach(session, 0, media.getFirst());
    bench.inventory.save(session);
    answer.countDown();
    joinAll();
    assertEquals(MediumState.CREATED, state(hanging));
  }

  @Test
  void aFileSystemThatHangsHoldsUpNoOther() throws Exception {
    List<MediumId> hanging = new ArrayList<>();
    var answer = new CountDownLatch(1);
    for (int i = 0; i < 5; i++) hanging.add(bench.disk("nas" + i));
    MediumId local = bench.disk("local");
    bench.reopen();
    for (MediumId medium : hanging)
      bench.contents.hanging.put(bench.medium(medium).location(), answer);

    check(path -> path.toString().contains("nas") ? "nas" : "/");
    threads.getLast().join();

    assertEquals(MediumState.CREATED, state(local));
    assertEquals(3, threads.size());
    answer.countDown();
    joinAll();
    for (MediumId medium : hanging) assertEquals(MediumState.CREATED, state(medium));
  }

  @Test
  void whatARequestFoundOutMeanwhileStays() throws Exception {
    MediumId disk = bench.disk("disk");
    bench.reopen();
    var answer = new CountDownLatch(1);
    bench.contents.hanging.put(bench.medium(disk).location(), answer);
    check(ONE_FILE_SYSTEM);
    bench.contents.hanging.clear();
    assertEquals(MediumState.CREATED, bench.inventory.refreshState(disk));

    Files.delete(bench.medium(disk).location());
    answer.countDown();
    joinAll();

    assertEquals(MediumState.CREATED, state(disk));
  }

  @Test
  void theMediaOfAMachineThatIsOpenedLaterAreCheckedToo() throws Exception {
    MachineId machine = bench.machine("mail");
    MediumId disk = bench.disk("disk");
    String session = bench.lock(machine);
    bench.attach(session, 0, disk);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    Path settings = bench.machine(machine).saved().settingsFile();
    bench.inventory.unregister(machine, UnregisterMode.UNREGISTER_ONLY);
    check(ONE_FILE_SYSTEM);

    bench.inventory.openMachine(settings);
    joinAll();

    assertEquals(MediumState.CREATED, state(disk));
  }

  @Test
  void aCheckWritesNoFile() throws Exception {
    MachineId machine = bench.machine("mail");
    String session = bench.lock(machine);
    bench.attach(session, 0, bench.disk("disk"));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    bench.reopen();
    Path settings = bench.machine(machine).saved().settingsFile();
    Files.writeString(settings, Files.readString(settings) + "<!-- another program's -->");
    String before = Files.readString(settings);

    check(ONE_FILE_SYSTEM);
    joinAll();
    bench.disk("another");

    assertEquals(before, Files.readString(settings));
  }

  private void check(Function<Path, String> fileSystemOf) {
    bench.inventory.checkMedia(
        look -> {
          synchronized (threads) {
            threads.add(Thread.ofPlatform().start(look));
          }
        },
        fileSystemOf);
  }

  private void joinAll() throws InterruptedException {
    joinAllBut(0);
  }

  /** Waits until all looks but some have ended. */
  private void joinAllBut(int hanging) throws InterruptedException {
    while (true) {
      List<Thread> running = running();
      if (running.size() <= hanging) return;
      for (Thread thread : running) thread.join(1);
    }
  }

  private List<Thread> running() {
    synchronized (threads) {
      return threads.stream().filter(Thread::isAlive).toList();
    }
  }

  private MediumState state(MediumId medium) {
    return bench.inventory.view().media().get(medium).state();
  }
}
