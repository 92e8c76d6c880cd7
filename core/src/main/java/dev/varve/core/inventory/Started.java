package dev.varve.core.inventory;

import dev.varve.core.machine.Slot;
import java.util.List;
import java.util.Map;

/**
 * A machine that runs now. Immutable.
 *
 * @param uris of each slot
 * @param warnings which drives are empty although a medium is in them, and why
 */
public record Started(Map<Slot, List<String>> uris, List<String> warnings) {}
