package dev.varve.http.access;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** The tokens in a state folder. Blocks. */
final class TokenFile {

  static final String NAME = "tokens.json";

  private static final int VERSION = 1;

  private final Path path;

  TokenFile(Path folder) {
    path = folder.resolve(NAME);
  }

  /**
   * The tokens; none if there is no file.
   *
   * @throws IOException if the file cannot be read, is damaged, or is open to others
   */
  List<Token> read() throws IOException {
    String text;
    try {
      text = new PrivateFile(path).read("run 'chmod 600 %s'".formatted(path));
    } catch (NoSuchFileException _) {
      return List.of();
    }
    try {
      return tokens(new JsonObject(text));
    } catch (DecodeException
        | ClassCastException
        | NullPointerException
        | IllegalArgumentException
        | DateTimeException e) {
      throw new IOException(
          "%s is damaged; put back a copy of it, or delete it and make new tokens".formatted(path),
          e);
    }
  }

  void write(Collection<Token> tokens) throws IOException {
    var all = new JsonArray();
    for (Token token : tokens) all.add(json(token));
    var file = new JsonObject().put("version", VERSION).put("tokens", all);
    new PrivateFile(path).write(file.encodePrettily() + "\n");
  }

  private static JsonObject json(Token token) {
    Instant expires = token.expires();
    return new JsonObject()
        .put("id", token.id())
        .put("name", token.name())
        .put("scope", token.rights().scope().text())
        .put("machines", new JsonArray(List.copyOf(token.rights().machines())))
        .put("made", token.made().toString())
        .put("expires", expires == null ? null : expires.toString())
        .put("sha256", token.sha256());
  }

  private static List<Token> tokens(JsonObject file) {
    if (file.getInteger("version") != VERSION) throw new IllegalArgumentException("version");
    List<Token> tokens = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<String> ids = new HashSet<>();
    for (Object each : file.getJsonArray("tokens")) {
      Token token = token((JsonObject) each);
      if (!names.add(token.name()) || !ids.add(token.id()))
        throw new IllegalArgumentException("it has a token twice");
      tokens.add(token);
    }
    return tokens;
  }

  private static Token token(JsonObject json) {
    List<String> machines = new ArrayList<>();
    for (Object machine : json.getJsonArray("machines")) machines.add((String) machine);
    String expires = json.getString("expires");
    return new Token(
        matching(json, "id", Tokens.ID),
        Objects.requireNonNull(json.getString("name")),
        Rights.of(Scope.of(json.getString("scope")), machines),
        Instant.parse(json.getString("made")),
        expires == null ? null : Instant.parse(expires),
        matching(json, "sha256", "[0-9a-f]{64}"));
  }

  private static String matching(JsonObject json, String member, String pattern) {
    String text = json.getString(member);
    if (!text.matches(pattern)) throw new IllegalArgumentException(member);
    return text;
  }
}
