package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve serve} with machines that need each other. */
class ServeOrderTest {

  @TempDir Path folder;

  private Path template;
  private Path clone;

  /** A linked clone, whose disk only its template's file lists, as VirtualBox has it. */
  @BeforeEach
  void aLinkedClone() throws Exception {
    var varve = new ControlTool(folder.resolve("first"));
    try (var server = VarveProcess.start(folder, arguments("first"))) {
      server.line();
      template = machine(varve, "template");
      clone = machine(varve, "clone");
      varve.run("medium", "create", folder.resolve("base.vdi"), "--capacity", 4 << 20);
      varve.run("machine", "attach", "template", "SATA:0", folder.resolve("base.vdi"));
      varve.run("machine", "snapshot", "take", "template", "S1");
      varve.run("medium", "diff", folder.resolve("base.vdi"), folder.resolve("clone.vdi"));
      varve.run("machine", "attach", "clone", "SATA:0", folder.resolve("clone.vdi"));
      server.signal("TERM");
      assertEquals(0, server.exitStatus(), server::errors);
    }
    String text = Files.readString(clone);
    assertTrue(text.contains("<MediaRegistry>"), text);
    Files.writeString(clone, text.replaceAll("(?s)<MediaRegistry>.*</MediaRegistry>", ""));
  }

  private static Path machine(ControlTool varve, String name) {
    JsonObject made = varve.run("machine", "create", name);
    varve.run("machine", "controller", "add", name, "SATA", "--bus", "SATA");
    return Path.of(made.getString("settingsFile"));
  }

  private static String[] arguments(String state, Path... machines) {
    List<String> all =
        new ArrayList<>(List.of("serve", "--state", state, "--api-tcp", "off", "--output", "json"));
    for (Path machine : machines) all.addAll(List.of("--machine", machine.toString()));
    return all.toArray(String[]::new);
  }

  private void assertBothAreServed(String state, Path... machines) throws Exception {
    try (var server = VarveProcess.start(folder, arguments(state, machines))) {
      JsonArray exports = new JsonObject(server.line()).getJsonArray("exports");
      List<String> names =
          exports.stream().map(each -> ((JsonObject) each).getString("machineName")).toList();
      List<String> wanted = new ArrayList<>();
      for (Path machine : machines) if (!wanted.contains(name(machine))) wanted.add(name(machine));
      assertEquals(wanted, names);
      server.signal("TERM");
      assertEquals(0, server.exitStatus(), server::errors);
    }
  }

  private static String name(Path machine) {
    return machine.getFileName().toString().replace(".vbox", "");
  }

  @Test
  void aLinkedCloneMayBeNamedBeforeItsTemplateAndAfterIt() throws Exception {
    assertBothAreServed("second", clone, template);
    assertBothAreServed("third", template, clone, template);
  }

  @Test
  void machinesThatNeedEachOtherAreThereAgainInAnyOrder() throws Exception {
    assertBothAreServed("second", clone, template);
    Path list = folder.resolve("second/varve.xml");
    String before = Files.readString(list);
    List<String> entries = before.lines().filter(line -> line.contains("<MachineEntry ")).toList();
    assertTrue(entries.size() == 2 && entries.getLast().contains("clone.vbox"), before);
    String cloneFirst =
        before.replace(
            entries.getFirst() + "\n" + entries.getLast(),
            entries.getLast() + "\n" + entries.getFirst());
    Files.writeString(list, cloneFirst);

    try (var server = VarveProcess.start(folder, arguments("second"))) {
      JsonObject served = new JsonObject(server.line());
      assertEquals(2, served.getJsonArray("machines").size());
      assertEquals(0, served.getJsonArray("bad").size());
      server.signal("TERM");
      assertEquals(0, server.exitStatus(), server::errors);
    }
  }

  @Test
  void whatCannotBeOpenedInAnyOrderIsToldEach() throws Exception {
    try (var server =
        VarveProcess.start(folder, arguments("second", clone, folder.resolve("no.vbox")))) {
      assertEquals(1, server.exitStatus());
      String said = server.errors();
      assertTrue(said.contains("a linked clone needs its template"), said);
      assertTrue(said.contains(folder.resolve("no.vbox") + ": there is no such file"), said);
    }
  }
}
