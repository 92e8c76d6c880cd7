package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of a value that a schema refuses, for each keyword that the document uses. */
class SchemasTest {

  private final Schemas schemas = new Schemas(new JsonObject());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          {"type": "string"} | 5 | the body is of type number; it has to be of type string
          {"type": "integer"} | "a" | the body is of type string; it has to be of type integer
          {"type": "integer"} | 1.5 | the body is of type number; it has to be of type integer
          {"type": ["string", "null"]} | 5 | the body is of type number; it has to be of type string or null
          {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "boolean"}}}}} | {"a": {"b": 1}} | 'a.b' of the body is of type number; it has to be of type boolean
          {"const": "ok"} | "no" | the body is not ok
          {"required": ["a", "b"]} | {"a": 1} | the body lacks the member 'b'
          {"enum": ["one", "two"]} | "three" | the body is none of one, two
          {"pattern": "^[a-z]+$", "x-varve-refusal": "is no word"} | "5" | the body is no word
          {"pattern": "^[a-z]+$"} | "5" | the body does not have the form ^[a-z]+$
          {"minLength": 1} | "" | the body is empty
          {"maxLength": 3} | "abcd" | the body is longer than 3 characters
          {"minimum": 1} | 0 | the body: 0 is less than 1
          {"maximum": 255} | 900 | the body: 900 is greater than 255
          {"minProperties": 1} | {} | the body is empty; name a member to change
          {"maxProperties": 1} | {"a": 1, "b": 2} | the body has more than 1 members; send one request for each
          {"properties": {"b": {}, "a": {}}, "additionalProperties": false} | {"c": 1} | the body has no member 'c'; it can have a, b
          {"additionalProperties": false} | {"c": 1} | the body has no member 'c'; it can have none
          {"properties": {"list": {"type": "array", "items": {"type": "string"}}}} | {"list": ["a", 5]} | 'list.1' of the body is of type number; it has to be of type string
          {"oneOf": [{"type": "string"}, {"type": "null"}]} | 5 | the body is of type number; it has to be of type string
          {"allOf": [{"type": "string"}]} | 5 | the body is of type number; it has to be of type string
          """)
  void saysWhatIsWrong(String schema, String value, String complaint) {
    assertEquals(
        complaint,
        schemas.check(new JsonObject(schema)).complaint("the body", Json.decodeValue(value)));
  }
}
