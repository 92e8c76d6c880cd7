package dev.varve.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SlotTest {

  @Test
  void isPrintedWithoutTheDeviceIfThatIs0() {
    assertEquals("SATA:7", new Slot("SATA", 7, 0).toString());
    assertEquals("IDE:1.1", new Slot("IDE", 1, 1).toString());
  }
}
