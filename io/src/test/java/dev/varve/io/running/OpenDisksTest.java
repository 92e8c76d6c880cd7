package dev.varve.io.running;

import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.hardDisk;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.io.host.EmptyDrive;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files are opened beside each other; the host does not answer for one of them. */
@Timeout(300)
class OpenDisksTest {

  private static final int PATIENCE_SECONDS = 30;

  private final Disk slow = hardDisk("slow", SATA_0, Path.of("/slow.vdi"));
  private final Disk other = hardDisk("other", SATA_0, Path.of("/other.vdi"));
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);
  private volatile boolean fails;
  private volatile @Nullable Flushing flushing;

  private final OpenDisks disks =
      new OpenDisks(
          disk -> {
            if (disk.equals(slow)) {
              asked.countDown();
              await(answer);
              if (fails) throw new IOException("the host says no");
            }
            return new OpenDisk(device(), disk.images(), disk.readOnly());
          });

  /** One that runs {@link #flushing}, once, at the beginning of a flush. */
  private BlockDevice device() {
    var drive = new EmptyDrive();
    return (BlockDevice)
        Proxy.newProxyInstance(
            BlockDevice.class.getClassLoader(),
            new Class<?>[] {BlockDevice.class},
            (_, method, arguments) -> {
              Flushing once = flushing;
              if (method.getName().equals("flush") && once != null) {
                flushing = null;
                once.run();
              }
              try {
                return method.invoke(drive, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private interface Flushing {
    void run() throws IOException;
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) throw new AssertionError("too long");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private CompletableFuture<OpenDisk> opening(Disk disk) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return disks.open(disk);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void diskThatIsNotOpenYetKeepsNoOtherWaiting() throws Exception {
    var first = opening(slow);
    await(asked);

    OpenDisk found = disks.open(other);
    disks.close(found);

    assertFalse(first.isDone());
    answer.countDown();
    assertNotSame(found, first.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void usersThatLetItGoAtTheSameMomentDoNotCloseItUnderEachOther() throws Exception {
    Disk shared = hardDisk("shared", SATA_0, Path.of("/shared.vdi"));
    OpenDisk open = disks.open(shared);
    disks.open(shared);
    flushing = () -> disks.close(open);

    disks.close(open);

    assertThrows(DeviceClosedException.class, () -> open.device().tryRead(0, 0, null));
    OpenDisk anew = disks.open(shared);
    assertNotSame(open, anew);
    disks.close(anew);
  }

  @Test
  void whoeverAsksForItMeanwhileGetsTheSame() throws Exception {
    var first = opening(slow);
    await(asked);
    var second = opening(slow);

    answer.countDown();

    assertSame(
        first.get(PATIENCE_SECONDS, TimeUnit.SECONDS),
        second.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void whoeverWaitedForAnOpeningThatFailsTriesAnew() throws Exception {
    fails = true;
    var first = opening(slow);
    await(asked);

    answer.countDown();

    assertThrows(ExecutionException.class, () -> first.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    fails = false;
    disks.close(disks.open(slow));
  }
}
