package dev.varve.bench.compare;

import dev.varve.bench.compare.Goal.Metric;
import dev.varve.bench.compare.Load.Access;
import dev.varve.bench.compare.TestDisks.Format;
import dev.varve.bench.compare.Workload.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The workloads that are measured, and what Varve should reach in each. */
final class Workloads {

  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;
  private static final Load READ_32 = new Load(Access.RANDOM_READ, 4 * KIB, 32);

  private final Contestant qemuRaw = Contestant.qemu(Format.RAW);
  private final Contestant nbdkit = Contestant.nbdkit();
  private final Path varve;
  private final Contestant ours;
  private final List<Contestant> single = new ArrayList<>();

  /**
   * Workloads for this Varve.
   *
   * @param varve its launcher
   * @param others more servers of raw files, for comparison where a single disk is served
   */
  Workloads(Path varve, List<Contestant> others) {
    this.varve = varve;
    ours = Contestant.varve(varve, Layers.SINGLE);
    single.addAll(
        List.of(ours, Contestant.qemu(Format.VDI), Contestant.varveOfSimpleReplies(varve), nbdkit));
    single.addAll(others);
  }

  /** All of them, in the order of the report. */
  List<Workload> all() {
    var shallow = new Layers(1, false);
    var deep = new Layers(32, false);
    var snapshot = new Layers(7, true);
    var touch = new Load(Access.TOUCH, 4 * KIB, 4);
    var trim = new Load(Access.TRIM, MIB, 1);
    List<Workload> vdi =
        List.of(
            leanReads("rr32-lean", single, 8, "nbdkit 3.5, C yardstick 15"),
            reads32(),
            onSingle("rr1", Access.RANDOM_READ, 4 * KIB, 1, 1.5, "nbdkit 1.6, C yardstick 1.56"),
            onSingle("rw32", Access.RANDOM_WRITE, 4 * KIB, 32, 3.5, "nbdkit 2.4, C yardstick 4.0"),
            onSingle("rw1", Access.RANDOM_WRITE, 4 * KIB, 1, 1.5, "nbdkit 1.7, C yardstick 1.75"),
            onSingle("mix16", Access.RANDOM_MIX, 4 * KIB, 16, 3.8, "nbdkit 3.0, C yardstick 4.3"),
            onSingle("sr128", Access.READ, 128 * KIB, 8, 2.5, "nbdkit 2.5"),
            onSingle("sr1m", Access.READ, MIB, 4, 1.8, "nbdkit 1.7, C yardstick 1.9"),
            onSingle("sw1m", Access.WRITE, MIB, 4, 2.2, "nbdkit 2.1, C yardstick 2.7"),
            flushed(),
            fio("cold-rr32", READ_32, State.COLD, single, faster(1.7, "nbdkit 1.9")),
            leanReads("chain", List.of(ours(deep), ours(shallow)), 0.95, "qemu 0.42"),
            fio("chain-qemu", READ_32, State.WARM, withQemu(deep), faster(4, "")),
            fio(
                "touch",
                touch,
                State.FRESH,
                withQemu(snapshot),
                faster(1, "clusters of 1 MiB 0.1")),
            fio(
                "trim1m",
                trim,
                State.FRESH,
                List.of(ours, qemuRaw, nbdkit),
                faster(1, "nbdkit 1.08")));
    return Stream.of(
            vdi, ofFormat(Format.VMDK), ofFormat(Format.VHD), onlyOfVmdk(snapshot), ofGuests())
        .flatMap(List::stream)
        .toList();
  }

  /** A format beside VDI; QEMU's figures for both tell how VDI does against QEMU. */
  private List<Workload> ofFormat(Format format) {
    String name = format.suffix();
    var write = new Load(Access.RANDOM_WRITE, 4 * KIB, 32);
    var contestants =
        List.of(
            ours(format, Layers.SINGLE),
            ours,
            Contestant.qemu(format),
            Contestant.qemu(Format.VDI));
    var chains = List.of(ours(format, new Layers(32, false)), ours(format, Layers.SINGLE));
    return List.of(
        fio(name + "-rr32", READ_32, State.WARM, contestants, faster(0.9, "")),
        fio(name + "-rw32", write, State.WARM, contestants, faster(0.9, "")),
        leanReads(name + "-chain", chains, 0.9, ""));
  }

