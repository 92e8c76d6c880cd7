package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What the next run of Varve has to finish if this one is killed: what outlives the process, as one
 * line of the journal. The lines are a file format: older journals are read, so no line changes.
 * Immutable.
 *
 * <pre>
 * implicit MEDIUM FILE             an image that attaching made and no save has registered
 * reset FILE                       an image that is being emptied
 * importMachine FOLDER             a machine that is being made of a package
 * deleteSnapshot MACHINE SNAPSHOT  the merges of a snapshot's disks
 * mergeMedium SOURCE TARGET        a merge that was asked for by itself
 * </pre>
 */
sealed interface Unfinished {

  /** As the journal has it; {@link #of} reads it. */
  String line();

  /** The image is deleted by the next run, unless a save has registered it by then. */
  record Implicit(MediumId medium, Path file) implements Unfinished {
    private static final String WORD = "implicit";

    @Override
    public String line() {
      return WORD + " " + medium + " " + file;
    }
  }

  /** What a kill leaves beside the image is deleted by the next run. */
  record Reset(Path file) implements Unfinished {
    private static final String WORD = "reset";

    @Override
    public String line() {
      return WORD + " " + file;
    }
  }

  /** The next run deletes what was made of the machine, and its folder. */
  record Import(Path folder) implements Unfinished {
    private static final String WORD = "importMachine";

    @Override
    public String line() {
      return WORD + " " + folder;
    }
  }

  /** Work of a job, which the next run begins again. */
  sealed interface Work extends Unfinished {

    /** For people. */
    String words();
  }

  record DeleteSnapshot(MachineId machine, SnapshotId snapshot) implements Work {
    private static final String WORD = "deleteSnapshot";

    @Override
    public String line() {
      return WORD + " " + machine + " " + snapshot;
    }

    @Override
    public String words() {
      return "delete snapshot %s of machine %s".formatted(snapshot, machine);
    }
  }

  record MergeMedium(MediumId source, MediumId target) implements Work {
    private static final String WORD = "mergeMedium";

    @Override
    public String line() {
      return WORD + " " + source + " " + target;
    }

    @Override
    public String words() {
      return "merge medium %s into %s".formatted(source, target);
    }
  }

  /**
   * Reads a line of the journal.
   *
   * @throws IllegalArgumentException if no version of Varve up to this one writes such a line
   */
  static Unfinished of(String line) {
    String[] words = line.split(" ", 2);
    String rest = words.length < 2 ? "" : words[1];
    return switch (words[0]) {
      case Implicit.WORD -> {
        String[] parts = two(line, rest);
        yield new Implicit(MediumId.of(parts[0]), Path.of(parts[1]));
      }
      case Reset.WORD -> new Reset(Path.of(rest));
      case Import.WORD -> new Import(Path.of(rest));
      case DeleteSnapshot.WORD -> {
        String[] parts = two(line, rest);
        yield new DeleteSnapshot(
            new MachineId(UUID.fromString(parts[0])), new SnapshotId(UUID.fromString(parts[1])));
      }
      case MergeMedium.WORD -> {
        String[] parts = two(line, rest);
        yield new MergeMedium(MediumId.of(parts[0]), MediumId.of(parts[1]));
      }
      default -> throw unknown(line);
    };
  }

  private static String[] two(String line, String rest) {
    String[] parts = rest.split(" ", 2);
    if (parts.length < 2) throw unknown(line);
    return parts;
  }

  private static IllegalArgumentException unknown(String line) {
    return new IllegalArgumentException(
        "the journal holds unfinished work that this Varve does not know: '%s'".formatted(line));
  }
}
