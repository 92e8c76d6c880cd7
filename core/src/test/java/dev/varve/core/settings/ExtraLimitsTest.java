package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.BandwidthGroup.Kind;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Limits that VirtualBox does not know live where it leaves them alone. */
class ExtraLimitsTest {

  private static final BandwidthLimits ALL =
      new BandwidthLimits(1, 2, 20_971_520, 3, 4, 5, 250_000_000);

  private final String attached = Samples.text(Samples.ATTACHED);

  @Test
  void aGroupWithLimitsThatVirtualBoxDoesNotKnowIsReadAsItWasSaved() throws IOException {
    var group = new BandwidthGroup("a/b <c>", Kind.DISK, ALL);

    MachineSettings wanted = withGroups(attached, group);

    assertEquals(
        wanted.machine().hardware(), read(Samples.saved(attached, wanted)).machine().hardware());
  }

  @Test
  void theNamesThatAreStoredStay() throws IOException {
    assertEquals(
        List.of(
            "+    <ExtraData>",
            item("maxReadBytesPerSecond", 1),
            item("maxWriteBytesPerSecond", 2),
            item("maxReadOperationsPerSecond", 3),
            item("maxWriteOperationsPerSecond", 4),
            item("maxOperationsPerSecond", 5),
            item("burstMilliseconds", 250),
            "+    </ExtraData>"),
        Samples.difference(attached, savedWith(ALL)));
  }

  private static String item(String limit, int value) {
    return "+      <ExtraDataItem name=\"Varve/BandwidthGroup/Limit/%s\" value=\"%d\"/>"
        .formatted(limit, value);
  }

  @Test
  void onlyWhatIsNotUsualIsWritten() throws IOException {
    var limits = new BandwidthLimits(0, 0, 20_971_520, 0, 0, 500, BandwidthLimits.DEFAULT_BURST);

    assertEquals(
        List.of(
            "+    <ExtraData>",
            "+      <ExtraDataItem name=\"Varve/BandwidthGroup/Limit/maxOperationsPerSecond\" value=\"500\"/>",
            "+    </ExtraData>"),
        Samples.difference(attached, savedWith(limits)));
  }

  @Test
  void limitThatChangesChangesOneItemAndOneThatGoesLeavesNothing() throws IOException {
    String file = savedWith(ALL);

    MachineSettings slower =
        withLimit(file, new BandwidthLimits(1, 2, 20_971_520, 3, 4, 6, 250_000_000));
    MachineSettings none = withLimit(file, BandwidthLimits.ofBytes(20_971_520));

    assertEquals(
        List.of(
            "-      <ExtraDataItem name=\"Varve/BandwidthGroup/Limit/maxOperationsPerSecond\" value=\"5\"/>",
            "+      <ExtraDataItem name=\"Varve/BandwidthGroup/Limit/maxOperationsPerSecond\" value=\"6\"/>"),
        Samples.difference(file, Samples.saved(file, slower)));
    assertEquals(attached, Samples.saved(file, none));
  }

  @Test
  void extraDataOfOthersStays() throws IOException {
    String others =
        "      <ExtraDataItem name=\"GUI/a\" value=\"1\"/>\n"
            + "      <ExtraDataItem value=\"2\" name=\"Varve/BandwidthGroup/Limit/weight\"/>\n"
            + "      <ExtraDataItem/>\n";
    String file =
        attached.replace(
            "    <Hardware>", "    <ExtraData>\n" + others + "    </ExtraData>\n    <Hardware>");
    assertTrue(file.contains(others));

    String limited = Samples.saved(file, withLimit(file, ALL));

    assertEquals(6, Samples.difference(file, limited).size());
    assertTrue(limited.contains(others), limited);
    assertEquals(
        file, Samples.saved(limited, withLimit(limited, BandwidthLimits.ofBytes(20_971_520))));
  }

  @Test
  void itemsOfAGroupThatIsGoneGoWithTheNextSave() throws IOException {
    String file = savedWith(ALL).replace("BandwidthGroup/Limit/", "BandwidthGroup/Gone/");

    assertEquals(attached, Samples.saved(file, read(file)));
  }

  @Test
  void snapshotHasItsOwnLimits() throws IOException {
    String file = Samples.text(Samples.TWO_SNAPSHOTS);
    MachineSettings read = read(file);
    Machine machine = read.machine();
    List<Snapshot> snapshots =
        machine.snapshots().stream()
            .map(s -> s.name().equals("S2") ? with(s, limited(s.hardware(), ALL)) : s)
            .toList();
    Machine wanted =
        Samples.with(
            machine, limited(machine.hardware(), ALL), snapshots, machine.currentSnapshot());

    String saved = Samples.saved(file, Samples.with(read, wanted));

    assertEquals(wanted, read(saved).machine());
    assertTrue(
        saved.contains(
            "\"Varve/Snapshot/{83ecb58f-fe77-491e-965c-fbc9e942a572}/BandwidthGroup/Limit/burstMilliseconds\" value=\"250\""),
        saved);
  }

  @Test
  void valueThatIsNoLimitIsRefusedByItsLine() throws IOException {
    String file =
        savedWith(ALL)
            .replace("burstMilliseconds\" value=\"250\"", "burstMilliseconds\" value=\"0\"");

    var refusal = assertThrows(SettingsException.class, () -> read(file));

    assertTrue(refusal.getMessage().contains("<ExtraDataItem>"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("from 1 to 3600000"), refusal.getMessage());
  }

  private String savedWith(BandwidthLimits limits) throws IOException {
    return Samples.saved(attached, withLimit(attached, limits));
  }

  /** What the file says, with other limits of the group {@code Limit}. */
  private static MachineSettings withLimit(String file, BandwidthLimits limits) throws IOException {
    return Samples.withHardware(read(file), hardware -> limited(hardware, limits));
  }

  private static Hardware limited(Hardware hardware, BandwidthLimits limits) {
    return hardware.withBandwidthGroups(
        hardware.bandwidthGroups().stream()
            .map(g -> g.name().equals("Limit") ? g.withLimits(limits) : g)
            .toList());
  }

  private static MachineSettings withGroups(String file, BandwidthGroup more) throws IOException {
    return Samples.withHardware(
        read(file),
        h -> {
          var groups = new ArrayList<>(h.bandwidthGroups());
          groups.add(more);
          return h.withBandwidthGroups(groups);
        });
  }

  private static Snapshot with(Snapshot s, Hardware hardware) {
    return new Snapshot(
        s.id(), s.name(), s.description(), s.takenAt(), s.parent(), s.stateFile(), hardware);
  }

  private static MachineSettings read(String file) throws IOException {
    return Samples.settings(Samples.utf8(file));
  }
}
