package dev.varve.http.config;

import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration of a running server again. Parts of the server take the values that they
 * can change; the log tells which changed, and which need a restart. A file that is wrong changes
 * nothing. Thread-safe; blocks.
 *
 * @param <O> the options as a command reads them
 */
public final class Reload<O> {

  private static final System.Logger LOG = System.getLogger(Reload.class.getName());

  /** Reads the configuration again. */
  public interface Source<O> {
    /**
     * @throws IOException it cannot be used
     */
    Reading<O> read() throws IOException;
  }

  /**
   * A configuration.
   *
   * @param values as they are written, by their keys
   */
  public record Reading<O>(O options, Map<String, String> values) {
    public Reading {
      values = Map.copyOf(values);
    }
  }

  /** A part of the server that can take new values while it runs. */
  public interface Part<O> {
    /**
     * Takes them.
     *
     * @throws IOException it keeps the old ones
     */
    void take(O options) throws IOException;
  }

  private record Listening<O>(Set<String> keys, boolean always, Part<O> part) {}

  private final Source<O> source;
  private final Map<String, String> current;
  private final List<Listening<O>> parts = new ArrayList<>();

  /**
   * @param current what counts now
   */
  public Reload(Source<O> source, Map<String, String> current) {
    this.source = source;
    this.current = new LinkedHashMap<>(current);
  }

  /** Tells a part when one of these keys has changed. */
  public synchronized Reload<O> on(Set<String> keys, Part<O> part) {
    parts.add(new Listening<>(Set.copyOf(keys), false, part));
    return this;
  }

  /**
   * Tells a part at each reload: the files that these keys name may have changed, if the keys have
   * not.
   */
  public synchronized Reload<O> always(Set<String> keys, Part<O> part) {
    parts.add(new Listening<>(Set.copyOf(keys), true, part));
    return this;
  }

  /**
   * Reads the configuration, and has the parts take what has changed.
   *
   * @throws IOException what is wrong, in words; without a new value if the file is wrong, with
   *     those of other parts if a part cannot take its own
   */
  public synchronized void run() throws IOException {
    Reading<O> now = source.read();
    Set<String> changed = changed(now.values());
    Set<String> taken = new LinkedHashSet<>();
    List<String> problems = new ArrayList<>();
    for (Listening<O> each : parts) {
      boolean concerned = each.always() || each.keys().stream().anyMatch(changed::contains);
      if (!concerned) continue;
      try {
        each.part().take(now.options());
        taken.addAll(each.keys());
      } catch (IOException e) {
        problems.add(FailureWords.of(e));
        changed.removeAll(each.keys());
      }
    }
    LOG.log(
        Level.INFO, "the configuration is read again: {0}", words(changed, taken, now.values()));
    for (String key : taken) put(key, now.values().get(key));
    if (!problems.isEmpty()) throw new IOException(String.join("; ", problems));
  }

  private Set<String> changed(Map<String, String> values) {
    Set<String> keys = new LinkedHashSet<>(current.keySet());
    keys.addAll(values.keySet());
    keys.removeIf(key -> Objects.equals(current.get(key), values.get(key)));
    return keys;
  }

  private String words(Set<String> changed, Set<String> taken, Map<String, String> values) {
    if (changed.isEmpty()) return "no value has changed";
    return changed.stream()
        .sorted()
        .map(
            key ->
                taken.contains(key)
                    ? "%s is %s now".formatted(key, values.getOrDefault(key, "the usual one"))
                    : key + " has changed, which needs a restart")
        .collect(Collectors.joining("; "));
  }

  private void put(String key, @Nullable String value) {
    if (value == null) current.remove(key);
    else current.put(key, value);
  }
}
