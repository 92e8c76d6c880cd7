package dev.varve.core.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountTest {

  @ParameterizedTest
  @CsvSource({
    "-5,0.00 s",
    "250,0.25 s",
    "9999,10.00 s",
    "10000,10 s",
    "59999,59 s",
    "60000,1 min",
    "185000,3 min 5 s",
    "7800000,2 h 10 min",
    "86400000,1 day",
    "273600000,3 days 4 h"
  })
  void timesHaveAtMostTwoUnits(long millis, String text) {
    assertEquals(text, Amount.time(Duration.ofMillis(millis)));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 bytes",
    "1,1 byte",
    "1023,1023 bytes",
    "1024,1 KiB",
    "1572864,1.5 MiB",
    "104857600,100 MiB",
    "21474836480,20 GiB",
    "9223372036854775807,8 EiB"
  })
  void sizesHaveTheUnitThatFits(long bytes, String text) {
    assertEquals(text, Amount.bytes(bytes));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 disks",
    "1,1 disk",
    "1532,1532 disks",
    "12000,12 000 disks",
    "1234567,1 234 567 disks"
  })
  void longNumbersAreInGroups(long count, String text) {
    assertEquals(text, Amount.of(count, "disk"));
  }
}
