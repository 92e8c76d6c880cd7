package dev.varve.io.nbd;

import io.vertx.core.Future;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The event loops on which disks are served. At any time a loop serves the disks of one file system
 * only: when the host hangs there, clients of other disks are not behind it. A loop without clients
 * is free for any file system.
 *
 * <p>Loops are started as clients come. A few clients have each their own: then the kernel shares
 * the processors among the disks, and wakes a loop where its client runs. With two processors,
 * sixteen loops serve a quiet disk beside busy ones four times as soon as two do, and eight
 * connections half as many requests again. More would cost memory and save nothing.
 *
 * <p>Thread-safe; starting a loop takes file descriptors, and no other method waits for anything.
 */
final class DiskLoops {

  /** How many loops one file system gets. */
  static final int MOST = Math.max(16, 2 * Runtime.getRuntime().availableProcessors());

  /** Where loops come from. */
  interface Source {
    /**
     * @throws IOException if the host has no descriptors or memory for one
     */
    NbdLoop start() throws IOException;

    /** Stops all that were started; those that still wait for the host stop when they can. */
    Future<Void> stop();
  }

  private final Source source;
  private final int most;
  private final Map<NbdLoop, Used> used = new HashMap<>();
  private final ArrayDeque<NbdLoop> free = new ArrayDeque<>();
  private final List<NbdLoop> all = new ArrayList<>();
  private boolean closed;

  /** A loop and what it is used for; guarded by the monitor. */
  private static final class Used {
    private final NbdLoop loop;
    private final long fileSystem;
    private int clients;

    private Used(NbdLoop loop, long fileSystem) {
      this.loop = loop;
      this.fileSystem = fileSystem;
    }
  }

  DiskLoops(Source source, int most) {
    this.source = source;
    this.most = most;
  }

  /**
   * A loop for one more client, which later {@link #leave leaves} it.
   *
   * @param fileSystem that of the client's disk
   * @throws IOException if the file system has no loop, and none can be started
   */
  synchronized NbdLoop enter(long fileSystem) throws IOException {
    if (closed) throw new IOException("the server stops");
    List<Used> own = used.values().stream().filter(u -> u.fileSystem == fileSystem).toList();
    Used least = own.stream().min(Comparator.comparingInt(u -> u.clients)).orElse(null);
    Used chosen = own.size() < most ? another(fileSystem, least) : least;
    assert chosen != null;
    chosen.clients++;
    return chosen.loop;
  }

  /** A loop that nothing uses; if there can be none, {@code instead}. */
  private Used another(long fileSystem, @Nullable Used instead) throws IOException {
    NbdLoop loop = free.pollLast();
    if (loop == null) {
      try {
        loop = source.start();
        all.add(loop);
      } catch (IOException e) {
        if (instead != null) return instead;
        throw e;
      }
    }
    var another = new Used(loop, fileSystem);
    used.put(loop, another);
    return another;
  }

  /** A client is gone, and nothing that it asked for is under way. */
  synchronized void leave(NbdLoop loop) {
    Used left = used.get(loop);
    if (left == null) throw new IllegalStateException("not a loop of a disk");
    if (--left.clients > 0) return;
    used.remove(loop);
    free.addLast(loop);
  }

  /** All that were started. */
  synchronized List<NbdLoop> all() {
    return List.copyOf(all);
  }

  /** Stops the loops. For when there are no clients any more, and none comes. */
  Future<Void> close() {
    synchronized (this) {
      closed = true;
    }
    return source.stop();
  }
}
