package dev.varve.http.api;

import dev.varve.core.hash.Sha256;
import dev.varve.core.medium.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Requests that a client may send again because it has not heard the answer: with the header {@code
 * Idempotency-Key} the work is done once, and each repetition gets the first answer, also while the
 * first still runs. A refusal is forgotten: it has changed nothing, and may be tried again.
 *
 * <p>What is kept is bounded in time, number and bytes, for each client apart, so that one cannot
 * push out the answers of another; it ends with the process. Thread-safe; nothing waits.
 */
final class RepeatedRequests {

  /** The header of requests. */
  static final String KEY = "Idempotency-Key";

  /** The header of an answer that was given before. */
  static final String REPEATED = "Idempotency-Replayed";

  private static final long KEPT_NANOS = TimeUnit.DAYS.toNanos(1);

  /**
   * How much is kept.
   *
   * @param answers of each client
   * @param bytes of each client's answers together; one answer may be longer
   * @param clients whose answers are kept
   */
  record Limits(int answers, long bytes, int clients) {
    static final Limits USUAL = new Limits(1000, 2 << 20, 32);
  }

  private final Limits limits;
  private final LongSupplier nanoClock;

  /** By client, the one that asked longest ago first. Guarded by this. */
  private final Map<String, Kept> clients = new LinkedHashMap<>(16, 0.75f, true);

  RepeatedRequests(Limits limits, LongSupplier nanoClock) {
    this.limits = limits;
    this.nanoClock = nanoClock;
  }

  /** A request that has a key. */
  private static final class First {
    final String request;
    final Future<Answer> answer;
    final long sinceNanos;
    long bytes;

    First(String request, Future<Answer> answer, long sinceNanos) {
      this.request = request;
      this.answer = answer;
      this.sinceNanos = sinceNanos;
    }
  }

  /** What is kept for one client, the oldest first. */
  private static final class Kept {
    final Map<String, First> byKey = new LinkedHashMap<>();
    long bytes;
  }

  /**
   * The answer to a request.
   *
   * @param client who asks, as far as it was made sure
   * @param key which the client has chosen
   * @param request what is asked for, see {@link #text}
   * @param work does it
   * @throws RefusedRequest if the key was used for another request
   */
  Future<Answer> answer(String client, String key, String request, Supplier<Future<Answer>> work) {
    synchronized (this) {
      Kept kept = clients.computeIfAbsent(client, _ -> new Kept());
      forgetOld(kept);
      First first = kept.byKey.get(key);
      if (first != null) return repeated(first, key, request);
      Future<Answer> answer = begun(work); // nothing here waits for its end
      first = new First(request, answer, nanoClock.getAsLong());
      kept.byKey.put(key, first);
      First begun = first;
      answer.onComplete(_ -> ended(client, kept, key, begun));
      makeRoom(kept);
      return answer;
    }
  }

  private static Future<Answer> begun(Supplier<Future<Answer>> work) {
    try {
      return work.get();
    } catch (RuntimeException refused) {
      return Future.failedFuture(refused);
    }
  }

  private static Future<Answer> repeated(First first, String key, String request) {
    if (!first.request.equals(request))
      throw new RefusedRequest(
          ProblemType.KEY_REUSED,
          ErrorCode.E_INVALIDARG,
          "the key '%s' was used for another request; send each request with a key of its own"
              .formatted(key));
    return first.answer.map(answer -> answer.with(REPEATED, "true"));
  }

  private synchronized void ended(String client, Kept kept, String key, First first) {
    if (kept.byKey.get(key) != first) return;
    Answer answer = first.answer.result();
    if (answer == null || answer.stream() != null) {
      kept.byKey.remove(key);
      if (kept.byKey.isEmpty()) clients.remove(client, kept);
      return;
    }
    first.bytes = (long) key.length() + (answer.body() == null ? 0 : answer.body().length());
    kept.bytes += first.bytes;
    makeRoom(kept);
  }

  private void forgetOld(Kept kept) {
    long now = nanoClock.getAsLong();
    forget(kept, first -> now - first.sinceNanos > KEPT_NANOS);
  }

  /** Forgets the oldest answers; a request that still runs is never forgotten. */
  private void makeRoom(Kept kept) {
    forget(kept, _ -> kept.byKey.size() > limits.answers() || kept.bytes > limits.bytes());
    Iterator<Kept> all = clients.values().iterator();
    while (clients.size() > limits.clients() && all.hasNext()) {
      Kept oldest = all.next();
      if (oldest.byKey.values().stream().allMatch(first -> first.answer.isComplete())) all.remove();
    }
  }

  private static void forget(Kept kept, Predicate<First> isToGo) {
    Iterator<First> oldest = kept.byKey.values().iterator();
    while (oldest.hasNext()) {
      First first = oldest.next();
      if (!isToGo.test(first)) return;
      if (!first.answer.isComplete()) continue;
      kept.bytes -= first.bytes;
      oldest.remove();
    }
  }

  /** What a request asks for, as a short text that no other request has. */
  static String text(HttpServerRequest request, Buffer body) {
    String head =
        "%s\0%s\0%s\0"
            .formatted(
                request.uri(), header(request, "Varve-Session"), header(request, "If-Match"));
    return Base64.getEncoder()
        .encodeToString(Sha256.of(head.getBytes(StandardCharsets.UTF_8), body.getBytes()));
  }

  private static String header(HttpServerRequest request, String name) {
    return Objects.requireNonNullElse(request.getHeader(name), "");
  }
}
