package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Reply;
import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Machines that other programs wrote, and what is said of them when they are opened. */
final class OpenedMachinesTest extends OnAControlPlane {

  /** The settings file of a machine that is not registered. */
  private Path settingsFile(String name) {
    Reply made = api.ask("createMachine").body("name", name).is(201);
    api.ask("unregisterMachine", made.id()).is(200);
    return Path.of(made.body().getString("settingsFile"));
  }

  private static void replace(Path file, String text, String replacement) throws IOException {
    String before = Files.readString(file);
    assertTrue(before.contains(text), before);
    Files.writeString(file, before.replace(text, replacement));
  }

  @Test
  void aMachineOfAnUnknownVersionIsOpenedWithAWarning() throws IOException {
    Path file = settingsFile("mail");
    replace(file, "1.19-linux", "1.30-linux");

    Reply opened = api.ask("openMachine").body("settingsFile", file.toString()).is(201);

    JsonArray warnings = opened.body().getJsonArray("warnings");
    assertEquals(1, warnings.size());
    assertTrue(warnings.getString(0).contains("version 1.30-linux"), warnings::encode);
    assertFalse(api.ask("getMachine", opened.id()).is(200).body().containsKey("warnings"));
  }

  @Test
  void aMachineOfAKnownVersionIsOpenedWithoutAWarning() throws IOException {
    Path file = settingsFile("mail");
    replace(file, "1.19-linux", "1.22-macosx");

    Reply opened = api.ask("openMachine").body("settingsFile", file.toString()).is(201);

    assertFalse(opened.body().containsKey("warnings"));
  }
}