  private List<Workload> onlyOfVmdk(Layers snapshot) {
    // With flushes, since the rest of a block is copied from below when it becomes durable.
    var touch = new Load(Access.TOUCH, 4 * KIB, 4, 64);
    var copy = new Load(Access.COPY, MIB, 1);
    var touched = List.of(ours(Format.VMDK, snapshot), ours(snapshot));
    var copied = List.of(ours(Format.STREAM, Layers.SINGLE), Contestant.qemu(Format.STREAM));
    return List.of(
        fio("vmdk-touch", touch, State.FRESH, touched, faster(2, "")),
        new Workload("stream-copy", Tool.NBDCOPY, copy, State.WARM, copied, faster(1.5, "")));
  }

  /** Through memory that is shared with a virtual machine. */
  private List<Workload> ofGuests() {
    var cpu = new Goal(Metric.SERVER_CPU, 0.2, "");
    var reads = List.of(new Goal(Metric.SPEED, 6, ""), cpu);
    Contestant guests = Contestant.varveOfGuests(varve, Layers.SINGLE);
    var deep = Contestant.varveOfGuests(varve, new Layers(32, false));
    var shallow = Contestant.varveOfGuests(varve, new Layers(1, false));
    return List.of(
        ofGuests("vhost-rr32", Access.RANDOM_READ, 4 * KIB, 32, reads),
        ofGuests("vhost-rr1", Access.RANDOM_READ, 4 * KIB, 1, faster(1.2, "")),
        ofGuests("vhost-rw32", Access.RANDOM_WRITE, 4 * KIB, 32, faster(4, "")),
        ofGuests("vhost-rw1", Access.RANDOM_WRITE, 4 * KIB, 1, faster(1.2, "")),
        ofGuests("vhost-sr1m", Access.READ, MIB, 4, faster(1.2, "")),
        ofGuests("vhost-sw1m", Access.WRITE, MIB, 4, faster(1.2, "")),
        leanReads("vhost-nbd", List.of(guests, ours), 1.6, ""),
        leanReads("vhost-chain", List.of(deep, shallow), 0.95, "qemu 0.42"));
  }

  /** Beside qemu-storage-daemon with a raw file, and with the same VDI. */
  private Workload ofGuests(
      String name, Access access, int blockSize, int depth, List<Goal> goals) {
    List<Contestant> contestants =
        List.of(
            Contestant.varveOfGuests(varve, Layers.SINGLE),
            Contestant.qemuOfGuests(Format.RAW),
            Contestant.qemuOfGuests(Format.VDI));
    var load = new Load(access, blockSize, depth);
    return new Workload(name, Tool.LEAN, load, State.WARM, contestants, goals);
  }

  private Workload onSingle(
      String name, Access access, int blockSize, int depth, double atLeast, String reference) {
    var load = new Load(access, blockSize, depth);
    return fio(name, load, State.WARM, single, faster(atLeast, reference));
  }

  private Workload reads32() {
    var speed = new Goal(Metric.SPEED, 3.8, "nbdkit 2.7, C yardstick 4.15");
    var cpu = new Goal(Metric.SERVER_CPU, 0.2, "nbdkit 0.4, C yardstick 0.14");
    return fio("rr32", READ_32, State.WARM, single, List.of(speed, cpu));
  }

  private Workload flushed() {
    var load = new Load(Access.RANDOM_WRITE, 4 * KIB, 1, 16);
    return fio("flush16", load, State.WARM, single, faster(1.6, "nbdkit 1.33, C yardstick 2.0"));
  }

  private static Workload leanReads(
      String name, List<Contestant> contestants, double atLeast, String reference) {
    return new Workload(
        name, Tool.LEAN, READ_32, State.WARM, contestants, faster(atLeast, reference));
  }

  private static Workload fio(
      String name, Load load, State state, List<Contestant> contestants, List<Goal> goals) {
    return new Workload(name, Tool.FIO, load, state, contestants, goals);
  }

  private Contestant ours(Layers layers) {
    return Contestant.varve(varve, layers);
  }

  private Contestant ours(Format format, Layers layers) {
    return Contestant.varve(varve, format, layers);
  }

  /** QEMU's chains are qcow2; io_uring is its faster way. */
  private List<Contestant> withQemu(Layers layers) {
    return List.of(
        ours(layers),
        Contestant.qemuChain(layers, "io_uring"),
        Contestant.qemuChain(layers, "threads"));
  }

  private static List<Goal> faster(double atLeast, String reference) {
    return List.of(new Goal(Metric.SPEED, atLeast, reference));
  }
}
