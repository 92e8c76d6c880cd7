package dev.varve.http.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.varve.http.access.PeerRights.Rule;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PeerRightsTest {

  private static final Rights READ = Rights.of(Scope.READ);

  private static Rule user(int number, Rights rights) {
    return new Rule(false, number, rights);
  }

  private static Rule group(int number, Rights rights) {
    return new Rule(true, number, rights);
  }

  private static Rights operate(String... machines) {
    return Rights.of(Scope.OPERATE, List.of(machines));
  }

  @Test
  void withoutRulesThoseThatConnectMayDoEverything() {
    assertEquals(Rights.ALL, PeerRights.OPEN.of(1000, Set.of(1000)));
  }

  @Test
  void withRulesOnlyTheServersUserAndRootNeedNone() {
    var peers = new PeerRights(500, List.of(user(1000, READ)));

    assertEquals(Rights.ALL, peers.of(500, Set.of(500)));
    assertEquals(Rights.ALL, peers.of(0, Set.of(0)));
    assertEquals(READ, peers.of(1000, Set.of()));
    assertNull(peers.of(1001, Set.of(1000, 0, 500)));
  }

  @Test
  void theLargestScopeHoldsAndMachinesAddUp() {
    var peers =
        new PeerRights(
            500,
            List.of(
                group(7, operate("mail")),
                group(8, READ),
                user(1000, operate("web")),
                group(9, Rights.ALL)));

    assertEquals(operate("mail", "web"), peers.of(1000, Set.of(7, 8)));
    assertEquals(operate("web"), peers.of(1000, Set.of()));
    assertEquals(READ, peers.of(1001, Set.of(8)));
    assertEquals(Rights.ALL, peers.of(1000, Set.of(7, 9)));
    assertNull(peers.of(7, Set.of(1000)));
  }
}
