package dev.varve.http.access;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the users that connect to a Unix socket may do. Without rules each may do everything, since
 * the mode of the socket's file has let it in. With rules a user has the largest scope that a rule
 * gives to it or to one of its groups; the server's own user and root may always do everything.
 * Immutable.
 *
 * @param self the user of this process
 */
public record PeerRights(int self, List<Rule> rules) {

  /** Every user that can connect may do everything. */
  public static final PeerRights OPEN = new PeerRights(0, List.of());

  private static final int ROOT = 0;

  /**
   * A rule.
   *
   * @param isGroup whether it is for the members of a group
   * @param number of the user or group
   */
  public record Rule(boolean isGroup, int number, Rights rights) {}

  public PeerRights {
    rules = List.copyOf(rules);
  }

  /** Whether a user is the server's own, or one that can become it. */
  public boolean isOwn(int user) {
    return user == self || user == ROOT;
  }

  /**
   * The rights of a user; null for none.
   *
   * @param groups of its process
   */
  public @Nullable Rights of(int user, Set<Integer> groups) {
    if (rules.isEmpty() || isOwn(user)) return Rights.ALL;
    List<Rights> given = new ArrayList<>();
    for (Rule rule : rules)
      if (rule.isGroup() ? groups.contains(rule.number()) : user == rule.number())
        given.add(rule.rights());
    return given.isEmpty() ? null : largest(given);
  }

  private static Rights largest(List<Rights> given) {
    Scope scope = Scope.METRICS;
    for (Rights rights : given) if (rights.scope().includes(scope)) scope = rights.scope();
    SequencedSet<String> machines = new LinkedHashSet<>();
    for (Rights rights : given) if (rights.scope() == scope) machines.addAll(rights.machines());
    return new Rights(scope, machines);
  }
}
