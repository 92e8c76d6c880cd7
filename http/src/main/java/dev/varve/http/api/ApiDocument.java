package dev.varve.http.api;

import dev.varve.http.access.Scope;
import dev.varve.http.api.Operation.Body;
import dev.varve.http.api.Operation.Kind;
import dev.varve.http.api.Operation.Parameter;
import dev.varve.http.api.Operation.Place;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The OpenAPI document, which describes every operation. Immutable. */
final class ApiDocument {

  private static final String RESOURCE = "openapi.json";

  /** Every member that names a file of the host has this schema. */
  private static final String LOCATION = "#/components/schemas/Location";

  private final Buffer text;
  private final JsonObject json;
  private final Schemas schemas;
  private final List<Operation> operations;

  private ApiDocument(Buffer text) {
    this.text = text;
    json = text.toJsonObject();
    schemas = new Schemas(json.getJsonObject("components").getJsonObject("schemas"));
    List<Operation> found = new ArrayList<>();
    for (Map.Entry<String, Object> path : json.getJsonObject("paths")) {
      var item = (JsonObject) path.getValue();
      JsonArray shared = item.getJsonArray("parameters", new JsonArray());
      for (Map.Entry<String, Object> member : item) {
        if (member.getValue() instanceof JsonObject operation)
          found.add(operation(path.getKey(), member.getKey(), operation, shared));
      }
    }
    operations = List.copyOf(found);
  }

  /** Reads the document; an error in it is a bug. */
  static ApiDocument load() {
    try (InputStream in = ApiDocument.class.getResourceAsStream(RESOURCE)) {
      if (in == null) throw new IllegalStateException("there is no " + RESOURCE);
      return new ApiDocument(Buffer.buffer(in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The document itself. */
  Buffer text() {
    return text;
  }

  List<Operation> operations() {
    return operations;
  }

  /**
   * What checks values against the schema that an operation promises for a status; null: no body.
   */
  Schemas.@Nullable Check answerOf(Operation operation, int status) {
    JsonObject responses =
        json.getJsonObject("paths")
            .getJsonObject(operation.path())
            .getJsonObject(operation.method().name().toLowerCase(Locale.ROOT))
            .getJsonObject("responses");
    JsonObject response = responses.getJsonObject(Integer.toString(status));
    if (response == null) response = responses.getJsonObject("default");
    JsonObject content = component(response).getJsonObject("content");
    if (content == null) return null;
    var media = (JsonObject) content.iterator().next().getValue();
    return schemas.check(media.getJsonObject("schema"));
  }

  /** What checks values against a schema of this name. */
  Schemas.Check schema(String name) {
    return schemas.check(new JsonObject().put("$ref", "#/components/schemas/" + name));
  }

  /** What the kind of problem with this URI means; null if there is no such kind. */
  @Nullable String problemDescription(String uri) {
    return json.getJsonObject("components")
        .getJsonObject("schemas")
        .getJsonObject("ProblemType")
        .getJsonObject("x-enum-descriptions")
        .getString(uri);
  }

  private Operation operation(String path, String method, JsonObject operation, JsonArray shared) {
    List<Parameter> parameters = new ArrayList<>();
    for (Object parameter : shared) parameters.add(parameter((JsonObject) parameter));
    for (Object parameter : operation.getJsonArray("parameters", new JsonArray()))
      parameters.add(parameter((JsonObject) parameter));
    return new Operation(
        operation.getString("operationId"),
        HttpMethod.valueOf(method.toUpperCase(Locale.ROOT)),
        path,
        operation.containsKey("security") && operation.getJsonArray("security").isEmpty(),
        Scope.of(operation.getString("x-varve-scope")),
        List.copyOf(parameters),
        body(operation.getJsonObject("requestBody")));
  }

  private Parameter parameter(JsonObject referenceOrParameter) {
    JsonObject parameter = component(referenceOrParameter);
    JsonObject schema = schemas.follow(parameter.getJsonObject("schema"));
    Object usual = parameter.getJsonObject("schema").getValue("default");
    return new Parameter(
        parameter.getString("name"),
        Place.valueOf(parameter.getString("in").toUpperCase(Locale.ROOT)),
        switch (schema.getString("type", "string")) {
          case "integer" -> Kind.INTEGER;
          case "boolean" -> Kind.BOOLEAN;
          case "array" -> Kind.LIST;
          default -> Kind.TEXT;
        },
        usual == null ? null : usual.toString(),
        schemas.check(parameter.getJsonObject("schema")));
  }

  private @Nullable Body body(@Nullable JsonObject requestBody) {
    if (requestBody == null) return null;
    JsonObject schema =
        requestBody
            .getJsonObject("content")
            .getJsonObject("application/json")
            .getJsonObject("schema");
    var usual = new JsonObject();
    List<String> locations = new ArrayList<>();
    for (Map.Entry<String, Object> property : schemas.follow(schema).getJsonObject("properties")) {
      var described = (JsonObject) property.getValue();
      if (LOCATION.equals(described.getString("$ref"))) locations.add(property.getKey());
      Object value = described.getValue("default");
      if (value != null) usual.put(property.getKey(), value);
    }
    return new Body(
        schemas.check(schema),
        usual,
        requestBody.getBoolean("required", false),
        List.copyOf(locations));
  }

  /** A parameter or response that stands in place, or that a reference points at. */
  private JsonObject component(JsonObject node) {
    String reference = node.getString("$ref");
    if (reference == null) return node;
    JsonObject found = json;
    for (String step : reference.substring(2).split("/")) found = found.getJsonObject(step);
    return found;
  }
}
