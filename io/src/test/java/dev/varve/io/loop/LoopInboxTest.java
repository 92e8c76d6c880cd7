package dev.varve.io.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoopInboxTest {

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final List<Integer> turns = new ArrayList<>();
  private final List<Integer> taken = new ArrayList<>();
  private final LoopInbox<Integer> inbox = new LoopInbox<>(channel.eventLoop(), this::turn);

  private void turn() {
    int before = taken.size();
    inbox.take(taken::add);
    turns.add(taken.size() - before);
  }

  @Test
  void requestsThatComeTogetherAreTakenInOneTurn() {
    for (int i = 0; i < 3; i++) inbox.put(i);
    assertEquals(List.of(), turns);

    channel.runPendingTasks();

    assertEquals(List.of(3), turns);
    assertEquals(List.of(0, 1, 2), taken);
  }

  @Test
  void loopDoesOtherThingsBetweenTurnsOfManyRequests() {
    for (int i = 0; i < 300; i++) inbox.put(i);
    channel.eventLoop().execute(() -> turns.add(-1));

    channel.runPendingTasks();

    assertEquals(List.of(256, -1, 44), turns);
    assertEquals(300, taken.size());
  }
}
