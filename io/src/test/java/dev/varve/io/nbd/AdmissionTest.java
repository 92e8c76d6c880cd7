package dev.varve.io.nbd;

import static dev.varve.io.nbd.Admission.Answer.ADMITTED;
import static dev.varve.io.nbd.Admission.Answer.REFUSED;
import static dev.varve.io.nbd.Admission.Answer.SENT_AWAY;
import static dev.varve.io.nbd.Admission.Answer.WAITS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Said;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who may come in, and what the log says of those who may not. */
class AdmissionTest {

  private static final int LOW = 20;
  private static final int HIGH = 150;
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Said log = new Said();
  private final Admission admission =
      new Admission(NbdLimits.DEFAULT.clients(2, Duration.ZERO).descriptors(HIGH, 1), log);

  @Test
  void asManyAsTheLimitComeInAndTheNextOneWhenOneHasGone() {
    assertEquals(ADMITTED, admission.ask(LOW, 0));
    assertEquals(ADMITTED, admission.ask(LOW, 0));
    assertEquals(WAITS, admission.ask(LOW, 0));
    assertEquals(REFUSED, admission.askAgain(LOW, 0));
    admission.left(REFUSED);

    admission.left(ADMITTED);

    assertEquals(ADMITTED, admission.ask(LOW, 0));
    assertEquals(1, admission.refused());
  }

  @Test
  void oneThatComesWhileAnotherIsLeavingIsAdmittedWhenItSpeaks() {
    admission.ask(LOW, 0);
    admission.ask(LOW, 0);
    assertEquals(WAITS, admission.ask(LOW, 0));

    admission.left(ADMITTED);

    assertEquals(ADMITTED, admission.askAgain(LOW, 0));
    assertEquals(0, admission.refused());
    assertEquals(WAITS, admission.ask(LOW, 0));
  }

  @Test
  void aDescriptorThatIsKeptForOtherThingsIsNoClientsAndTakesNoPlace() {
    assertEquals(WAITS, admission.ask(HIGH, 0));
    assertEquals(ADMITTED, admission.ask(HIGH - 1, 0));
    assertEquals(ADMITTED, admission.ask(-1, 0));
  }

  @Test
  void onlyAFewAtATimeAreToldAndTheOthersAreSentAway() {
    for (int i = 0; i < 8; i++) assertEquals(WAITS, admission.ask(HIGH, 0));
    assertEquals(SENT_AWAY, admission.ask(HIGH, 0));
    admission.left(SENT_AWAY);
    assertEquals(SENT_AWAY, admission.ask(HIGH, 0));

    admission.left(admission.askAgain(HIGH, 0));

    assertEquals(WAITS, admission.ask(HIGH, 0));
  }

  @Test
  void aBurstIsALineAMinuteAndOneWhenItIsOver() {
    for (int second = 0; second <= 60; second++) refused(second);
    admission.left(admission.ask(LOW, 65 * SECOND));
    admission.left(admission.ask(LOW, 70 * SECOND));
    admission.left(admission.ask(LOW, 71 * SECOND));
    refused(200);
    admission.end();

    assertEquals(5, log.lines().size(), log.lines()::toString);
    assertLine(0, "WARNING NBD clients are refused: all file descriptors below 150 are in use");
    assertTrue(log.lines().get(1).endsWith("; 59 more since the last such line"));
    assertLine(2, "INFO NBD clients are accepted again; refused: 61");
    assertLine(3, "WARNING NBD clients are refused: ");
    assertLine(4, "INFO NBD clients are accepted again; refused: 1");
  }

  @Test
  void theLineSaysWhichLimitItIs() {
    admission.ask(LOW, 0);
    admission.ask(LOW, 0);
    admission.ask(LOW, 0);
    admission.askAgain(LOW, 0);

    assertLine(0, "WARNING NBD clients are refused: 2 clients are connected, as many as");
  }

  private void refused(int second) {
    admission.ask(HIGH, second * SECOND);
    admission.left(admission.askAgain(HIGH, second * SECOND));
  }

  private void assertLine(int index, String start) {
    assertTrue(log.lines().get(index).startsWith(start), log.lines()::toString);
  }
}
