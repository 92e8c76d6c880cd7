package dev.varve.core.settings;

import dev.varve.core.machine.Machine;
import dev.varve.core.medium.Medium;
import java.util.List;

/**
 * What a machine's settings file says. Immutable.
 *
 * @param media those of the machine's own registry, parents before their children
 */
public record MachineSettings(Machine machine, List<Medium> media) {
  public MachineSettings {
    media = List.copyOf(media);
  }
}
