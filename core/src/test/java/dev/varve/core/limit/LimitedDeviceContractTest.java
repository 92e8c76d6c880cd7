package dev.varve.core.limit;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.BlockDeviceContract;
import org.junit.jupiter.api.AfterEach;

/** A disk whose requests really wait, on the machine's clock, is still a disk. */
class LimitedDeviceContractTest extends BlockDeviceContract {

  private final AlarmClock alarm = new AlarmClock(System::nanoTime);

  @Override
  protected BlockDevice open() {
    var limits =
        new BandwidthLimits(0, 0, 100L << 20, 0, 0, 10_000, BandwidthLimits.SHORTEST_BURST);
    var device = new LimitedDevice(new MemoryDisk(4 << 20), "limited", System::nanoTime);
    device.limitTo(new LimitGroup(limits, alarm, System.nanoTime()));
    return device;
  }

  @AfterEach
  void stopAlarm() {
    alarm.close();
  }
}
