package dev.varve.core.device;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskFailures.Count;
import dev.varve.core.device.DiskFailures.Kind;
import dev.varve.core.log.Amount;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What has failed of all disks of a server, those that are closed included. Thread safe. */
public final class FailureTotals {

  /** Of so many disks the names are said. */
  private static final int MOST_NAMED = 5;

  private record What(Op operation, Kind kind) implements Comparable<What> {
    @Override
    public int compareTo(What other) {
      int byOperation = operation.compareTo(other.operation);
      return byOperation != 0 ? byOperation : kind.compareTo(other.kind);
    }
  }

  private final Map<String, Map<What, Long>> byDisk = new TreeMap<>();

  /** Adds what has failed of one disk, which fails no more. */
  public void add(DiskFailures disk) {
    add(disk.disk(), disk.counts());
  }

  private synchronized void add(String disk, List<Count> counts) {
    for (Count count : counts)
      byDisk
          .computeIfAbsent(disk, _ -> new TreeMap<>())
          .merge(new What(count.operation(), count.kind()), count.count(), Long::sum);
  }

  /** {@code disk 'io': 15 writes (ENOSPC)}; empty if nothing has failed. */
  public synchronized String text() {
    List<String> disks = new ArrayList<>();
    byDisk.forEach(
        (disk, counts) -> {
          List<String> failed = new ArrayList<>();
          counts.forEach(
              (what, count) ->
                  failed.add(
                      "%d %s (%s)"
                          .formatted(
                              count,
                              count == 1
                                  ? DiskFailures.noun(what.operation)
                                  : DiskFailures.plural(what.operation),
                              what.kind.code())));
          disks.add("disk '%s': %s".formatted(disk, String.join(", ", failed)));
        });
    int more = disks.size() - MOST_NAMED;
    if (more <= 0) return String.join("; ", disks);
    return String.join("; ", disks.subList(0, MOST_NAMED))
        + "; and some of "
        + Amount.of(more, "more disk");
  }
}
