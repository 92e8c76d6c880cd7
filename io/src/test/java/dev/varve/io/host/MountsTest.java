package dev.varve.io.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountsTest {

  @Test
  void aPathIsOnTheNearestMountAboveIt() {
    Mounts mounts =
        Mounts.of(
            List.of(
                "22 1 8:1 / / rw - ext4 /dev/sda1 rw",
                "30 22 0:40 / /srv/vm rw - nfs4 nas:/vm rw",
                "31 30 0:41 / /srv/vm/two\\040words rw - nfs4 nas:/w rw"));

    assertEquals(Path.of("/"), mounts.pointOf(Path.of("/home/a.vdi")));
    assertEquals(Path.of("/"), mounts.pointOf(Path.of("/srv/vm2/a.vdi")));
    assertEquals(Path.of("/srv/vm"), mounts.pointOf(Path.of("/srv/x/../vm/a.vdi")));
    assertEquals(Path.of("/srv/vm/two words"), mounts.pointOf(Path.of("/srv/vm/two words/a.vdi")));
  }

  @Test
  void theHostHasAList() {
    assertEquals("/proc", Mounts.of(Path.of("/proc/self/mountinfo")));
  }
}
