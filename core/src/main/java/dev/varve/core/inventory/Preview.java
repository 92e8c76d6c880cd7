package dev.varve.core.inventory;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an operation would do. Immutable.
 *
 * @param summary one sentence
 * @param changes sentences, in the order in which they would come true
 * @param files those that would come, change and go; the order says nothing
 * @param freedBytes what the host gets back at most: where images are merged or emptied, what moves
 *     into the image that stays, and what an empty image takes, is not given back
 * @param neededBytes the room that the operation may need on the host until it has ended, at most
 * @param irreversible whether contents, a snapshot or unsaved changes are lost that no other
 *     operation brings back
 */
public record Preview(
    String summary,
    List<String> changes,
    List<File> files,
    long freedBytes,
    long neededBytes,
    boolean irreversible) {

  public Preview {
    changes = List.copyOf(changes);
    files = List.copyOf(files);
  }

  /** What would become of a file. */
  public enum Action {
    DELETED("deleted"),
    CREATED("created"),
    REWRITTEN("rewritten"),
    MOVED("moved");

    private final String text;

    Action(String text) {
      this.text = text;
    }

    /** Its word in the API, and in sentences. */
    public String text() {
      return text;
    }
  }

  /**
   * A file.
   *
   * @param location of a new image to which Varve gives a name: one such name; the operation
   *     chooses another
   * @param bytes of a deleted one what that gives back, else what it takes on the host now; null if
   *     there is no such file yet
   */
  public record File(Path location, Action action, @Nullable Long bytes) {}
}
