package dev.varve.core.settings;

import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The media that settings files name in another place than the one where they are looked for,
 * because their machines came from another folder or system. Thread safe.
 */
public final class MovedMedia {

  /**
   * What is known of one of them.
   *
   * @param location where it is registered because of this
   * @param text what to say if nothing is there
   * @param isGuess whether it was found nowhere, and is registered where it was expected
   */
  record Note(Path location, String text, boolean isGuess) {}

  /** By settings file. */
  private final Map<Path, Map<MediumId, Note>> notes = new ConcurrentHashMap<>();

  /** Replaces what is known of a settings file. */
  void put(Path settingsFile, Map<MediumId, Note> notesOfFile) {
    if (notesOfFile.isEmpty()) notes.remove(settingsFile);
    else notes.put(settingsFile, new HashMap<>(notesOfFile));
  }

  private @Nullable Note find(Medium medium) {
    for (Map<MediumId, Note> ofFile : notes.values()) {
      Note note = ofFile.get(medium.id());
      if (note != null && note.location().equals(medium.location())) return note;
    }
    return null;
  }

  /**
   * What to say of a medium whose file is not there: how its settings file names it, and where it
   * was looked for. Null if the settings file names the place where the medium is registered.
   */
  public @Nullable String note(Medium medium) {
    Note note = find(medium);
    return note == null ? null : note.text();
  }

  /** Whether where a medium is registered is a guess, and there is nothing. May look at a file. */
  public boolean isLost(Medium medium) {
    Note note = find(medium);
    return note != null && note.isGuess() && Files.notExists(medium.location());
  }
}
