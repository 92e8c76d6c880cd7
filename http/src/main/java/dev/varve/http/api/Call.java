package dev.varve.http.api;

import dev.varve.core.machine.Slot;
import dev.varve.http.access.Grant;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request that was checked against the document: parameters and members that a handler asks for
 * exist and have the right type. Immutable.
 *
 * @param parameters those of path, query and header that have a value
 * @param body empty if the operation has none
 * @param caller the program that sends the request, as text
 * @param grant the rights that it comes with
 */
record Call(
    Operation operation,
    Map<String, String> parameters,
    JsonObject body,
    String caller,
    Grant grant) {

  // ---- parameters

  String text(String parameter) {
    String value = parameters.get(parameter);
    if (value == null) throw new IllegalStateException("no parameter " + parameter);
    return value;
  }

  @Nullable String optional(String parameter) {
    return parameters.get(parameter);
  }

  /** Whether a request that filters by this parameter wants what has this value. */
  boolean matches(String parameter, String value) {
    String wanted = parameters.get(parameter);
    return wanted == null || wanted.equals(value);
  }

  /** Whether a request that filters by this parameter wants what has this name. */
  boolean isPartOf(String parameter, String name) {
    String wanted = parameters.get(parameter);
    return wanted == null
        || name.toLowerCase(Locale.ROOT).contains(wanted.toLowerCase(Locale.ROOT));
  }

  /** The texts of a list; null if the request has none. */
  @Nullable Set<String> list(String parameter) {
    String value = parameters.get(parameter);
    return value == null ? null : Set.copyOf(List.of(value.split(",")));
  }

  int number(String parameter) {
    return Integer.parseInt(text(parameter));
  }

  long longNumber(String parameter) {
    return Long.parseLong(text(parameter));
  }

  boolean flag(String parameter) {
    return Boolean.parseBoolean(text(parameter));
  }

  /** Whether the call only asks what the operation would do. */
  boolean isDryRun() {
    return Boolean.parseBoolean(parameters.get("dryRun"));
  }

  /** The slot that the path names. */
  Slot slot() {
    return new Slot(text("controller"), number("port"), number("device"));
  }

  /** The header; null if the request has none. */
  @Nullable String ifMatch() {
    return parameters.get("If-Match");
  }

  /** The same call with another value of a parameter that it has. */
  Call with(String parameter, String value) {
    Map<String, String> changed = new HashMap<>(parameters);
    changed.put(parameter, value);
    return new Call(operation, Map.copyOf(changed), body, caller, grant);
  }

  // ---- members of the body

  /** The same call with another value of a member that it has. */
  Call withMember(String member, String value) {
    return new Call(operation, parameters, body.copy().put(member, value), caller, grant);
  }

  boolean has(String member) {
    return body.containsKey(member);
  }

  String textMember(String member) {
    return body.getString(member);
  }

  @Nullable String textOrNull(String member) {
    return body.getString(member);
  }

  boolean flagMember(String member) {
    return body.getBoolean(member);
  }

  Path pathMember(String member) {
    return Path.of(body.getString(member));
  }

  /** Slots; a device that is not named is device 0. */
  Set<Slot> slotsMember(String member) {
    Set<Slot> slots = new LinkedHashSet<>();
    for (Object each : body.getJsonArray(member)) {
      var slot = (JsonObject) each;
      slots.add(
          new Slot(
              slot.getString("controller"), slot.getInteger("port"), slot.getInteger("device", 0)));
    }
    return slots;
  }

  int intMember(String member) {
    return Math.toIntExact(longMember(member));
  }

  /** How long a session or lock lasts without being renewed. */
  Duration lease() {
    return Duration.ofSeconds(intMember("leaseSeconds"));
  }

  /** A whole number; the schema lets 1e3 pass, which is one too. */
  long longMember(String member) {
    try {
      return new BigDecimal(body.getNumber(member).toString()).longValueExact();
    } catch (ArithmeticException e) {
      throw RefusedRequest.malformed(
          "'%s' of the body is %s, which is not a whole number of 64 bits"
              .formatted(member, body.getNumber(member)));
    }
  }

  /** The value of an enum that has this text. */
  <E extends Enum<E>> E enumMember(String member, Class<E> type, Function<E, String> text) {
    return valueOf(body.getString(member), type, text);
  }

  static <E extends Enum<E>> E valueOf(String wanted, Class<E> type, Function<E, String> text) {
    for (E value : type.getEnumConstants()) if (text.apply(value).equals(wanted)) return value;
    throw new IllegalStateException("no " + type.getSimpleName() + " " + wanted);
  }
}
