package dev.varve.io.storage;

import dev.varve.core.device.BlockDevice;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A device over files that stay open when it ends. A running disk has several of them one after the
 * other: each serves, is held, and then goes on or leaves the files to its successor.
 *
 * <p><b>Threads.</b> As {@link BlockDevice}. The methods added here may block, unless they say
 * otherwise, and are called by one thread at a time.
 */
public interface ServingDevice extends BlockDevice {

  /** Makes everything that was completed before this call durable. Waits. */
  void commit() throws IOException;

  /** Waits until every request that was begun before this call has been carried out. */
  void awaitBegun();

  /**
   * Stops the requests that change something: those being carried out are finished, later ones are
   * handed back, and reads with them. When this returns, everything that was acknowledged is
   * durable. Waits; reads are not waited for.
   *
   * @throws IOException it cannot be made durable, or the device is closed; it is not held
   */
  void hold() throws IOException;

  /** Takes requests again. Does nothing if it is not held; does not block. */
  void release();

  /**
   * Leaves the files to another device. Only while held, and for ever: requests that still come are
   * handed back, and {@link #isQuiet} says when none is left.
   */
  void end();

  /** Whether every request was answered or handed back. Does not block. */
  boolean isQuiet();

  /**
   * Refuses requests from now on. Once all are answered and the readers of now have left, slices
   * that sockets hold among them, everything is made durable and {@code finish} is told, on a
   * storage thread. Does nothing if it is held or was stopped before; does not block.
   *
   * @param finish takes what kept the last contents from becoming durable, or null
   */
  void stop(Consumer<@Nullable Throwable> finish);
}
