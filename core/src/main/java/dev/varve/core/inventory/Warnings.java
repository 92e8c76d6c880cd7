package dev.varve.core.inventory;

import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is wrong at the moment and stays wrong until something changes: a step of a change that
 * cannot be carried out yet, a settings file that another program has changed, a disk that takes no
 * more writes, a state folder that cannot be written. A warning never stands in the way of other
 * work; it is shown until it is cleared.
 *
 * <p>Each is logged once when it appears and once when it has gone. Thread safe; no method blocks.
 */
public final class Warnings {

  private static final System.Logger LOG = OperationLog.of(Warnings.class);

  /** What a warning is about. */
  public enum Kind {
    /** A decided change has a step that fails; it is tried again. */
    STUCK_STEP("stuckStep", true),
    /** Another program has changed a settings file in a way that contradicts what is open here. */
    CHANGED_OUTSIDE("changedOutside", false),
    /** The state folder is full, read-only or gone. */
    STATE_FOLDER("stateFolder", true),
    /** A machine that starts with the server has not started. */
    NOT_STARTED("notStarted", false),
    /** Another program has changed a file of a running machine's disk, or it has lost writes. */
    BROKEN_DISK("brokenDisk", true),
    /** The configuration file is wrong now; what was read before goes on to count. */
    CONFIGURATION("configuration", false),
    /** New certificates cannot be used: the server goes on with the old ones. */
    CERTIFICATE("certificate", false);

    private final String text;
    private final boolean blocksReadiness;

    Kind(String text, boolean blocksReadiness) {
      this.text = text;
      this.blocksReadiness = blocksReadiness;
    }

    /** The kind's name in JSON and in metrics. */
    public String text() {
      return text;
    }

    /** Whether the server does not call itself ready while there is such a warning. */
    public boolean blocksReadiness() {
      return blocksReadiness;
    }
  }

  /**
   * One warning.
   *
   * @param subject the file, folder, machine or disk that it is about; one warning of a kind for
   *     each
   * @param text what is wrong and what to do, one line
   * @param since when it appeared
   */
  public record Warning(Kind kind, String subject, String text, Instant since) {}

  private record Key(Kind kind, String subject) {}

  private final InstantSource clock;
  private final Map<Key, Warning> present = new LinkedHashMap<>();

  Warnings(InstantSource clock) {
    this.clock = clock;
  }

  /** Adds a warning, or gives the one about this subject a new text. */
  public synchronized void raise(Kind kind, String subject, String text) {
    var key = new Key(kind, subject);
    Warning before = present.get(key);
    if (before != null && before.text().equals(text)) return;
    Instant since = before == null ? clock.instant() : before.since();
    present.put(key, new Warning(kind, subject, text, since));
    LOG.log(Level.WARNING, "{0}", text);
  }

  /** Removes the warning about this subject; does nothing if there is none. */
  public synchronized void clear(Kind kind, String subject) {
    Warning gone = present.remove(new Key(kind, subject));
    if (gone != null) LOG.log(Level.INFO, "no longer a problem: {0}", gone.text());
  }

  /** Makes these the only warnings of a kind; their texts by their subjects. */
  synchronized void replace(Kind kind, Map<String, String> texts) {
    List<Key> gone =
        present.keySet().stream()
            .filter(key -> key.kind() == kind && !texts.containsKey(key.subject()))
            .toList();
    for (Key key : gone) clear(kind, key.subject());
    texts.forEach((subject, text) -> raise(kind, subject, text));
  }

  /** Whether there is a warning about this subject. */
  synchronized boolean has(Kind kind, String subject) {
    return present.containsKey(new Key(kind, subject));
  }

  /** The text of the warning about this subject, or none. */
  synchronized List<String> about(Kind kind, String subject) {
    Warning present = this.present.get(new Key(kind, subject));
    return present == null ? List.of() : List.of(present.text());
  }

  /** All warnings of the moment, oldest first. */
  public synchronized List<Warning> all() {
    return new ArrayList<>(present.values());
  }
}
