package dev.varve.http.api;

import dev.varve.http.access.Scope;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation of the API, as the document describes it. Immutable.
 *
 * @param path as in the document: {@code /api/v1/machines/{machine}}
 * @param open whether no token is needed
 * @param scope what a client needs at least
 * @param body what checks the body; null if there must be none
 */
record Operation(
    String id,
    HttpMethod method,
    String path,
    boolean open,
    Scope scope,
    List<Parameter> parameters,
    @Nullable Body body) {

  /** Where a parameter stands in a request. */
  enum Place {
    PATH,
    QUERY,
    HEADER
  }

  /** What a parameter's text stands for. */
  enum Kind {
    TEXT,
    INTEGER,
    BOOLEAN,
    /** Texts with commas between them. */
    LIST
  }

  /**
   * A parameter.
   *
   * @param usual what it is if a request leaves it out; null if it then has no value
   */
  record Parameter(
      String name, Place place, Kind kind, @Nullable String usual, Schemas.Check check) {}

  /**
   * A body.
   *
   * @param usual the members that have a default
   * @param required whether there must be one
   * @param locations the members that name files of the host
   */
  record Body(Schemas.Check check, JsonObject usual, boolean required, List<String> locations) {}

  /** Whether it is at a path; several can be: a name can stand where another path has a word. */
  boolean isAt(String other) {
    String[] steps = path.split("/");
    String[] given = other.split("/");
    if (steps.length != given.length) return false;
    for (int i = 0; i < steps.length; i++)
      if (!steps[i].startsWith("{") && !steps[i].equals(given[i])) return false;
    return true;
  }

  /** The path as the router wants it: {@code /api/v1/machines/:machine}. */
  String routerPath() {
    return path.replaceAll("\\{([^}]+)}", ":$1");
  }
}
