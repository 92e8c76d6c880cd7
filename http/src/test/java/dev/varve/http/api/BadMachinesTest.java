package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Reply;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Listed machines whose settings files cannot be used when the program starts. */
final class BadMachinesTest extends OnAControlPlane {

  private String id;
  private Path settings;

  @BeforeEach
  void aListedMachineOfWhichTheFileIsGone() throws IOException {
    Reply made = api.ask("createMachine").body("name", "mail").is(201);
    id = made.id();
    settings = Path.of(made.body().getString("settingsFile"));
    endControlPlane();
    Files.delete(settings);
    startControlPlane();
  }

  private JsonArray bad() {
    return api.ask("listMachines").is(200).body().getJsonArray("bad");
  }

  @Test
  void itIsListedAsBadAndWhatIsAskedOfItSaysWhatToDo() {
    JsonObject bad = bad().getJsonObject(0);

    assertEquals(id, bad.getString("id"));
    assertEquals(settings.toString(), bad.getString("settingsFile"));
    for (Object name : List.of(id, settings)) {
      Reply refused = api.ask("startMachine", name).refused(409, "VBOX_E_INVALID_OBJECT_STATE");
      assertTrue(refused.detail().contains("there is no such file"), refused.detail());
      assertTrue(refused.detail().endsWith("or unregister the machine"), refused.detail());
    }
  }

  @Test
  void itIsTakenOffTheListByItsSettingsFile() throws IOException {
    Reply gone = api.ask("unregisterMachine", settings).is(200);

    assertEquals(
        Api.json(
            "settingsFile",
            settings,
            "media",
            new JsonArray(),
            "images",
            new JsonArray(),
            "work",
            new JsonArray()),
        gone.body());
    assertEquals(new JsonArray(), bad());
    endControlPlane();
    startControlPlane();
    assertEquals(new JsonArray(), bad());
  }

  @Test
  void itIsTakenOffTheListByItsUuid() {
    api.ask("unregisterMachine", id).is(200);

    assertEquals(new JsonArray(), bad());
    api.ask("unregisterMachine", id).refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  @Test
  void oneThatCannotBeReadIsTakenOffTheListAndItsFileStays() throws IOException {
    endControlPlane();
    Files.writeString(settings, "no XML");
    startControlPlane();

    api.ask("unregisterMachine", id).is(200);

    assertEquals(new JsonArray(), bad());
    assertEquals("no XML", Files.readString(settings));
  }

  @Test
  void itsMediaAreNotKnownSoThatTheyAreNotAskedFor() {
    Reply refused =
        api.ask("unregisterMachine", id).query("mode", "Full").refused(400, "E_INVALIDARG");

    assertTrue(refused.detail().endsWith("send mode=UnregisterOnly"), refused.detail());
    assertEquals(1, bad().size());
  }
}
