package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.http.access.Rights;
import dev.varve.http.access.Scope;
import dev.varve.http.access.Token;
import dev.varve.http.access.Tokens;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Makes tokens, lists and withdraws them, and tells a client what its own may do. */
final class TokenHandlers {

  private final Tokens tokens;
  private final Inventory inventory;

  TokenHandlers(Tokens tokens, Inventory inventory) {
    this.tokens = tokens;
    this.inventory = inventory;
  }

  /** On threads for looks: a token must not wait for a change of the inventory. */
  void addTo(Handlers handlers) {
    handlers.onEventLoop("getAccess", this::own);
    handlers.onLookThread("listTokens", _ -> list());
    handlers.onLookThread("createToken", this::create);
    handlers.onLookThread("revokeToken", this::revoke);
  }

  private Answer own(Call call) {
    Rights rights = call.grant().rights();
    return Answer.ok(
        new JsonObject()
            .put("holder", call.grant().holder())
            .put("scope", rights.scope().text())
            .put("machines", machines(rights, inventory.view())));
  }

  private Answer list() throws IOException {
    View view = inventory.view();
    return Answer.ok(
        new JsonObject().put("tokens", JsonParts.array(tokens.all(), token -> json(token, view))));
  }

  private Answer create(Call call) throws IOException {
    Duration lifetime =
        call.has("expiresInSeconds")
            ? Duration.ofSeconds(call.intMember("expiresInSeconds"))
            : null;
    Tokens.Made made = tokens.make(call.textMember("name"), rights(call), lifetime);
    return Answer.created(
        Paths.ofToken(made.token().id()),
        json(made.token(), inventory.view()).put("token", made.secret()));
  }

  /** The machines by their uuids: another machine may get the name of one that is gone. */
  private Rights rights(Call call) {
    List<String> machines = new ArrayList<>();
    View view = inventory.view();
    for (Object machine : call.body().getJsonArray("machines"))
      machines.add(Lookup.machine(view, (String) machine).saved().id().toString());
    try {
      return Rights.of(Scope.of(call.textMember("scope")), machines);
    } catch (IllegalArgumentException e) {
      throw RefusedRequest.malformed(String.valueOf(e.getMessage()));
    }
  }

  private Answer revoke(Call call) throws IOException {
    tokens.withdraw(call.text("token"));
    return Answer.done();
  }

  private static JsonObject json(Token token, View view) {
    Instant expires = token.expires();
    return new JsonObject()
        .put("id", token.id())
        .put("name", token.name())
        .put("scope", token.rights().scope().text())
        .put("machines", machines(token.rights(), view))
        .put("madeAt", token.made().toString())
        .put("expiresAt", expires == null ? null : expires.toString());
  }

  /** With their names, where they have one. A rule for users of the socket has names only. */
  private static JsonArray machines(Rights rights, View view) {
    var machines = new JsonArray();
    for (String text : rights.machines()) {
      JsonObject machine = new JsonObject().put("machine", text).put("name", text);
      List<MachineView> meant = view.machines(text);
      if (meant.size() == 1)
        machine
            .put("machine", meant.getFirst().saved().id().toString())
            .put("name", meant.getFirst().saved().name());
      machines.add(machine);
    }
    return machines;
  }
}
