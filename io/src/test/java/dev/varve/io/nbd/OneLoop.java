package dev.varve.io.nbd;

import dev.varve.io.loop.DiskLoops;
import io.vertx.core.Future;

/** Disks are served where clients come: on the one loop that there is. */
record OneLoop(NbdLoop loop) implements DiskLoops.Source<NbdLoop> {

  /** For any file system. */
  static DiskLoops<NbdLoop> of(NbdLoop loop) {
    return new DiskLoops<>(new OneLoop(loop), 1);
  }

  @Override
  public NbdLoop start() {
    return loop;
  }

  @Override
  public Future<Void> stop() {
    return Future.succeededFuture();
  }
}
