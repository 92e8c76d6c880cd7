package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnfinishedTest {

  private static final String ONE = "d753a53c-e5a7-4910-ad4b-a297422fde94";
  private static final String TWO = "30076df8-6b87-4066-96a6-f6fddcd37388";

  /** What journals on disk hold. */
  private static final Map<String, Unfinished> LINES =
      Map.of(
          "implicit " + ONE + " /vm/Snapshots/{" + ONE + "}.vdi",
          new Unfinished.Implicit(MediumId.of(ONE), Path.of("/vm/Snapshots/{" + ONE + "}.vdi")),
          "implicit " + ONE + " /my machines/two  spaces.vdi",
          new Unfinished.Implicit(MediumId.of(ONE), Path.of("/my machines/two  spaces.vdi")),
          "reset /vm/a.vdi",
          new Unfinished.Reset(Path.of("/vm/a.vdi")),
          "reset /my machines/a b.vdi ",
          new Unfinished.Reset(Path.of("/my machines/a b.vdi ")),
          "importMachine /my machines/box",
          new Unfinished.Import(Path.of("/my machines/box")),
          "deleteSnapshot " + ONE + " " + TWO,
          new Unfinished.DeleteSnapshot(
              new MachineId(UUID.fromString(ONE)), new SnapshotId(UUID.fromString(TWO))),
          "mergeMedium " + ONE + " " + TWO,
          new Unfinished.MergeMedium(MediumId.of(ONE), MediumId.of(TWO)));

  @Test
  void everyLineIsReadAndIsWrittenAsItWas() {
    LINES.forEach(
        (line, unfinished) -> {
          assertEquals(unfinished, Unfinished.of(line));
          assertEquals(line, unfinished.line());
        });
  }

  @Test
  void everyKindHasALine() {
    Set<Class<?>> tested = new HashSet<>();
    for (Unfinished unfinished : LINES.values()) tested.add(unfinished.getClass());

    kinds(Unfinished.class).forEach(kind -> assertTrue(tested.contains(kind), kind::getName));
  }

  private static Stream<Class<?>> kinds(Class<?> type) {
    return type.isSealed()
        ? Stream.of(type.getPermittedSubclasses()).flatMap(UnfinishedTest::kinds)
        : Stream.of(type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "implicit", "implicit " + ONE, "mergeMedium " + ONE, "convert a b"})
  void anUnknownLineIsRefusedAndShown(String line) {
    var refused = assertThrows(IllegalArgumentException.class, () -> Unfinished.of(line));

    assertTrue(refused.getMessage().contains("'" + line + "'"), refused.getMessage());
  }
}
