package dev.varve.core.settings;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The folder in which Varve keeps what it knows between two runs: the list of machines, the global
 * media registry, and the journal. Machines that Varve creates have their folders in it; others are
 * listed by their settings files.
 *
 * <p>A {@link Change} of several files happens as a whole or not at all, also if the process is
 * killed in the middle: opening the folder finishes or undoes what it finds half done.
 */
public final class StateFolder implements AutoCloseable {

  /**
   * What opening the folder found.
   *
   * @param machines the settings files of the listed machines
   * @param globalMedia the media of no machine's registry, parents first
   * @param unfinished what {@link Change#begin} was given of changes that neither were committed
   *     nor rolled back: to be done again by whoever began it
   */
  public record Contents(List<Path> machines, List<Medium> globalMedia, List<String> unfinished) {}

  /** What is left to do with an image file once the decision is durable. May be done twice. */
  public sealed interface FileStep {
    record Delete(Path image) implements FileStep {}

    record Reparent(Path image, Path parent) implements FileStep {}

    record MakeBase(Path image) implements FileStep {}
  }

  /** Several files that change together. */
  public interface Change {
    /**
     * Decides: makes the new contents durable, carries out the steps, and ends the change. After a
     * crash in the middle the next {@link StateFolder#open} does the rest.
     *
     * @param saved machines whose settings files are replaced (the previous one is kept as {@code
     *     NAME.vbox-prev})
     * @param machines the list of machines from now on
     * @param globalMedia the global registry from now on
     * @param steps in this order, after the settings
     */
    void commit(
        List<MachineSettings> saved,
        List<Path> machines,
        List<Medium> globalMedia,
        List<FileStep> steps)
        throws IOException;

    /** Gives up: deletes the files that were to be created. */
    void rollBack() throws IOException;
  }

  /**
   * Opens the folder, makes it if it is missing, locks it against other processes, and finishes or
   * undoes what a crash left half done.
   *
   * @throws SettingsException if one of its own files is damaged; nothing is changed
   */
  public static StateFolder open(Path folder, ImageFiles images) throws IOException {
    throw new UnsupportedOperationException();
  }

  public Contents contents() {
    throw new UnsupportedOperationException();
  }

  /**
   * Reads a machine's settings file.
   *
   * @throws SettingsException if it is damaged, or breaks a rule of the model
   */
  public MachineSettings read(Path settingsFile) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Where the settings file of a new machine of this name goes. */
  public Path newMachineFile(MachineId id, String name) {
    throw new UnsupportedOperationException();
  }

  /**
   * Begins a change.
   *
   * @param creates image files that will be made for it; deleted if it is not committed
   * @param unfinished a line that {@link Contents#unfinished} gives back if the process is killed
   *     before it is committed or rolled back; empty if there is nothing to do again
   */
  public Change begin(List<Path> creates, String unfinished) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
