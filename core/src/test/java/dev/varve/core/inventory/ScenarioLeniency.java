package dev.varve.core.inventory;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Where a recording may differ from the rules without being wrong: the product's flags for changes
 * are inconsistent after some calls, see the README of the scenarios.
 */
final class ScenarioLeniency {

  private final Set<String> settingsUnknown = new HashSet<>();
  private final Set<String> stateUnknown = new HashSet<>();
  private final Map<String, String> renamed;
  private final Predicate<String> held;

  /**
   * @param renamed controllers whose new name is not saved, by their old one
   * @param held whether a medium is locked
   */
  ScenarioLeniency(Map<String, String> renamed, Predicate<String> held) {
    this.renamed = renamed;
    this.held = held;
  }

  /** A call was refused, or changes were discarded: the product may call the machine modified. */
  void inconsistent(String machine) {
    settingsUnknown.add(machine);
    stateUnknown.add(machine);
  }

  /**
   * The machine's settings file was written, on its own account or another's: then the product may
   * find a difference in it that no call made, and calls a session unmodified that is not.
   */
  void written(String machine) {
    stateUnknown.add(machine);
  }

  void writtenForAnother(String machine) {
    settingsUnknown.add(machine);
  }

  /** A call that leaves no doubt about pending changes. */
  void saved(String machine) {
    settingsUnknown.remove(machine);
  }

  /** A call that leaves no doubt about the current state: it is that of a snapshot. */
  void atSnapshot(String machine) {
    settingsUnknown.remove(machine);
    stateUnknown.remove(machine);
  }

  boolean settingsModified(String machine) {
    return settingsUnknown.contains(machine);
  }

  boolean stateModified(String machine, boolean recorded, boolean observed) {
    return stateUnknown.contains(machine) && recorded && !observed;
  }

  /** Media that a finished operation locked may look locked for a moment longer. */
  boolean mediumState(String medium, String recorded) {
    return recorded.startsWith("Locked") && !held.test(medium);
  }

  String nameAfterRename(String controller) {
    return renamed.getOrDefault(controller, controller);
  }
}
