package dev.varve.core.inventory;

import dev.varve.core.machine.Slot;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Some disks of a machine cannot be opened. Immutable. */
public final class UnservedDisksException extends IOException {
  private static final long serialVersionUID = 1;

  private final transient Map<Slot, IOException> reasons;

  /**
   * @param reasons why, of each disk that cannot be opened; their messages are for people
   */
  public UnservedDisksException(Map<Slot, IOException> reasons) {
    super("disks cannot be opened: " + reasons);
    this.reasons = Collections.unmodifiableMap(new LinkedHashMap<>(reasons));
    reasons.values().forEach(this::addSuppressed);
  }

  /** Why, of each disk that cannot be opened. */
  public Map<Slot, IOException> reasons() {
    return reasons;
  }
}
