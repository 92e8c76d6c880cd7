package dev.varve.core.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LimitTest {

  @Test
  void theNamesThatClientsAndSettingsFilesDependOnStay() {
    assertEquals(
        List.of(
            "maxBytesPerSecond",
            "maxReadBytesPerSecond",
            "maxWriteBytesPerSecond",
            "maxOperationsPerSecond",
            "maxReadOperationsPerSecond",
            "maxWriteOperationsPerSecond",
            "burstMilliseconds"),
        Stream.of(Limit.values()).map(Limit::key).toList());
  }

  @Test
  void limitsMadeOfTheValuesOfOthersEqualThem() {
    var limits = new BandwidthLimits(1, 2, 3, 4, 5, 6, 7_000_000);

    assertEquals(limits, BandwidthLimits.of(limits::value));
  }
}
