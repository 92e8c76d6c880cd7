package dev.varve.core.settings;

import static java.util.stream.Collectors.joining;

import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Limit;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.xml.XmlElement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What bandwidth groups limit beyond what VirtualBox knows: items of the machine's element {@code
 * ExtraData}, which VirtualBox takes over as they are when it writes the file.
 *
 * <pre>
 * Varve/BandwidthGroup/NAME/LIMIT                  of the current state
 * Varve/Snapshot/{UUID}/BandwidthGroup/NAME/LIMIT  of a snapshot
 * </pre>
 *
 * A limit that is missing is none, and a burst that is missing the usual one. Items of groups that
 * are gone go with the next save, whatever else Varve does not know stays.
 *
 * <p>Not thread-safe.
 */
final class ExtraLimits {

  private static final String EXTRA_DATA = "ExtraData";
  private static final String ITEM = "ExtraDataItem";

  /** What VirtualBox does not know, in the order in which items are added. */
  private static final List<Limit> LIMITS =
      List.of(
          Limit.READ_BYTES,
          Limit.WRITE_BYTES,
          Limit.READ_OPERATIONS,
          Limit.WRITE_OPERATIONS,
          Limit.OPERATIONS,
          Limit.BURST);

  private static final Pattern OURS =
      Pattern.compile(
          "Varve/(Snapshot/\\{[^/]*}/)?BandwidthGroup/.*/"
              + Stream.of(Limit.values()).map(Limit::key).collect(joining("|", "(", ")")),
          Pattern.DOTALL);

  private static final List<String> ATTRIBUTES = List.of("name", "value");

  private static final long MILLISECOND = 1_000_000;

  /** What an item that is missing says. */
  private static final BandwidthLimits UNSAID = BandwidthLimits.NONE;

  private final XmlElement machine;
  private final Map<String, XmlElement> items = new LinkedHashMap<>();

  /**
   * @param machine the element {@code Machine}
   */
  ExtraLimits(XmlElement machine) {
    this.machine = machine;
    XmlElement list = machine.child(EXTRA_DATA);
    if (list == null) return;
    for (XmlElement item : list.elements(ITEM)) {
      String name = item.attribute("name");
      if (name != null && OURS.matcher(name).matches()) items.put(name, item);
    }
  }

  private static String prefix(@Nullable SnapshotId snapshot, String group) {
    String owner = snapshot == null ? "" : "Snapshot/" + Values.text(snapshot.uuid()) + "/";
    return "Varve/" + owner + "BandwidthGroup/" + group + "/";
  }

  // ---- reading

  /**
   * The same storage with these limits too.
   *
   * @param snapshot whose storage it is; null: the machine's current one
   */
  Hardware addTo(Hardware hardware, @Nullable SnapshotId snapshot) throws SettingsException {
    if (items.isEmpty()) return hardware;
    List<BandwidthGroup> groups = new ArrayList<>();
    for (BandwidthGroup group : hardware.bandwidthGroups())
      groups.add(group.withLimits(limits(group, prefix(snapshot, group.name()))));
    return hardware.withBandwidthGroups(groups);
  }

  private BandwidthLimits limits(BandwidthGroup group, String prefix) throws SettingsException {
    Map<Limit, Long> values = new EnumMap<>(Limit.class);
    values.put(Limit.BYTES, group.maxBytesPerSecond());
    for (Limit limit : LIMITS) {
      XmlElement item = items.get(prefix + limit.key());
      if (item != null) values.put(limit, number(item, limit));
    }
    return BandwidthLimits.of(limit -> values.getOrDefault(limit, UNSAID.value(limit)));
  }

  private static long number(XmlElement item, Limit limit) throws SettingsException {
    if (limit != Limit.BURST) return Values.number(item, "value", 0, Long.MAX_VALUE);
    long shortest = BandwidthLimits.SHORTEST_BURST / MILLISECOND;
    long longest = BandwidthLimits.LONGEST_BURST / MILLISECOND;
    return Values.number(item, "value", shortest, longest);
  }

  // ---- writing

  /** Makes the items say what the machine and its snapshots do. */
  void write(Machine wanted) throws SettingsException {
    Map<String, XmlElement> left = new LinkedHashMap<>(items);
    write(wanted.hardware(), null, left);
    for (Snapshot snapshot : wanted.snapshots()) write(snapshot.hardware(), snapshot.id(), left);
    left.values().forEach(ExtraLimits::remove);
  }

  /**
   * @param left the items that no group has used yet
   */
  private void write(Hardware hardware, @Nullable SnapshotId snapshot, Map<String, XmlElement> left)
      throws SettingsException {
    for (BandwidthGroup group : hardware.bandwidthGroups()) {
      String prefix = prefix(snapshot, group.name());
      BandwidthLimits before = limits(group, prefix);
      for (Limit limit : LIMITS) {
        String name = prefix + limit.key();
        XmlElement item = left.remove(name);
        long value = group.limits().value(limit);
        if (value == before.value(limit)) continue;
        if (value == UNSAID.value(limit)) remove(items.get(name));
        else set(name, item, value);
      }
    }
  }

  private void set(String name, @Nullable XmlElement present, long value) throws SettingsException {
    XmlElement item = present;
    if (item == null) {
      XmlElement list = machine.require(EXTRA_DATA, "Snapshot", "Hardware");
      item = list.newElement(ITEM);
      list.add(item);
      Values.set(item, "name", name, ATTRIBUTES);
    }
    Values.set(item, "value", Long.toString(value), ATTRIBUTES);
  }

  private static void remove(@Nullable XmlElement item) {
    XmlElement list = item == null ? null : item.parent();
    if (item == null || list == null) return;
    item.detach();
    if (list.elements(ITEM).isEmpty()) list.detach();
  }
}
