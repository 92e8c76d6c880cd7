package dev.varve.core.journal;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Receives what cannot be done at the moment and is tried again until it can. Called by the thread
 * that changes or looks, and must not block.
 */
public interface Troubles {

  /** Hears and does nothing. */
  Troubles UNHEARD = _ -> {};

  /**
   * These decided changes, and no others, are not all done.
   *
   * @param files what is wrong, and what to do, by the file that it is about
   */
  void stuck(Map<Path, String> files);

  /**
   * Nothing can be saved in the state folder, or it can again.
   *
   * @param why and what to do; null if nothing is in the way
   */
  default void folder(Path folder, @Nullable String why) {}

  /** Another program was writing a file that Varve was saving; both versions are kept. */
  default void kept(Kept kept) {}
}
