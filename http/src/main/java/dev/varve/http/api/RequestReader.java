package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import dev.varve.http.access.Grant;
import dev.varve.http.api.Operation.Body;
import dev.varve.http.api.Operation.Kind;
import dev.varve.http.api.Operation.Parameter;
import dev.varve.http.api.Operation.Place;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes a call of a request, and refuses a request that does not match its operation. */
final class RequestReader {

  private RequestReader() {}

  /**
   * @param body what was sent; null for nothing
   * @param grant the rights that the request comes with
   * @throws RefusedRequest if something is missing, unknown or wrong
   */
  static Call read(
      Operation operation, RoutingContext context, @Nullable Buffer body, Grant grant) {
    MultiMap query = query(context);
    refuseUnknown(operation, query);
    Map<String, String> values = new HashMap<>();
    for (Parameter parameter : operation.parameters()) {
      String value = value(parameter, context, query);
      if (value != null) values.put(parameter.name(), value);
    }
    return new Call(
        operation,
        Map.copyOf(values),
        members(operation, context, body),
        RequestSource.of(context.request()),
        grant);
  }

  private static MultiMap query(RoutingContext context) {
    try {
      return context.queryParams();
    } catch (RuntimeException e) { // of any kind: the decoder does not say which
      throw RefusedRequest.malformed("the query cannot be decoded; percent-encode it");
    }
  }

  private static void refuseUnknown(Operation operation, MultiMap query) {
    for (String name : query.names()) {
      if (operation.parameters().stream()
          .noneMatch(p -> p.place() == Place.QUERY && p.name().equals(name))) {
        throw RefusedRequest.malformed(
            "%s has no parameter '%s'; it can have %s"
                .formatted(operation.id(), name, names(operation)));
      }
    }
  }

  private static String names(Operation operation) {
    String names =
        operation.parameters().stream()
            .filter(p -> p.place() == Place.QUERY)
            .map(Parameter::name)
            .collect(Collectors.joining(", "));
    return names.isEmpty() ? "none" : names;
  }

  private static @Nullable String value(
      Parameter parameter, RoutingContext context, MultiMap query) {
    List<String> given =
        switch (parameter.place()) {
          case PATH -> List.of(context.pathParam(parameter.name()));
          case QUERY -> query.getAll(parameter.name());
          case HEADER -> context.request().headers().getAll(parameter.name());
        };
    if (given.isEmpty()) return parameter.usual();
    if (given.size() > 1)
      throw RefusedRequest.malformed(
          "the parameter '%s' is given %d times; give it once"
              .formatted(parameter.name(), given.size()));
    String thing = "the parameter '" + parameter.name() + "'";
    String complaint = parameter.check().complaint(thing, typed(parameter, given.getFirst()));
    if (complaint != null) throw RefusedRequest.malformed(complaint);
    return given.getFirst();
  }

  private static Object typed(Parameter parameter, String text) {
    if (parameter.kind() == Kind.INTEGER && text.matches("-?[0-9]{1,9}"))
      return Integer.valueOf(text);
    if (parameter.kind() == Kind.INTEGER && text.matches("-?[0-9]{10,18}"))
      return Long.valueOf(text);
    if (parameter.kind() == Kind.BOOLEAN && (text.equals("true") || text.equals("false")))
      return Boolean.valueOf(text);
    if (parameter.kind() == Kind.LIST) return new JsonArray(List.of(text.split(",", -1)));
    return text; // of a wrong kind the schema complains
  }

  private static JsonObject members(
      Operation operation, RoutingContext context, @Nullable Buffer sent) {
    Body body = operation.body();
    boolean empty = sent == null || sent.length() == 0;
    if (body == null) {
      if (!empty)
        throw RefusedRequest.malformed(
            operation.id() + " takes no body; send the request without one");
      return new JsonObject();
    }
    if (empty && !body.required()) return body.usual().copy();
    if (sent == null || empty)
      throw RefusedRequest.malformed(operation.id() + " needs a body, a JSON object");
    checkContentType(context.request().getHeader("Content-Type"));
    Object value = decoded(sent);
    String complaint = body.check().complaint("the body", value);
    if (complaint != null) throw RefusedRequest.malformed(complaint);
    JsonObject members = body.usual().copy().mergeIn((JsonObject) value);
    members.forEach(member -> refuseHalfCharacters(member.getKey(), member.getValue()));
    return members;
  }

  /** JSON can have them; file names and settings files cannot, and a schema cannot express that. */
  private static void refuseHalfCharacters(String member, @Nullable Object value) {
    switch (value) {
      case String text when hasHalfCharacters(text) ->
          throw RefusedRequest.malformed(
              "'%s' of the body has half of a surrogate pair in it".formatted(member));
      case JsonObject object ->
          object.forEach(each -> refuseHalfCharacters(member, each.getValue()));
      case JsonArray array -> array.forEach(each -> refuseHalfCharacters(member, each));
      case null, default -> {}
    }
  }

  private static boolean hasHalfCharacters(String text) {
    return text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  private static void checkContentType(@Nullable String type) {
    String bare = type == null ? "" : type.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
    if (!bare.equals("application/json"))
      throw new RefusedRequest(
          415,
          ErrorCode.E_INVALIDARG,
          "the body must be application/json, and its Content-Type is %s; set the header Content-Type"
              .formatted(type == null ? "nothing" : "'" + type + "'"));
  }

  private static Object decoded(Buffer sent) {
    try {
      Object value = Json.decodeValue(sent);
      if (value instanceof JsonObject object) return object;
    } catch (DecodeException e) {
      throw RefusedRequest.malformed("the body is not JSON: " + firstLine(e));
    }
    throw RefusedRequest.malformed("the body is not a JSON object");
  }

  private static String firstLine(DecodeException e) {
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return message.replaceFirst("^Failed to decode: ?", "").replaceFirst(" at \\[Source:.*", "");
  }
}
