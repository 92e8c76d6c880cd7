package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The model does what the recorded product did, or what its documentation promises. */
class ScenariosTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  @TestFactory
  Stream<DynamicTest> everyRecordedCaseComesOutAsRecordedOrDocumented(TestReporter reporter)
      throws IOException {
    return ScenarioPlayer.cases(ScenarioPlayer.folder()).stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFileName().toString(),
                    () -> {
                      ScenarioPlayer.Outcome outcome = play(file);
                      if (outcome.departure() != null)
                        reporter.publishEntry(outcome.name(), outcome.departure());
                    }));
  }

  private ScenarioPlayer.Outcome play(Path file) throws IOException {
    TestImages images = new TestImages();
    Path own = folder.resolve(file.getFileName().toString());
    return new ScenarioPlayer(own, images, images).play(file);
  }

  @Test
  void onlyKnownCasesComeOutOtherwise() throws IOException {
    Set<String> departed = new TreeSet<>();
    for (Path file : ScenarioPlayer.cases(bundled())) {
      ScenarioPlayer.Outcome outcome = play(file);
      if (outcome.departure() != null) departed.add(outcome.name());
    }

    assertEquals(
        new TreeSet<>(
            Set.of(
                "backup-move-then-discard",
                "backup-unattached-first-change",
                "data-delete-free-child",
                "dvd-snapshot-restore",
                "implicit-diff-deleted-on-detach",
                "removable-detach-discard",
                "remove-controller-implicit")),
        departed);
  }

  @Test
  void aChangedExpectationIsNoticed() throws IOException {
    for (String change :
        new String[] {"result", "state", "value", "operation", "argument", "field"}) {
      ObjectNode scenario =
          (ObjectNode)
              new ObjectMapper().readTree(bundled().resolve("normal-direct.json").toFile());
      ObjectNode attach = (ObjectNode) scenario.get("steps").get(4);
      ObjectNode get = (ObjectNode) scenario.get("steps").get(5);
      switch (change) {
        case "result" -> attach.put("result", "E_FAIL");
        case "state" ->
            ((ObjectNode) attach.get("after").get("media").get("B")).put("readOnly", true);
        case "value" -> ((ObjectNode) get.get("value")).put("medium", "D1");
        case "operation" -> attach.put("op", "attachAll");
        case "argument" -> ((ObjectNode) attach.get("args")).put("colour", "red");
        default -> ((ObjectNode) attach.get("after").get("media").get("B")).put("colour", "red");
      }
      TestImages images = new TestImages();
      ScenarioPlayer player = new ScenarioPlayer(folder.resolve(change), images, images);

      AssertionError error =
          assertThrows(AssertionError.class, () -> player.play(scenario), change);

      assertTrue(error.getMessage() != null && !error.getMessage().isEmpty());
    }
  }

  private static Path bundled() {
    var url = ScenariosTest.class.getResource("/scenarios");
    return Path.of(java.net.URI.create(String.valueOf(url)));
  }
}
