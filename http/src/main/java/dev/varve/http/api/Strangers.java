package dev.varve.http.api;

import dev.varve.core.log.Amount;
import dev.varve.core.log.LineLimit;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Logs requests that were refused by the access check: without a token, with too small a scope, or
 * from another site's page. There is one line a minute for each kind, with the number of requests
 * that had no line. Thread-safe.
 */
final class Strangers {

  private static final System.Logger LOG = System.getLogger(Strangers.class.getName());
  private static final long PERIOD_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final LineLimit withoutToken = new LineLimit(1, PERIOD_NANOS);
  private final LineLimit elsewhere = new LineLimit(1, PERIOD_NANOS);
  private final LongSupplier nanoClock;
  private final System.Logger log;

  Strangers(LongSupplier nanoClock) {
    this(nanoClock, LOG);
  }

  Strangers(LongSupplier nanoClock, System.Logger log) {
    this.nanoClock = nanoClock;
    this.log = log;
  }

  /**
   * A request was refused.
   *
   * @param from the client's address
   * @param request its method and path
   * @param why 401 or 403; other refusals are not logged here
   */
  void refused(String from, String request, RefusedRequest why) {
    boolean token = why.status() == 401;
    if (!token && why.status() != 403) return;
    long before = (token ? withoutToken : elsewhere).admit(nanoClock.getAsLong());
    if (before == LineLimit.KEPT_BACK) return;
    String reason = token ? "its token is missing or wrong" : why.getMessage();
    log.log(
        Level.WARNING,
        "a request was refused: "
            + reason
            + ": "
            + request
            + " from "
            + from
            + (before == 0
                ? ""
                : "; " + Amount.of(before, "other") + " since the last line like this"));
  }

  /** Logs how many had no line yet. */
  void end() {
    long more = withoutToken.rest() + elsewhere.rest();
    if (more > 0)
      log.log(
          Level.WARNING,
          Amount.of(more, "more request")
              + (more == 1 ? " was" : " were")
              + " refused since: the token was missing or wrong, its scope too small, or a page of another site sent them");
  }
}
