package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.medium.ErrorCode;
import dev.varve.core.testing.Said;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StrangersTest {

  private final Said said = new Said();
  private long now;
  private final Strangers strangers = new Strangers(() -> now, said);

  @Test
  void ofRequestsWithoutTheTokenThereIsOneLineAMinuteWithTheirNumber() {
    for (int second = 0; second < 61; second++) {
      for (int i = 0; i < 10; i++) refused(401, "this request needs the header 'Authorization'");
      now += TimeUnit.SECONDS.toNanos(1);
    }
    strangers.end();
    strangers.end();

    assertEquals(
        List.of(
            "WARNING a request was refused: its token is missing or wrong: GET /api/v1/machines"
                + " from 127.0.0.1:4711",
            "WARNING a request was refused: its token is missing or wrong: GET /api/v1/machines"
                + " from 127.0.0.1:4711; 599 others since the last line like this",
            "WARNING 9 more requests were refused since: the token was missing or wrong, its scope too"
                + " small, or a page of another site sent them"),
        said.lines());
  }

  @Test
  void aPageOfAnotherSiteIsToldBesides() {
    refused(401, "this request needs the header 'Authorization'");
    refused(403, "the request comes from a web page of 'http://evil'");

    assertEquals(
        "WARNING a request was refused: the request comes from a web page of 'http://evil': GET"
            + " /api/v1/machines from 127.0.0.1:4711",
        said.lines().getLast());
  }

  @Test
  void aMistakeOfAClientIsItsOwnAffair() {
    refused(400, "wrong");
    refused(404, "nothing there");

    assertEquals(List.of(), said.lines());
  }

  private void refused(int status, String why) {
    strangers.refused(
        "127.0.0.1:4711",
        "GET /api/v1/machines",
        new RefusedRequest(status, ErrorCode.E_ACCESSDENIED, why));
  }
}
