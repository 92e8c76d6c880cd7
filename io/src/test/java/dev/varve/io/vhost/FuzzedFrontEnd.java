package dev.varve.io.vhost;

import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.OddDescriptors;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.testing.MemoryDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Front-ends of which a fuzzer's bytes decide the messages, their descriptors, and when memory is
 * truncated or the connection ends. Most messages are those that would set up a queue, so that a
 * few wrong ones meet one that runs. Not thread-safe.
 */
final class FuzzedFrontEnd implements AutoCloseable {

  private static final int MIB = 1 << 20;
  private static final String NAME = "fuzzed-front-end";

  /** Setting up, using and taking down a queue. */
  private static final int[] SCRIPT = {1, 15, 16, 3, 2, 5, 8, 10, 9, 12, 13, 18, 24, 37, 38, 11};

  private static final int[] MESSAGES = {
    1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 24, 25, 31, 32, 34, 36, 37, 38, 99
  };

  private static final long GUEST = 0x10000;
  private static final long HOST = 0x7000_0000_0000L;

  private final TestDisk disk = new TestDisk(new MemoryDevice(MIB));
  private final Set<String> sent = new HashSet<>();
  private final List<Integer> open = new ArrayList<>();
  private Decisions decisions = new Decisions(new byte[0]);
  private int memory;
  private int kick;

  FuzzedFrontEnd() throws IOException {}

  /** Plays one front-end. */
  void run(byte[] bytes) throws IOException {
    decisions = new Decisions(bytes);
    int[] honesty = {0, 10, 60, 300};
    decisions.honesty(honesty[decisions.below(honesty.length)]);
    memory = own(SharedMemory.create(NAME, MIB));
    kick = EventDescriptor.create();
    open.add(kick);
    writeRing();
    try (var socket = DescriptorSocket.connect(disk.socket)) {
      awaitTurn(socket);
      int step = 0;
      for (int left = 4 + decisions.below(40); left > 0; left--) {
        boolean asWritten = decisions.below(4) > 0 && step < SCRIPT.length;
        message(socket, asWritten ? SCRIPT[step++] : MESSAGES[decisions.below(MESSAGES.length)]);
        if (decisions.oneIn(8)) EventDescriptor.signal(kick);
        if (decisions.oneIn(24)) Posix.ftruncate(memory, decisions.below(3) * 4096L);
        if (decisions.oneIn(4)) readReplies(socket);
      }
    } catch (PosixException e) {
      // The server has closed the connection.
    } finally {
      for (int descriptor : open) Posix.close(descriptor);
      open.clear();
    }
  }

