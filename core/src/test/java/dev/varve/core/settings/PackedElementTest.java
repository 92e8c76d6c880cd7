package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.SnapshotId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What VirtualBox alone knows of a machine goes into a package and comes out of it again. */
class PackedElementTest {

  private static final Path FILE = Path.of("/m/m.vbox");
  private static final String SNAPSHOT = "11111111-0000-0000-0000-000000000001";
  private static final String SETTINGS =
      """
      <?xml version="1.0"?>
      <VirtualBox xmlns="http://www.virtualbox.org/" version="1.19-linux">
        <Machine uuid="{11111111-0000-0000-0000-000000000002}" name="m &amp; n" OSType="Ubuntu_64" snapshotFolder="Snapshots" currentSnapshot="{%s}" lastStateChange="2026-11-27T10:36:30Z">
          <MediaRegistry/>
          <ExtraData>
            <ExtraDataItem name="secret" value="x"/>
          </ExtraData>
          <Snapshot uuid="{%s}" name="s" timeStamp="2026-11-27T10:36:30Z">
            <Hardware>
              <Memory RAMSize="512"/>
              <StorageControllers/>
            </Hardware>
          </Snapshot>
          <Hardware>
            <Memory RAMSize="2048"/>
            <Firmware type="EFI64"/>
            <BIOS>
              <IOAPIC enabled="true"/>
              <NVRAM path="m.nvram"/>
            </BIOS>
            <USB>
              <Controllers>
                <Controller name="xHCI" type="XHCI"/>
              </Controllers>
              <DeviceFilters>
                <DeviceFilter name="stick" active="true" vendorId="1234"/>
              </DeviceFilters>
            </USB>
            <Network>
              <Adapter slot="0" enabled="true" MACAddress="080027AABBCC" trace="true" tracefile="/etc/x" type="virtio">
                <NAT localhost-reachable="true">
                  <TFTP prefix="/root"/>
                  <Forwarding name="ssh" proto="1" hostport="2222" guestport="22"/>
                </NAT>
              </Adapter>
            </Network>
            <AudioAdapter codec="AD1980" driver="ALSA" enabled="true"/>
            <SharedFolders>
              <SharedFolder name="home" hostPath="/home" writable="true"/>
            </SharedFolders>
            <StorageControllers>
              <StorageController name="SATA" type="AHCI" PortCount="2" useHostIOCache="false" Bootable="true">
                <AttachedDevice type="HardDisk" port="0" device="0">
                  <Image uuid="{11111111-0000-0000-0000-000000000003}"/>
                </AttachedDevice>
                <AttachedDevice passthrough="false" type="DVD" port="1" device="0">
                  <Image uuid="{11111111-0000-0000-0000-000000000004}"/>
                </AttachedDevice>
              </StorageController>
            </StorageControllers>
          </Hardware>
        </Machine>
      </VirtualBox>
      """
          .formatted(SNAPSHOT, SNAPSHOT);

  private static MachineParts parts(SnapshotId snapshot) throws IOException {
    return MachineFile.of(FILE, SETTINGS.getBytes(StandardCharsets.UTF_8)).parts(snapshot);
  }

  private static String imported(MachineParts parts) throws IOException {
    Machine machine =
        new Machine(
            new MachineId(new UUID(1, 9)),
            "new",
            FILE,
            "Snapshots",
            null,
            "PIIX3",
            Hardware.EMPTY,
            List.of(),
            null,
            true,
            Instant.EPOCH);
    return new String(MachineFile.blank(machine, parts).toBytes(), StandardCharsets.UTF_8);
  }

  private static void assertHas(String text, String... parts) {
    for (String part : parts) assertTrue(text.contains(part), part + " in " + text);
  }

  private static void assertHasNot(String text, String... parts) {
    for (String part : parts) assertFalse(text.contains(part), part + " in " + text);
  }

  @Test
  void packageHasTheHardwareOfTheSettingsFileAndNoFilesOfTheHost() throws IOException {
    String text = parts(null).virtualBox();

    assertHas(
        text,
        "<vbox:Machine ovf:required=\"false\" version=\"1.19-linux\" uuid=\"{11111111-0000-0000-0000-000000000002}\" name=\"m &amp; n\" OSType=\"Ubuntu_64\"",
        "<Firmware type=\"EFI64\"/>",
        "<Image uuid=\"{11111111-0000-0000-0000-000000000003}\"/>",
        "MACAddress=\"080027AABBCC\"");
    assertHasNot(text, "000000000004", "NVRAM", "secret", "MediaRegistry", "<Snapshot");
  }

  @Test
  void packageOfASnapshotHasTheHardwareOfTheSnapshot() throws IOException {
    MachineParts parts = parts(new SnapshotId(UUID.fromString(SNAPSHOT)));

    assertEquals(512, parts.memoryMebibytes());
    assertHas(parts.virtualBox(), "RAMSize=\"512\"");
    assertHasNot(parts.virtualBox(), "RAMSize=\"2048\"");
  }

  @Test
  void importTakesWhatTheGuestSeesAndNothingOfTheHost() throws IOException {
    String file = imported(parts(null));

    assertHas(
        file,
        "<Firmware type=\"EFI64\"/>",
        "<Controller name=\"xHCI\" type=\"XHCI\"/>",
        "MACAddress=\"080027AABBCC\" type=\"virtio\"",
        "<Forwarding name=\"ssh\"",
        "<AudioAdapter codec=\"AD1980\"",
        "RAMSize=\"2048\"");
    assertHasNot(
        file, "DeviceFilter", "TFTP", "trace", "SharedFolder", "000000000003", "NVRAM", "vbox:");
  }

  @Test
  void elementThatCannotBeReadIsLeftOut() throws IOException {
    for (String broken :
        List.of("<vbox:Machine><Hardware>", "<vbox:Machine/>", "<x:y/>", "no element")) {
      String file = imported(new MachineParts("Other", 64, 1, true, broken));
      assertHas(file, "<Firmware type=\"EFI\"/>", "RAMSize=\"64\"");
    }
    String foreign =
        "<vbox:Machine><Hardware><Network ovf:a=\"b\"/><USB xmlns=\"u:x\"/></Hardware></vbox:Machine>";
    assertHasNot(imported(new MachineParts("Other", 64, 1, false, foreign)), "Network", "USB");
  }
}
