package dev.varve.http.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** How many questions a server gets that leaves one without an answer. */
class QuestionsTest {

  private final Questions questions = new Questions();

  private static String silence() throws IOException {
    throw new SilentServerException("the server has not answered for 8 seconds");
  }

  private static String refusal() throws IOException {
    throw new IOException("refused");
  }

  @Test
  void oneWithoutAnAnswerIsTheLast() {
    assertThrows(SilentServerException.class, () -> questions.ask(QuestionsTest::silence));

    var failure = assertThrows(IOException.class, () -> questions.ask(() -> "an answer"));

    assertTrue(failure.getMessage().startsWith("not asked for"), failure::getMessage);
  }

  @Test
  void oneThatStillWaitsIsTheLastToo() throws Exception {
    String said =
        questions.ask(
            () ->
                assertThrows(IOException.class, () -> questions.ask(() -> "an answer"))
                    .getMessage());

    assertTrue(said.startsWith("not asked for"), said);
  }

  @Test
  void aRefusalIsAnAnswer() throws Exception {
    assertThrows(IOException.class, () -> questions.ask(QuestionsTest::refusal));

    assertEquals("an answer", questions.ask(() -> "an answer"));
  }
}
