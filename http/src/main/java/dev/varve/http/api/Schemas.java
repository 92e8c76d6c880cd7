package dev.varve.http.api;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The schemas of the document (JSON Schema 2020-12), which check values. Thread-safe. */
final class Schemas {

  private static final String IN_DOCUMENT = "#/components/schemas/";
  private static final String BASE = "app://varve/schemas";
  private static final String IN_REPOSITORY = BASE + "#/$defs/";

  /** Keywords that say what is wrong; the others only say that something below them is wrong. */
  private static final Set<String> TELLING =
      Set.of(
          "type",
          "required",
          "enum",
          "const",
          "pattern",
          "minLength",
          "maxLength",
          "minimum",
          "maximum",
          "minProperties",
          "maxProperties");

  private final JsonObject definitions;
  private final SchemaRepository repository;

  /**
   * @param definitions by name, as in the document's {@code components}
   */
  Schemas(JsonObject definitions) {
    this.definitions = definitions;
    repository =
        SchemaRepository.create(
            new JsonSchemaOptions()
                .setBaseUri("app://varve/")
                .setDraft(Draft.DRAFT202012)
                .setOutputFormat(OutputFormat.Basic));
    repository.dereference(
        BASE,
        JsonSchema.of(
            new JsonObject().put("$id", BASE).put("$defs", withReferencesTo(definitions))));
  }

  /** The schema with its reference, if it is one, or the only one of its {@code allOf} followed. */
  JsonObject follow(JsonObject schema) {
    JsonArray allOf = schema.getJsonArray("allOf");
    if (allOf != null) return follow(allOf.getJsonObject(0));
    String reference = schema.getString("$ref");
    return reference == null
        ? schema
        : follow(definitions.getJsonObject(reference.substring(IN_DOCUMENT.length())));
  }

  /** What checks values against a schema of the document. */
  Check check(JsonObject schema) {
    return new Check(
        schema, repository.validator(JsonSchema.of((JsonObject) withReferencesTo(schema))));
  }

  /** A copy with references into the repository instead of into the document. */
  private static Object withReferencesTo(Object node) {
    return switch (node) {
      case JsonObject object -> {
        var copy = new JsonObject();
        object.forEach(
            member ->
                copy.put(
                    member.getKey(),
                    member.getKey().equals("$ref") && member.getValue() instanceof String reference
                        ? reference.replace(IN_DOCUMENT, IN_REPOSITORY)
                        : withReferencesTo(member.getValue())));
        yield copy;
      }
      case JsonArray array -> {
        var copy = new JsonArray();
        array.forEach(element -> copy.add(withReferencesTo(element)));
        yield copy;
      }
      default -> node;
    };
  }

  /** Checks values against one schema. */
  final class Check {
    private final JsonObject schema;
    private final Validator validator;

    private Check(JsonObject schema, Validator validator) {
      this.schema = schema;
      this.validator = validator;
    }

    /**
     * Says what is wrong with a value; null if nothing is wrong.
     *
     * @param thing what the value is, for people
     */
    @Nullable String complaint(String thing, Object value) {
      OutputUnit outcome = validator.validate(value);
      if (Boolean.TRUE.equals(outcome.getValid())) return null;
      List<OutputUnit> errors = outcome.getErrors() == null ? List.of() : outcome.getErrors();
      for (OutputUnit error : errors) {
        if (TELLING.contains(keyword(error))) return sentence(thing, value, error);
      }
      for (OutputUnit error : errors) {
        if (keyword(error).equals("additionalProperties")) return unknownMember(thing, error);
      }
      return thing + " does not match the API's document; see /api/v1/openapi.json";
    }

    private String unknownMember(String thing, OutputUnit error) {
      String member = error.getInstanceLocation().replaceFirst(".*/", "");
      return "%s has no member '%s'; it can have %s".formatted(thing, member, knownMembers(error));
    }

    /** The library's own text is not used: it is for programmers, and changes with its versions. */
    private String sentence(String thing, Object whole, OutputUnit error) {
      String place = error.getInstanceLocation().replaceFirst("^#/?", "");
      String subject =
          place.isEmpty() ? thing : "'%s' of %s".formatted(place.replace('/', '.'), thing);
      JsonObject schema = schemaOf(error);
      Object value = at(whole, place);
      return subject
          + switch (keyword(error)) {
            case "required" ->
                " lacks the member '" + missing(schema.getJsonArray("required"), value) + "'";
            case "enum" -> " is none of " + list(schema.getJsonArray("enum"));
            case "pattern" ->
                " "
                    + schema.getString(
                        "x-varve-refusal", "does not have the form " + schema.getString("pattern"));
            case "minLength" -> " is empty";
            case "maxLength" ->
                " is longer than %d characters".formatted(schema.getInteger("maxLength"));
            case "minimum" -> ": %s is less than %s".formatted(value, schema.getValue("minimum"));
            case "maximum" ->
                ": %s is greater than %s".formatted(value, schema.getValue("maximum"));
            case "const" -> " is not " + schema.getValue("const");
            case "minProperties" -> " is empty; name a member to change";
            case "maxProperties" ->
                " has more than %d members; send one request for each"
                    .formatted(schema.getInteger("maxProperties"));
            default ->
                " is of type %s; it has to be of type %s"
                    .formatted(type(value), types(schema.getValue("type")));
          };
    }

    private String keyword(OutputUnit error) {
      return error.getKeywordLocation().replaceFirst(".*/", "");
    }

    /** The part of a value at a place like {@code limits/0/name}; the whole at no place. */
    private static @Nullable Object at(Object whole, String place) {
      Object part = whole;
      if (place.isEmpty()) return part;
      for (String step : place.split("/"))
        part =
            part instanceof JsonArray array
                ? array.getValue(Integer.parseInt(step))
                : part instanceof JsonObject object ? object.getValue(step) : null;
      return part;
    }

    private static String missing(JsonArray required, @Nullable Object value) {
      return required.stream()
          .map(String::valueOf)
          .filter(name -> !(value instanceof JsonObject object && object.containsKey(name)))
          .findFirst()
          .orElse("?");
    }

    private static String type(@Nullable Object value) {
      return switch (value) {
        case null -> "null";
        case JsonObject _ -> "object";
        case JsonArray _ -> "array";
        case String _ -> "string";
        case Boolean _ -> "boolean";
        default -> "number";
      };
    }

    private static String types(Object wanted) {
      return wanted instanceof JsonArray several
          ? several.stream().map(String::valueOf).collect(Collectors.joining(" or "))
          : String.valueOf(wanted);
    }

    private String list(JsonArray values) {
      return values.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    private String knownMembers(OutputUnit error) {
      JsonObject properties = schemaOf(error).getJsonObject("properties");
      return properties == null
          ? "none"
          : properties.fieldNames().stream().sorted().collect(Collectors.joining(", "));
    }

    /** The schema that a keyword stands in. */
    private JsonObject schemaOf(OutputUnit error) {
      String absolute = error.getAbsoluteKeywordLocation();
      String keyword = absolute == null ? error.getKeywordLocation() : absolute;
      boolean shared = keyword.startsWith(IN_REPOSITORY);
      Object node = shared ? definitions : schema;
      String[] steps =
          (shared ? keyword.substring(IN_REPOSITORY.length()) : keyword.replaceFirst(".*#/?", ""))
              .split("/");
      for (int i = 0; i < steps.length - 1; i++) {
        node =
            node instanceof JsonArray array
                ? array.getValue(Integer.parseInt(steps[i]))
                : ((JsonObject) node).getValue(steps[i]);
      }
      return (JsonObject) node;
    }
  }
}
