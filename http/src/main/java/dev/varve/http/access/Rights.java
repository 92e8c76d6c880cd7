package dev.varve.http.access;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.SequencedSet;

/**
 * What a client may do. Immutable.
 *
 * @param machines those that it may operate, by uuid or name; empty for every other scope
 */
public record Rights(Scope scope, SequencedSet<String> machines) {

  /** Those of the server's own user. */
  public static final Rights ALL = Rights.of(Scope.ADMIN);

  /**
   * @throws IllegalArgumentException if the scope needs machines and there are none, or the other
   *     way round; says so in words
   */
  public Rights {
    if (scope == Scope.OPERATE && machines.isEmpty())
      throw new IllegalArgumentException(
          "the scope 'operate' is for certain machines: name at least one");
    if (scope != Scope.OPERATE && !machines.isEmpty())
      throw new IllegalArgumentException(
          "the scope '%s' is for all machines: name none, or choose the scope 'operate'"
              .formatted(scope.text()));
    machines = Collections.unmodifiableSequencedSet(new LinkedHashSet<>(machines));
  }

  /** Those of a scope that is for all machines. */
  public static Rights of(Scope scope) {
    return new Rights(scope, new LinkedHashSet<>());
  }

  /** The same as the constructor. */
  public static Rights of(Scope scope, Collection<String> machines) {
    return new Rights(scope, new LinkedHashSet<>(machines));
  }

  /** {@code operate of mail, web}, or only the scope. */
  @Override
  public String toString() {
    return machines.isEmpty() ? scope.text() : scope.text() + " of " + String.join(", ", machines);
  }
}
