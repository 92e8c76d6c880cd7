package dev.varve.io.testing;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.BlockDeviceContract;

class MemoryDeviceTest extends BlockDeviceContract {
  @Override
  protected BlockDevice open() {
    return new MemoryDevice((5 << 20) + 777);
  }
}
