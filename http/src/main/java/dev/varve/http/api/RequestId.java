package dev.varve.http.api;

import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a request is called in answers and in the log: as the client calls it, else a name of its
 * own. A name that could be taken for something else in the log is not taken from a client.
 * Immutable.
 *
 * @param trace the trace that the request is a part of, by W3C Trace Context; null for none
 */
record RequestId(String id, @Nullable String trace) {

  /** The header of requests and answers. */
  static final String HEADER = "X-Request-Id";

  private static final Pattern ID = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._=-]{0,63}");

  /** Version, trace, span, flags; later versions may have more. */
  private static final Pattern TRACE =
      Pattern.compile(
          "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[ -~]*)?");

  /** Makes names. Thread-safe. */
  static final class Names {
    private final String run;
    private final AtomicLong last = new AtomicLong();

    /**
     * @param run names this run of the server: digits and small letters
     */
    Names(String run) {
      this.run = run;
    }

    String next() {
      return run + "-" + Long.toString(last.incrementAndGet(), 36);
    }
  }

  /** The id of a request that has just come; its answer has it from now on. */
  static RequestId begun(HttpServerRequest request, Names names) {
    List<String> given = request.headers().getAll(HEADER);
    boolean usable = given.size() == 1 && ID.matcher(given.getFirst()).matches();
    var id = new RequestId(usable ? given.getFirst() : names.next(), trace(request));
    request.response().putHeader(HEADER, id.id());
    return id;
  }

  /** The id of a request that {@link #begun} has seen. */
  static RequestId of(HttpServerRequest request) {
    String id = request.response().headers().get(HEADER);
    return new RequestId(id == null ? "unknown" : id, trace(request));
  }

  private static @Nullable String trace(HttpServerRequest request) {
    return trace(request.headers().getAll("traceparent"));
  }

  /** The trace of a header that was given once, and is one. */
  static @Nullable String trace(List<String> given) {
    if (given.size() != 1) return null;
    Matcher parts = TRACE.matcher(given.getFirst());
    return parts.matches() ? parts.group(1) : null;
  }

  /** For the log. */
  String cause() {
    return "request " + id + (trace == null ? "" : ", trace " + trace);
  }

  /** As a URI. */
  String uri() {
    return "request:" + id;
  }
}
