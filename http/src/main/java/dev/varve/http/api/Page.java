package dev.varve.http.api;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list: what comes after a cursor, at most so many. A cursor is the place in the order
 * of the list, not a number and not a thing: what is added and removed before it moves nothing, and
 * what it was made from may be gone. Immutable.
 *
 * @param limit null for all
 * @param after the key of the last thing that the client has; null for the beginning
 */
record Page(@Nullable Integer limit, @Nullable String after) {

  /** The part that a request asks for. */
  static Page of(Call call) {
    String limit = call.optional("limit");
    String after = call.optional("after");
    return new Page(
        limit == null ? null : Integer.valueOf(limit), after == null ? null : key(after));
  }

  /**
   * An answer with this part of a list, and the cursor of the next part if there is one.
   *
   * @param key where a thing stands: by these texts the list is ordered; no two are equal
   */
  <T> JsonObject json(
      String member, Stream<T> all, Function<T, String> key, Function<T, Object> json) {
    NavigableMap<String, T> rest = new TreeMap<>();
    all.forEach(each -> rest.put(key.apply(each), each));
    if (after != null) rest.headMap(after, true).clear();
    String last = "";
    var part = new JsonArray();
    for (Map.Entry<String, T> each : rest.entrySet()) {
      if (limit != null && part.size() == limit)
        return new JsonObject().put(member, part).put("next", cursor(last));
      part.add(json.apply(each.getValue()));
      last = each.getKey();
    }
    return new JsonObject().put(member, part);
  }

  private static String cursor(String key) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(key.getBytes(StandardCharsets.UTF_8));
  }

  private static String key(String cursor) {
    try {
      return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw RefusedRequest.malformed(
          "'%s' is no cursor; send the member 'next' of the part before".formatted(cursor));
    }
  }

  // ---- keys

  /** By a text, then by what no two have. */
  static String key(String text, Object id) {
    return text + '\0' + id; // less than every other character
  }

  /** By a number, which is not negative. */
  static String key(long number) {
    return "%019d".formatted(number);
  }

  /** By a moment, then by what no two have. */
  static String key(Instant moment, Object id) {
    return "%019d.%09d %s".formatted(moment.getEpochSecond(), moment.getNano(), id);
  }
}
