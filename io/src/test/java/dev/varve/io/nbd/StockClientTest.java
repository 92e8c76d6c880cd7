package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients that people have, one situation each. */
@Timeout(300)
class StockClientTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private TestServer server;
  private String uri;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.start();
    uri = server.uri();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  // ---- nbdinfo

  @Test
  @NeedsTools("nbdinfo")
  void nbdinfoShowsTheExport() throws Exception {
    String info = run("nbdinfo", "--json", uri);

    for (String expected :
        List.of(
            "\"export-name\": \"disk\"",
            "\"description\": \"in memory\"",
            "\"export-size\": 67108864",
            "\"base:allocation\"",
            "\"qemu:allocation-depth\"",
            "\"is_rotational\": false",
            "\"is_read_only\": false",
            "\"can_cache\": true",
            "\"can_df\": true",
            "\"can_fast_zero\": true",
            "\"can_flush\": true",
            "\"can_fua\": true",
            "\"can_multi_conn\": true",
            "\"can_trim\": true",
            "\"can_zero\": true",
            "\"block_size_minimum\": 1",
            "\"block_size_preferred\": 4096",
            "\"block_size_maximum\": 33554432")) {
      assertTrue(info.contains(expected), expected + " is not in " + info);
    }
  }

  @Test
  @NeedsTools("nbdinfo")
  void nbdinfoListsEveryExport() throws Exception {
    server.server.publish(new Export("machine/SATA/0/0", "", server.device, true, false, true));

    String list = run("nbdinfo", "--list", "nbd+unix:///?socket=" + server.socket);

    assertTrue(list.contains("export=\"disk\":"), list);
    assertTrue(list.contains("export=\"machine/SATA/0/0\":"), list);
    assertTrue(list.contains("is_read_only: true"), list);
    assertTrue(list.contains("is_rotational: true"), list);
  }

  @Test
  @NeedsTools("nbdinfo")
  void nbdinfoMapsBothContexts() throws Exception {
    fill(MIB, 2 * MIB);

    assertEquals(
        List.of("0 1048576 3 hole,zero", "1048576 2097152 0 data", "3145728 63963136 3 hole,zero"),
        columns(run("nbdinfo", "--map", uri)));
    assertEquals(
        List.of("0 1048576 0 absent", "1048576 2097152 1 local", "3145728 63963136 0 absent"),
        columns(run("nbdinfo", "--map=qemu:allocation-depth", uri)));
  }

  // ---- nbdcopy

  @Test
  @NeedsTools({"nbdcopy", "cmp"})
  void nbdcopyWithManyConnectionsCopiesInBothDirections() throws Exception {
    Path source = randomFile("source", TestServer.CAPACITY);
    Path copy = folder.resolve("copy");

    run("nbdcopy", "--connections=8", "--requests=32", "--flush", source.toString(), uri);
    run("nbdcopy", "--connections=8", "--requests=32", uri, copy.toString());

    run("cmp", source.toString(), copy.toString());
  }

  @Test
  @NeedsTools("nbdcopy")
  void nbdcopyCopiesAColdDisk() throws Exception {
    fill(0, TestServer.CAPACITY);
    server.device.cold(true);

    run("nbdcopy", "--connections=4", uri, "null:");
  }

  // ---- qemu-img

  @Test
  @NeedsTools("qemu-img")
  void qemuImgInfoShowsTheSize() throws Exception {
    assertTrue(run("qemu-img", "info", uri).contains("64 MiB (67108864 bytes)"));
  }

  @Test
  @NeedsTools("qemu-img")
  void qemuImgMapsDataAndHoles() throws Exception {
    fill(0, MIB);

    String map = run("qemu-img", "map", "--output=json", "-f", "raw", uri);

    assertTrue(map.contains("\"start\": 0, \"length\": 1048576"), map);
    assertTrue(map.contains("\"start\": 1048576, \"length\": 66060288"), map);
  }

  @Test
  @NeedsTools("qemu-img")
  void qemuImgConvertsIntoAndOutOfTheExportAndCompares() throws Exception {
    Path source = randomFile("source", 20 * MIB);
    try (var file = Files.newByteChannel(source, StandardOpenOption.WRITE)) {
      file.position(TestServer.CAPACITY - 1).write(ByteBuffer.allocate(1));
    }
    Path copy = folder.resolve("copy.qcow2");

    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source.toString(), uri);
    run("qemu-img", "convert", "-m", "16", "-W", "-f", "raw", "-O", "qcow2", uri, copy.toString());

    run("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), uri);
    run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", copy.toString(), uri);
  }

  @Test
  @NeedsTools("qemu-img")
  void qemuImgBenchReadsAndWrites() throws Exception {
    run("qemu-img", "bench", "-f", "raw", "-c", "5000", "-d", "64", "-s", "4096", uri);
    run("qemu-img", "bench", "-f", "raw", "-w", "-c", "500", "-d", "8", "-s", "65536", uri);
    run(
        "qemu-img",
        "bench",
        "-f",
        "raw",
        "-w",
        "-c",
        "500",
        "--flush-interval=16",
        "-d",
        "16",
        uri);
  }

  // ---- qemu-io

  @Test
  @NeedsTools("qemu-io")
  void qemuIoWritesAndVerifiesInEveryManner() throws Exception {
    qemuIo(
        "write -P 1 0 64k",
        "read -P 1 0 64k",
        "write -f -P 2 100k 3000",
        "read -P 2 100k 3000",
        "writev -P 3 200k 4k 8k 512",
        "readv -v -P 3 200k 4k 8k 512",
        "aio_write -P 4 1M 2M",
        "aio_flush",
        "aio_read -P 4 1M 2M",
        "aio_flush",
        "read -P 0 10M 1M",
        "flush");
  }

  @Test
  @NeedsTools("qemu-io")
  void qemuIoZeroesAndDiscards() throws Exception {
    qemuIo(
        "write -P 5 0 4M",
        "write -z 0 64k",
        "read -P 0 0 64k",
        "write -z -u 1M 1M",
        "read -P 0 1M 1M",
        "write -z -u -n 2M 64k",
        "read -P 0 2M 64k",
        "aio_write -z 2200k 8k",
        "aio_flush",
        "discard 3M 512k",
        "read -P 0 3M 512k",
        "read -P 5 3600k 100k",
        "alloc 0 4M",
        "map",
        "length");
  }

  @Test
  @NeedsTools("qemu-io")
  void qemuIoReachesTheLastByteAndNotBeyond() throws Exception {
    qemuIo("write -P 9 67108352 512", "read -P 9 67108352 512");

    assertTrue(qemuIo("read 67108352 1024").contains("Input/output error"));
  }

  // ---- A server of simple replies

  @Test
  @NeedsTools({"nbdinfo", "nbdcopy", "cmp", "qemu-io"})
  void clientsOfSimpleRepliesReadWriteAndCopy() throws Exception {
    server.close();
    server = TestServer.startWithSimpleReplies();
    uri = server.uri();
    Path source = randomFile("source", TestServer.CAPACITY);
    Path copy = folder.resolve("copy");

    String info = run("nbdinfo", uri);
    run("nbdcopy", source.toString(), uri);
    run("nbdcopy", uri, copy.toString());

    assertTrue(info.contains("simple packets"), info);
    run("cmp", source.toString(), copy.toString());
    qemuIo("write -P 1 0 64k", "read -P 1 0 64k", "write -z 64k 1M", "read -P 0 64k 1M", "map");
    assertTrue(qemuIo("read 67108352 1024").contains("Input/output error"));
  }

  // ---- fio

  @Test
  @NeedsTools("fio")
  void fioVerifiesWhatItWroteWithManyJobs() throws Exception {
    for (boolean cold : new boolean[] {false, true}) {
      server.device.cold(cold);
      run(
          "fio",
          "--name=verify",
          "--ioengine=nbd",
          "--uri=" + uri,
          "--rw=randrw",
          "--bsrange=512-256k",
          "--size=16M",
          "--offset_increment=16M",
          "--numjobs=4",
          "--iodepth=32",
          "--fsync=50",
          "--verify=crc32c",
          "--verify_fatal=1");
    }
  }

  @Test
  @NeedsTools("fio")
  void fioTrims() throws Exception {
    run(
        "fio",
        "--name=trim",
        "--ioengine=nbd",
        "--uri=" + uri,
        "--rw=trimwrite",
        "--bs=64k",
        "--size=16M",
        "--iodepth=8");
  }

  // ---- nbdsh

  @Test
  @NeedsTools("nbdsh")
  void nbdshSeesEveryErrorAsTheProtocolSays() throws Exception {
    nbdsh(
        """
        import errno
        h.set_strict_mode(0)
        def fails(code, call):
            try:
                call()
            except nbd.Error as e:
                assert e.errnum == code, (e.errnum, code, str(e))
            else:
                raise AssertionError("did not fail")
        size = h.get_size()
        fails(errno.EINVAL, lambda: h.pread(512, size))
        fails(errno.ENOSPC, lambda: h.pwrite(bytearray(512), size - 1))
        fails(errno.EINVAL, lambda: h.trim(512, size))
        fails(errno.ENOSPC, lambda: h.zero(512, size))
        fails(errno.EINVAL, lambda: h.pread(512, 0, 0x4000))
        fails(errno.EINVAL, lambda: h.flush(0x2))
        fails(errno.ENOTSUP, lambda: h.zero(512, 0, nbd.CMD_FLAG_FAST_ZERO))
        fails(errno.EINVAL, lambda: h.block_status(0, 0, lambda *a: 0))
        h.pwrite(b"x" * 70000, 5, nbd.CMD_FLAG_FUA)
        assert h.pread(70000, 5) == b"x" * 70000
        h.zero(4096, 4096, nbd.CMD_FLAG_NO_HOLE)
        h.zero(4096, 8192, nbd.CMD_FLAG_FAST_ZERO)
        h.trim(4096, 12288, nbd.CMD_FLAG_FUA)
        h.cache(4096, 0)
        assert h.pread(12288, 4096) == bytearray(12288)
        """);
  }

  @Test
  @NeedsTools("nbdsh")
  void nbdshReadsChunksAndAsksForUnfragmentedOnes() throws Exception {
    fill(MIB, MIB);

    nbdsh(
        """
        seen = []
        def chunk(data, offset, status, error):
            seen.append((len(data), offset, status))
        h.pread_structured(3 << 20, 0, chunk)
        assert seen == [(1 << 20, 0, nbd.READ_HOLE), (1 << 20, 1 << 20, nbd.READ_DATA),
                        (1 << 20, 2 << 20, nbd.READ_HOLE)], [(a, b, c) for a, b, c in seen]
        seen.clear()
        h.pread_structured(3 << 20, 0, chunk, nbd.CMD_FLAG_DF)
        assert seen == [(3 << 20, 0, nbd.READ_DATA)]
        """);
  }

  @Test
  @NeedsTools("nbdsh")
  void nbdshGetsOneExtentWhenItAsksForOne() throws Exception {
    fill(MIB, MIB);

    nbdsh(
        """
        seen = {}
        def extents(context, offset, entries, error):
            seen[context] = entries
        h.block_status(2 << 20, 100, extents, nbd.CMD_FLAG_REQ_ONE)
        hole = (1 << 20) - 100
        assert seen == {"base:allocation": [hole, 3], "qemu:allocation-depth": [hole, 0]}, seen
        """);
  }

  @Test
  @NeedsTools("nbdsh")
  void nbdshNegotiatesByHand() throws Exception {
    runNbdsh(
        "-c",
        """
        h.set_opt_mode(True)
        h.connect_unix("%s")
        names = []
        h.opt_list(lambda name, description: names.append((name, description)))
        assert names == [("disk", "in memory")], names
        h.set_export_name("nothing")
        try:
            h.opt_info()
        except nbd.Error:
            pass
        else:
            raise AssertionError("there is no such export")
        h.set_export_name("disk")
        h.opt_info()
        assert h.get_size() == 64 << 20
        contexts = []
        h.opt_list_meta_context(lambda name: contexts.append(name))
        assert contexts == ["base:allocation", "qemu:allocation-depth"], contexts
        h.opt_go()
        assert len(h.pread(512, 0)) == 512
        h.shutdown()
        """
            .formatted(server.socket));
  }

  @Test
  @NeedsTools("nbdsh")
  void nbdshWithoutStructuredRepliesGetsSimpleOnes() throws Exception {
    fill(0, MIB);

    runNbdsh(
        "-c",
        "h.set_request_structured_replies(False)",
        "-u",
        uri,
        "-c",
        """
        assert not h.get_structured_replies_negotiated()
        assert not h.can_df()
        assert h.pread(2 << 20, 0) == b"\\7" * (1 << 20) + bytearray(1 << 20)
        """);
  }

  @Test
  @NeedsTools("nbdsh")
  void nbdshMayKeepManyRequestsInFlightOnEveryConnection() throws Exception {
    server.device.cold(true);

    nbdsh(
        """
        buffers = [nbd.Buffer.from_bytearray(bytearray([i %% 256]) * 65536) for i in range(500)]
        for i, b in enumerate(buffers):
            h.aio_pwrite(b, i * 65536, lambda e: 1)
        while h.aio_in_flight() > 0:
            h.poll(-1)
        h.flush()
        for i in range(500):
            assert h.pread(65536, i * 65536) == bytearray([i %% 256]) * 65536, i
        """
            .formatted());
  }

  // ---- Running programs

  private String qemuIo(String... commands) throws Exception {
    var line = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    for (String command : commands) line.addAll(List.of("-c", command));
    line.add(uri);
    String output = run(line.toArray(String[]::new));
    assertFalse(output.contains("Pattern verification failed"), output);
    return output;
  }

  private void nbdsh(String script) throws Exception {
    runNbdsh(
        "-c",
        "h.add_meta_context('base:allocation')",
        "-c",
        "h.add_meta_context('qemu:allocation-depth')",
        "-u",
        uri,
        "-c",
        script);
  }

  /**
   * The script of this name takes the first python3 of the path, which need not know the module.
   */
  private void runNbdsh(String... arguments) throws Exception {
    var line = new ArrayList<>(List.of("/usr/bin/python3", "-m", "nbd"));
    line.addAll(List.of(arguments));
    run(line.toArray(String[]::new));
  }

  /** Runs a program to its end; fails with its output if it does not succeed. */
  private String run(String... command) throws Exception {
    Path output = Files.createTempFile(folder, "output", "");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      String text = Files.readString(output);
      assertTrue(ended, () -> command[0] + " hangs: " + text);
      boolean refusedRead = command[0].equals("qemu-io") && text.contains("error");
      assertTrue(process.exitValue() == 0 || refusedRead, () -> command[0] + " fails: " + text);
      return text;
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<String> columns(String table) {
    return table.lines().map(line -> line.strip().replaceAll("\\s+", " ")).toList();
  }

  private void fill(long offset, long length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      server.device.tryWrite(offset, arena.allocate(length).fill((byte) 7));
    }
  }

  private Path randomFile(String name, int length) throws IOException {
    byte[] data = new byte[length];
    new Random(3).nextBytes(data);
    return Files.write(folder.resolve(name), data);
  }
}
