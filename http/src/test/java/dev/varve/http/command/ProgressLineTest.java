package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressLineTest {

  private static final String LONG =
      "merge '/home/user/VirtualBox VMs/a machine/Snapshots/{1}.vdi' into '/home/user/a machine.vdi'";

  @Test
  void allIsSaidWhereThereIsRoom() {
    assertEquals(
        "converting  40 % [============                    ] 124 of 286 MiB, 0:00:15 left",
        ProgressLine.of("converting", 400, 1000, "124 of 286 MiB", Duration.ofSeconds(10), 80));
  }

  @Test
  void theTimeIsLeftOutBeforeTheBarBecomesShort() {
    assertEquals(
        "converting  40 % [====      ] 124 of 286 MiB",
        ProgressLine.of("converting", 400, 1000, "124 of 286 MiB", Duration.ofSeconds(10), 44));
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 40, 60, 79, 80, 200})
  void aLongNameLeavesABarThatCanBeSeen(int width) {
    String line = ProgressLine.of(LONG, 500, 1000, "", Duration.ofSeconds(10), width);

    assertTrue(line.length() <= width, line);
    assertTrue(line.matches("mer.*\\.vdi'  50 % \\[={5,} {5,}].*"), line);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 2, 3, 10, 20})
  void noLineIsLongerThanTheTerminalIsWide(int width) {
    assertTrue(
        ProgressLine.of(LONG, 500, 1000, "", Duration.ZERO, width).length() <= Math.max(width, 0));
  }

  @Test
  void workOfNoLengthAndWorkThatIsDoneHaveALine() {
    assertTrue(ProgressLine.of("x", 0, 0, "", Duration.ZERO, 80).contains("  0 % ["));
    assertTrue(ProgressLine.of("x", 7, 7, "", Duration.ZERO, 80).contains("100 % ["));
  }
}