  /** Returns when the server has done with the front-end before, and has answered this one. */
  private void awaitTurn(DescriptorSocket socket) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      socket.send(arena.allocateFrom(ValueLayout.JAVA_INT, 1, 1, 0));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(64);
      int length;
      while ((length = socket.receive(in)) == DescriptorSocket.NOTHING_YET) Thread.onSpinWait();
      if (length == 0) throw new AssertionError("the front-end was sent away");
    }
  }

  private int own(int descriptor) throws IOException {
    open.add(descriptor);
    sent.add(OddDescriptors.identity(descriptor));
    return descriptor;
  }

  /** A request to read a page, at the addresses that the script gives for a ring of 128. */
  private void writeRing() throws IOException {
    var ring = TestGuest.little(8192);
    ring.putLong(GUEST + 0x3000).putInt(16).putShort((short) 1).putShort((short) 1);
    ring.putLong(GUEST + 0x8000).putInt(4096).putShort((short) 3).putShort((short) 2);
    ring.putLong(GUEST + 0x3100).putInt(1).putShort((short) 2).putShort((short) 0);
    ring.putShort(0x1000 + 2, (short) 1);
    try (Arena arena = Arena.ofConfined()) {
      Posix.pwrite(memory, arena.allocateFrom(ValueLayout.JAVA_BYTE, ring.array()), 0);
    }
  }

  private void message(DescriptorSocket socket, int request) throws IOException {
    byte[] payload = payload(request);
    var out = TestGuest.little(12 + payload.length);
    out.putInt((int) decisions.bent(request));
    out.putInt((int) decisions.bent(decisions.oneIn(4) ? 9 : 1));
    out.putInt((int) decisions.bent(payload.length));
    out.put(payload);
    send(socket, out.array(), descriptors(request));
  }

  private byte[] payload(int request) {
    int queue = decisions.oneIn(8) ? decisions.below(20) : 0;
    return switch (request) {
      case 2 -> bent((1L << 32) + (1L << 30) + (1L << 9) + ((long) decisions.below(4) << 28));
      case 16 -> bent(0b1001_0010_0010_1001);
      case 5 -> region(1);
      case 8 -> TestGuest.ints(queue, (int) decisions.bent(128));
      case 10 -> TestGuest.ints(queue, (int) decisions.bent(0));
      case 18 -> TestGuest.ints(queue, decisions.oneIn(6) ? 0 : 1);
      case 11 -> TestGuest.ints(queue, 0);
      case 9 -> addresses(queue);
      case 12, 13, 14 -> bent(queue + (decisions.oneIn(8) ? 1 << 8 : 0));
      case 24, 25 -> config(request);
      case 31, 32 -> inflight();
      case 37, 38 -> region(0);
      default -> new byte[decisions.oneIn(8) ? decisions.below(64) : 0];
    };
  }

  private byte[] bent(long right) {
    return TestGuest.longs(decisions.bent(right));
  }

  private byte[] region(int count) {
    long at = count == 1 ? 0 : (1L + decisions.below(3)) << 40;
    return TestGuest.region(
        (int) decisions.bent(count),
        decisions.bent(GUEST + at),
        decisions.bent(count == 1 ? MIB : 64 << 10),
        decisions.bent(HOST + at),
        decisions.bent(0));
  }

  private byte[] addresses(int queue) {
    var out = TestGuest.little(40);
    out.putInt(queue).putInt(0).putLong(decisions.bent(HOST));
    out.putLong(decisions.bent(HOST + 0x2000)).putLong(decisions.bent(HOST + 0x1000)).putLong(0);
    return out.array();
  }

  private byte[] config(int request) {
    int size = request == 25 ? 1 : 60;
    var out = TestGuest.little(12 + size);
    out.putInt((int) decisions.bent(request == 25 ? BlockConfig.WRITEBACK : 0));
    out.putInt((int) decisions.bent(size)).putInt(0).put((byte) decisions.octet());
    return out.array();
  }

  private byte[] inflight() {
    var out = TestGuest.little(20);
    out.putLong(decisions.bent(InflightTable.length(1, 128))).putLong(decisions.bent(0));
    out.putShort((short) decisions.bent(1)).putShort((short) decisions.bent(128));
    return out.array();
  }

  /** Those that belong to the message, or others, or too many. */
  private int[] descriptors(int request) throws IOException {
    if (decisions.oneIn(16)) {
      int[] many = new int[decisions.below(33)];
      for (int i = 0; i < many.length; i++) many[i] = i % 4 == 0 ? odd() : memory;
      return many;
    }
    return switch (request) {
      case 5, 37, 32 -> new int[] {decisions.oneIn(12) ? odd() : memory};
      case 12 -> new int[] {decisions.oneIn(12) ? odd() : kick};
      case 13, 14, 21 -> new int[] {odd()};
      default -> new int[0];
    };
  }

  private int odd() throws IOException {
    return switch (decisions.below(10)) {
      case 0 -> own(SharedMemory.create(NAME, decisions.word() * 64L));
      case 1 -> own(OddDescriptors.sealed(NAME, MIB));
      case 2 -> own(OddDescriptors.memoryWithoutPages(2 * MIB));
      case 3 -> pipe();
      case 4 -> folder();
      default -> own(OddDescriptors.event());
    };
  }

  private int pipe() throws IOException {
    int[] ends = OddDescriptors.pipe();
    own(ends[0]);
    own(ends[1]);
    return ends[decisions.below(2)];
  }

  private int folder() throws IOException {
    int folder = Posix.open(Path.of("/tmp"), 0, 0);
    open.add(folder);
    return folder;
  }

  private void send(DescriptorSocket socket, byte[] bytes, int... descriptors)
      throws PosixException {
    int first = decisions.oneIn(40) ? 1 + decisions.below(bytes.length) : bytes.length;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      socket.send(out.asSlice(0, first), descriptors);
      if (first < bytes.length) socket.send(out.asSlice(first));
    }
  }

  private static void readReplies(DescriptorSocket socket) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(4096);
      while (socket.receive(in) > 0)
        for (int i = 0; i < socket.receivedDescriptors(); i++)
          Posix.close(socket.receivedDescriptor(i));
    }
  }

  /** Fails unless the next front-end is served, and nothing is left of those before. */
  void check() throws IOException {
    try (var next = new TestGuest(disk.socket, 128, 64 << 10).start(0)) {
      next.read(3, 512);
    }
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    for (String left; (left = left()) != null; Thread.onSpinWait())
      if (System.nanoTime() > patience) throw new AssertionError(left);
    sent.clear();
  }

  /** What a front-end has left behind; some of it may be closed in a moment. */
  private @Nullable String left() throws IOException {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : descriptors) {
        String what = identity(Integer.parseInt(each.getFileName().toString()));
        if (sent.contains(what)) return "a descriptor is left open: " + what;
      }
    }
    for (String line : Files.readAllLines(Path.of("/proc/self/maps")))
      if (line.contains(NAME)) return "a mapping is left: " + line;
    return null;
  }

  private static String identity(int descriptor) throws IOException {
    try {
      return OddDescriptors.identity(descriptor);
    } catch (IOException | NoSuchElementException e) {
      return ""; // closed meanwhile, by another test: the name is gone, or what it leads to
    }
  }

  @Override
  public void close() throws IOException {
    disk.close();
  }
}
