package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.channel.DefaultEventLoop;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which loop a client gets. */
class DiskLoopsTest {

  private static final long ONE = 1;
  private static final long ANOTHER = 2;

  private int left = 100;
  private final List<NbdLoop> started = new ArrayList<>();
  private final DiskLoops loops =
      new DiskLoops(
          new DiskLoops.Source() {
            @Override
            public NbdLoop start() throws IOException {
              if (left == 0) throw new IOException("no descriptors");
              left--;
              // Its thread starts with the first task, of which there is none.
              var loop =
                  new NbdLoop(new DefaultEventLoop(), System::nanoTime, new SharedBuffers(1 << 20));
              started.add(loop);
              return loop;
            }

            @Override
            public Future<Void> stop() {
              return Future.succeededFuture();
            }
          },
          2);

  @Test
  void loopServesTheDisksOfOneFileSystemOnly() throws IOException {
    NbdLoop one = loops.enter(ONE);
    NbdLoop another = loops.enter(ANOTHER);
    assertNotSame(one, another);
    assertNotSame(one, loops.enter(ANOTHER));
    assertNotSame(one, loops.enter(ANOTHER));
  }

  @Test
  void clientsOfAFileSystemShareItsLoopsEvenly() throws IOException {
    NbdLoop first = loops.enter(ONE);
    NbdLoop second = loops.enter(ONE);
    assertNotSame(first, second);
    loops.enter(ONE);
    loops.enter(ONE);
    loops.leave(second);
    assertSame(second, loops.enter(ONE));
    assertEquals(2, started.size());
  }

  @Test
  void loopWithoutClientsIsFreeForAnyFileSystem() throws IOException {
    NbdLoop loop = loops.enter(ONE);
    loops.leave(loop);
    assertSame(loop, loops.enter(ANOTHER));
    assertNotSame(loop, loops.enter(ONE));
  }

  @Test
  void withoutDescriptorsForMoreLoopsClientsShareThoseOfTheirFileSystem() throws IOException {
    left = 1;
    NbdLoop only = loops.enter(ONE);
    assertSame(only, loops.enter(ONE));
    assertEquals(
        "no descriptors",
        assertThrows(IOException.class, () -> loops.enter(ANOTHER)).getMessage(),
        "a loop of another file system may hang");
    assertEquals(List.of(only), loops.all());
  }

  @Test
  void clientsThatComeAfterTheEndGetNoLoop() {
    loops.close();
    assertThrows(IOException.class, () -> loops.enter(ONE));
  }
}
