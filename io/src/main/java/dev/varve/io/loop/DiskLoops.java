package dev.varve.io.loop;

import io.vertx.core.Future;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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
 *
 * @param <L> an event loop, with what a server keeps for each
 */
public final class DiskLoops<L> {

  /** How many loops one file system gets. */
  public static final int MOST = Math.max(16, 2 * Runtime.getRuntime().availableProcessors());

  /** Where loops come from. */
  public interface Source<L> {
    /**
     * @throws IOException if the host has no descriptors or memory for one
     */
    L start() throws IOException;

    /** Stops all that were started; those that still wait for the host stop when they can. */
    Future<Void> stop();
  }

  private final Source<L> source;
  private final int most;
  private final Map<L, Used<L>> used = new HashMap<>();
  private final ArrayDeque<L> free = new ArrayDeque<>();
  private final List<L> all = new CopyOnWriteArrayList<>();
  private boolean closed;

  /** A loop and what it is used for; guarded by the monitor. */
  private static final class Used<L> {
    private final L loop;
    private final long fileSystem;
    private int clients;

    private Used(L loop, long fileSystem) {
      this.loop = loop;
      this.fileSystem = fileSystem;
    }
  }

  /**
   * @param most how many one file system gets, usually {@link #MOST}
   */
  public DiskLoops(Source<L> source, int most) {
    this.source = source;
    this.most = most;
  }

  /**
   * A loop for one more client, which later {@link #leave leaves} it.
   *
   * @param fileSystem that of the client's disk
   * @throws IOException if the file system has no loop, and none can be started
   */
  public synchronized L enter(long fileSystem) throws IOException {
    if (closed) throw new IOException("the server stops");
    List<Used<L>> own = used.values().stream().filter(u -> u.fileSystem == fileSystem).toList();
    Used<L> least = own.stream().min(Comparator.comparingInt(u -> u.clients)).orElse(null);
    Used<L> chosen = own.size() < most ? another(fileSystem, least) : least;
    assert chosen != null;
    chosen.clients++;
    return chosen.loop;
  }

  /** A loop that nothing uses; if there can be none, {@code instead}. */
  private Used<L> another(long fileSystem, @Nullable Used<L> instead) throws IOException {
    L loop = free.pollLast();
    if (loop == null) {
      try {
        loop = source.start();
        all.add(loop);
      } catch (IOException e) {
        if (instead != null) return instead;
        throw e;
      }
    }
    var another = new Used<>(loop, fileSystem);
    used.put(loop, another);
    return another;
  }

  /** A client is gone, and nothing that it asked for is under way. */
  public synchronized void leave(L loop) {
    Used<L> left = used.get(loop);
    if (left == null) throw new IllegalStateException("not a loop of a disk");
    if (--left.clients > 0) return;
    used.remove(loop);
    free.addLast(loop);
  }

  /** All that were started. Waits for none that is being started. */
  public List<L> all() {
    return List.copyOf(all);
  }

  /** Stops the loops. For when there are no clients any more, and none comes. */
  public Future<Void> close() {
    synchronized (this) {
      closed = true;
    }
    return source.stop();
  }
}
