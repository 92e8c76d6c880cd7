package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeSpanTest {

  @Test
  void secondsMinutesHoursAndDaysAreUnderstood() {
    assertEquals(Duration.ofSeconds(90), TimeSpan.parse("90s"));
    assertEquals(Duration.ofMinutes(10), TimeSpan.parse("10 M"));
    assertEquals(Duration.ofHours(2), TimeSpan.parse("2h"));
    assertEquals(Duration.ofDays(365), TimeSpan.parse("365d"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "-1s", "0s", "1.5h", "PT10M", "366d", "9999999999s", "ten"})
  void anythingElseIsRefusedWithTheRule(String text) {
    String said =
        assertThrows(TypeConversionException.class, () -> TimeSpan.parse(text)).getMessage();

    assertTrue(said.startsWith("'" + text + "' cannot be used as a time: write "), said);
  }
}
