package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.testing.MemoryDevice;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.parallel.Isolated;

/** What clients cost that take a connection, or announce a payload, and send nothing. */
@Isolated("measures the memory of the whole process")
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class HostileClientMemoryTest {

  private static final int MIB = 1 << 20;

  @Test
  void thousandsThatNeverSpeakCostLittleAndLeaveAtTheDeadline() throws Exception {
    try (var server = TestServer.start();
        var impatient = TestServer.start(new MemoryDevice(MIB), HostileClientTest.IMPATIENT)) {
      var silent = new ArrayList<NbdClient>();
      long before = usedHeap();
      for (int i = 0; i < 2000; i++) silent.add(NbdClient.connect(server.tcp));
      for (NbdClient client : silent) client.receive(18);
      long each = (usedHeap() - before) / 2000;

      assertTrue(each < 16_000, "a silent connection costs " + each + " bytes of heap");
      HostileClientTest.assertServes(server);
      for (NbdClient client : silent) client.close();

      try (var client = impatient.connect()) {
        client.receive(18);
        assertTrue(client.isDisconnected());
      }
    }
  }

  @Test
  void announcedPayloadThatNeverComesTakesNoMemory() throws Exception {
    try (var server = TestServer.start()) {
      HostileClientTest.assertServes(server);
      long before = directMemory();
      var clients = new ArrayList<NbdClient>();
      for (int i = 0; i < 200; i++) {
        var client = server.client();
        client.request(0, NbdCommand.WRITE, 1, 0, 32 * MIB);
        client.send(new byte[100]);
        clients.add(client);
      }
      HostileClientTest.assertServes(server);

      long direct = directMemory() - before;
      assertTrue(direct < 200 * MIB, "200 announcements of 32 MiB took " + direct + " bytes");
      for (NbdClient client : clients) client.close();
    }
  }

  /** Requests are used again, and so are buffers: neither may keep what the last client needed. */
  @Test
  void clientsThatReadMuchAtOnceOneAfterTheOtherTakeTheMemoryOfOne() throws Exception {
    try (var server = TestServer.start()) {
      long before = 0;
      for (int i = 0; i < 12; i++) {
        server.device.cold(i > 0);
        try (var client = server.client()) {
          for (int read = 0; read < 4; read++) client.read(0, 32 * MIB);
        }
        if (i == 0) before = directMemory();
      }

      long direct = directMemory() - before;
      assertTrue(direct < 64 * MIB, "eleven readers of 32 MiB left " + direct + " bytes");
    }
  }

  /** What a client asks for and does not take stays where it lies, however many do so. */
  @Test
  void clientsThatNeverTakeWhatTheyReadCostNoMemoryForIt() throws Exception {
    try (var server = TestServer.start()) {
      server.device.asleep();
      long before = directMemory();
      var clients = new ArrayList<NbdClient>();
      for (int i = 0; i < 20; i++) {
        var client = server.client();
        client.request(0, NbdCommand.READ, 1, 0, 32 * MIB);
        client.receive(1); // the reply is on its way
        clients.add(client);
      }
      HostileClientTest.assertServes(server);

      long direct = directMemory() - before;
      assertTrue(direct < 64 * MIB, "20 replies of 32 MiB that nobody takes hold " + direct);
      for (NbdClient client : clients) client.close();
    }
  }

  /** Where nothing can be answered by reference, they share what there is. */
  @Test
  void manyClientsThatTakeNothingLeaveRoomForTheNext() throws Exception {
    var limits = NbdLimits.DEFAULT.buffers(16 * MIB);
    try (var server = TestServer.start(new MemoryDevice(32 * MIB), limits)) {
      server.device.cold(true);
      long before = directMemory();
      var clients = new ArrayList<NbdClient>();
      for (int i = 0; i < 60; i++) {
        var client = server.client();
        for (int read = 0; read < 200; read++) client.request(0, NbdCommand.READ, 1, 0, 32 << 10);
        for (int read = 0; read < 3; read++) client.request(0, NbdCommand.READ, 1, 0, 8 * MIB);
        client.receive(1);
        clients.add(client);
      }
      HostileClientTest.assertServes(server);

      long direct = directMemory() - before;
      assertTrue(direct < 48 * MIB, "60 clients that were to share 16 MiB hold " + direct);
      for (NbdClient client : clients) client.close();
    }
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static long directMemory() {
    System.gc();
    return java.lang.management.ManagementFactory.getPlatformMXBeans(
            java.lang.management.BufferPoolMXBean.class)
        .stream()
        .mapToLong(java.lang.management.BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
