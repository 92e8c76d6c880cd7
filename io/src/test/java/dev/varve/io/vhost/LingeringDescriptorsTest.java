package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.io.posix.OddDescriptors;
import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Front-ends that send descriptors whose closing waits: no loop closes them. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class LingeringDescriptorsTest {

  private static final int MIB = 1 << 20;
  private static final int LONGER_THAN_A_TEST = 1000;

  /** How a front-end gets rid of a descriptor, which is its own no more. */
  private interface Sending {
    void send(TestGuest guest, TwoDisks disks, int descriptor) throws IOException;
  }

  private static Map<String, Sending> sendings() {
    Map<String, Sending> sendings = new LinkedHashMap<>();
    sendings.put("as a kick", (guest, _, fd) -> guest.send(12, TestGuest.longs(0), fd));
    sendings.put("as a call", (guest, _, fd) -> guest.send(13, TestGuest.longs(0), fd));
    sendings.put("as an error", (guest, _, fd) -> guest.send(14, TestGuest.longs(0), fd));
    sendings.put(
        "as memory",
        (guest, _, fd) ->
            guest.send(5, TestGuest.region(1, TestGuest.GUEST, MIB, guest.host, 0), fd));
    sendings.put("as a channel", (guest, _, fd) -> guest.send(21, new byte[0], fd));
    sendings.put(
        "with a message that needs none", (guest, _, fd) -> guest.send(1, new byte[0], fd));
    sendings.put(
        "40 times",
        (guest, _, fd) -> {
          guest.sendBytes(TestGuest.ints(3, 1, 8), twenty(fd));
          guest.sendBytes(new byte[8], twenty(fd));
        });
    sendings.put(
        "behind a wrong message",
        (guest, _, fd) -> {
          guest.send(99, new byte[0]);
          guest.send(1, new byte[0], fd);
        });
    sendings.put(
        "while there is another front-end",
        (_, disks, fd) -> {
          try (var second = new TestGuest(disks.busySocket, 64, MIB)) {
            second.send(1, new byte[0], fd);
          }
        });
    return sendings;
  }

  private static int[] twenty(int descriptor) {
    int[] twenty = new int[20];
    Arrays.fill(twenty, descriptor);
    return twenty;
  }

  @TestFactory
  Stream<DynamicTest> otherDisksAreServedOn() {
    return sendings().entrySet().stream()
        .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> check(each.getValue())));
  }

  private void check(Sending sending) throws Exception {
    try (var disks = new TwoDisks();
        var other = new TestGuest(disks.quietSocket, 64, MIB).start(0);
        var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int lingering = OddDescriptors.lingering(listening.getLocalPort(), LONGER_THAN_A_TEST);
      try (var _ = listening.accept()) { // when this end is closed, the other one may go
        try (var hostile = new TestGuest(disks.busySocket, 64, MIB)) {
          hostile.ask(1);
          Runnable release = disks.holdFrontEnds();
          sending.send(hostile, disks, lingering);
          Posix.close(lingering); // the server will have the last one
          release.run();
        }
        for (int i = 0; i < 20; i++) other.ask(1);
        assertEquals(BlockRequests.OK, other.write(0, new byte[512]));
      }
    }
  }
}
