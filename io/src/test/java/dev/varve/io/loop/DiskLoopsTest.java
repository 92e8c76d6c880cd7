package dev.varve.io.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
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
  private final List<EventLoop> started = new ArrayList<>();
  private final DiskLoops<EventLoop> loops =
      new DiskLoops<>(
          new DiskLoops.Source<EventLoop>() {
            @Override
            public EventLoop start() throws IOException {
              if (left == 0) throw new IOException("no descriptors");
              left--;
              // Its thread starts with the first task, of which there is none.
              var loop = new DefaultEventLoop();
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
    EventLoop one = loops.enter(ONE);
    EventLoop another = loops.enter(ANOTHER);
    assertNotSame(one, another);
    assertNotSame(one, loops.enter(ANOTHER));
    assertNotSame(one, loops.enter(ANOTHER));
  }

  @Test
  void clientsOfAFileSystemShareItsLoopsEvenly() throws IOException {
    EventLoop first = loops.enter(ONE);
    EventLoop second = loops.enter(ONE);
    assertNotSame(first, second);
    loops.enter(ONE);
    loops.enter(ONE);
    loops.leave(second);
    assertSame(second, loops.enter(ONE));
    assertEquals(2, started.size());
  }

  @Test
  void loopWithoutClientsIsFreeForAnyFileSystem() throws IOException {
    EventLoop loop = loops.enter(ONE);
    loops.leave(loop);
    assertSame(loop, loops.enter(ANOTHER));
    assertNotSame(loop, loops.enter(ONE));
  }

  @Test
  void withoutDescriptorsForMoreLoopsClientsShareThoseOfTheirFileSystem() throws IOException {
    left = 1;
    EventLoop only = loops.enter(ONE);
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
