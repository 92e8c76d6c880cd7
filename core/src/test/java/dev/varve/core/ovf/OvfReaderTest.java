package dev.varve.core.ovf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class OvfReaderTest {

  @Test
  void whatVirtualBoxExportsIsRead() throws IOException {
    OvfMachine machine = OvfReader.read("exported.ovf", sample());

    assertEquals("mvmdk", machine.name());
    MachineParts parts = machine.parts();
    assertEquals(new MachineParts("Other", 1024, 1, false, parts.virtualBox()), parts);
    assertTrue(parts.virtualBox().startsWith("<vbox:Machine"), parts.virtualBox());
    assertTrue(parts.virtualBox().contains("<Adapter slot=\"7\" type=\"82540EM\">"));
    assertEquals("PIIX3", machine.chipset());
    assertEquals(
        List.of(new StorageController("SATA", ControllerType.INTEL_AHCI, 2, 0, true, false)),
        machine.controllers());
    var file = new OvfFile("mvmdk-disk001.vmdk", -1, false);
    var disk = new OvfDisk("vmdisk1", 0, 1, OvfWriter.STREAM_OPTIMIZED, file);
    assertEquals(
        List.of(new OvfDrive(new Slot("SATA", 0, 0), DeviceType.HARD_DISK, disk)),
        machine.drives());
  }

  @Test
  void whatIsWrittenSaysTheSame() throws IOException {
    OvfMachine machine = OvfReader.read("exported.ovf", sample());

    byte[] written = OvfWriter.write(machine);

    OvfMachine again = OvfReader.read("written.ovf", written);
    assertEquals(machine.name(), again.name());
    assertEquals(machine.parts(), again.parts());
    assertEquals(machine.drives(), again.drives());
    assertEquals(machine.controllers().getFirst().type(), again.controllers().getFirst().type());
  }

  private static byte[] sample() throws IOException {
    try (var in = OvfReaderTest.class.getResourceAsStream("/ovf/exported.ovf")) {
      return in.readAllBytes();
    }
  }

  /** With prefixes on everything, units, two IDE controllers, and choices, as VMware writes. */
  @Test
  void aDescriptorOfAnotherMakerIsRead() throws IOException {
    OvfMachine machine =
        read(
            """
            <ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="r" xmlns:vmw="v">
              <ovf:References>
                <ovf:File ovf:href="a%20b.vmdk" ovf:id="f1" ovf:size="77"/>
                <ovf:File ovf:href="c.vmdk.gz" ovf:id="f2" ovf:compression="gzip"/>
              </ovf:References>
              <ovf:DiskSection>
                <ovf:Disk ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="d1" ovf:fileRef="f1"/>
                <ovf:Disk ovf:capacity="5" ovf:capacityAllocationUnits="MegaBytes" ovf:diskId="d2" ovf:fileRef="f2"/>
              </ovf:DiskSection>
              <ovf:DeploymentOptionSection>
                <ovf:Configuration ovf:id="small"/><ovf:Configuration ovf:default="true" ovf:id="large"/>
              </ovf:DeploymentOptionSection>
              <ovf:VirtualSystem ovf:id="vm">
                <ovf:Name>web/1</ovf:Name>
                <ovf:OperatingSystemSection ovf:id="94" vmw:osType="ubuntu64Guest"/>
                <ovf:VirtualHardwareSection>
            """
                + item(1, 3, "<rasd:VirtualQuantity>2</rasd:VirtualQuantity>")
                + item(
                    2,
                    4,
                    "<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:VirtualQuantity>512</rasd:VirtualQuantity>")
                + item(
                        2,
                        4,
                        "<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:VirtualQuantity>4096</rasd:VirtualQuantity>")
                    .replace("<ovf:Item>", "<ovf:Item ovf:configuration=\"large\">")
                + item(3, 5, "<rasd:Address>1</rasd:Address>")
                + item(4, 5, "<rasd:Address>0</rasd:Address>")
                + item(5, 6, "<rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType>")
                + item(6, 20, "<rasd:ResourceSubType>vmware.nvme.controller</rasd:ResourceSubType>")
                + item(
                    7,
                    17,
                    "<rasd:AddressOnParent>8</rasd:AddressOnParent><rasd:Parent>5</rasd:Parent>"
                        + "<rasd:HostResource>ovf:/disk/d1</rasd:HostResource>")
                + item(
                    8,
                    17,
                    "<rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:Parent>6</rasd:Parent>"
                        + "<rasd:HostResource>/disk/d2</rasd:HostResource>")
                + item(
                    9,
                    15,
                    "<rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:Parent>3</rasd:Parent>"
                        + "<rasd:HostResource>ovf:/file/f1</rasd:HostResource>")
                + item(10, 14, "<rasd:AddressOnParent>0</rasd:AddressOnParent>")
                + item(11, 10, "<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>")
                + """
                  <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
                </ovf:VirtualHardwareSection>
              </ovf:VirtualSystem>
            </ovf:Envelope>
            """);

    assertEquals("web_1", machine.name());
    MachineParts parts = machine.parts();
    assertEquals(new MachineParts("Ubuntu_64", 4096, 2, true, parts.virtualBox()), parts);
    assertEquals(
        List.of("IDE PIIX4", "SCSI LsiLogic", "NVMe NVMe", "Floppy I82078"),
        machine.controllers().stream().map(c -> c.name() + " " + c.type().text()).toList());
    assertEquals(
        List.of("SCSI:8 HardDisk d1", "NVMe:0 HardDisk d2", "IDE:1.1 DVD -", "Floppy:0 Floppy -"),
        machine.drives().stream().map(OvfReaderTest::words).toList());
    OvfDisk first = machine.disks().getFirst();
    assertEquals(16L << 30, first.capacity());
    assertEquals(1L << 30, first.unit());
    assertEquals(new OvfFile("a%20b.vmdk", 77, false), first.file());
    assertTrue(machine.disks().getLast().file().gzip());
  }

  /** Every controller and drive that a package can have, written and read again. */
  @Test
  void eachControllerAndDriveIsReadAsItWasWritten() throws IOException {
    List<StorageController> controllers = new ArrayList<>();
    List<OvfDrive> drives = new ArrayList<>();
    for (ControllerType type :
        List.of(
            ControllerType.PIIX4,
            ControllerType.INTEL_AHCI,
            ControllerType.BUS_LOGIC,
            ControllerType.LSI_LOGIC_SAS,
            ControllerType.NVME,
            ControllerType.VIRTIO_SCSI,
            ControllerType.I82078)) {
      String name = "c" + controllers.size();
      int ports = type.bus().portsAtCreation();
      controllers.add(new StorageController(name, type, ports, 0, true, false));
      int devices = type.bus().devicesPerPort();
      for (int i = 0; i < Math.min(4, ports * devices); i++) {
        var slot = new Slot(name, i / devices, i % devices);
        boolean floppy = type == ControllerType.I82078;
        if (floppy || i == 1) {
          drives.add(new OvfDrive(slot, floppy ? DeviceType.FLOPPY : DeviceType.DVD, null));
        } else {
          var file = new OvfFile("d" + drives.size() + ".vmdk", -1, false);
          var disk = new OvfDisk("d" + drives.size(), 512, 1, OvfWriter.STREAM_OPTIMIZED, file);
          drives.add(new OvfDrive(slot, DeviceType.HARD_DISK, disk));
        }
      }
    }
    var parts = new MachineParts("Debian_64", 2048, 3, true);
    var machine = new OvfMachine("a <b> & \"c\"", parts, "PIIX3", controllers, drives);

    OvfMachine again = OvfReader.read("written.ovf", OvfWriter.write(machine));

    assertEquals(machine.name(), again.name());
    assertEquals(parts, again.parts());
    assertEquals(
        controllers.stream().map(StorageController::type).toList(),
        again.controllers().stream().map(StorageController::type).toList());
    assertEquals(
        drives.stream().map(drive -> places(drive, machine)).toList(),
        again.drives().stream().map(drive -> places(drive, again)).toList());
  }

  /** The slot with its bus, since controllers get other names. */
  private static String places(OvfDrive drive, OvfMachine machine) {
    Slot slot = drive.slot();
    String bus =
        machine.controllers().stream()
            .filter(c -> c.name().equals(slot.controller()))
            .findFirst()
            .orElseThrow()
            .bus()
            .text();
    return "%s %d %d %s %s".formatted(bus, slot.port(), slot.device(), drive.type(), drive.disk());
  }

  private static String words(OvfDrive drive) {
    String disk = drive.disk() == null ? "-" : drive.disk().id();
    return drive.slot() + " " + drive.type().text() + " " + disk;
  }

  private static String item(int id, int type, String more) {
    return "<ovf:Item><rasd:InstanceID>%d</rasd:InstanceID><rasd:ResourceType>%d</rasd:ResourceType>%s</ovf:Item>\n"
        .formatted(id, type, more);
  }

  @ParameterizedTest
  @CsvSource({
    "6,'',SCSI LsiLogic",
    "6,buslogic,SCSI BusLogic",
    "6,lsilogicsas,SAS LsiLogicSas",
    "20,LsiLogicSas,SAS LsiLogicSas",
    "20,vmware.sata.ahci,SATA IntelAhci",
    "20,NVMe,NVMe NVMe",
    "20,VirtioSCSI,VirtioSCSI VirtioSCSI",
    "5,ICH6,IDE ICH6"
  })
  void eachControllerIsVirtualBoxs(int type, String word, String expected) throws IOException {
    OvfMachine machine =
        read(
            small(
                "<rasd:ResourceType>6</rasd:ResourceType>",
                "<rasd:ResourceType>%d</rasd:ResourceType><rasd:ResourceSubType>%s</rasd:ResourceSubType>"
                    .formatted(type, word)));

    StorageController controller = machine.controllers().getFirst();
    assertEquals(expected, controller.name() + " " + controller.type().text());
  }

  @Test
  void twoControllersOfABusNeedTheRoomyChipset() throws IOException {
    OvfMachine machine =
        read(
            small(
                "</ovf:VirtualHardwareSection>", item(9, 6, "") + "</ovf:VirtualHardwareSection>"));

    assertEquals("ICH9", machine.chipset());
    assertEquals(
        List.of("SCSI", "SCSI 1"),
        machine.controllers().stream().map(StorageController::name).toList());
  }

  // ---- what is refused

  private static final String SMALL =
      """
      <ovf:Envelope xmlns:ovf="o" xmlns:rasd="r">
        <ovf:References><ovf:File ovf:href="d.vmdk" ovf:id="f"/></ovf:References>
        <ovf:DiskSection><ovf:Disk ovf:capacity="8" ovf:diskId="d" ovf:fileRef="f"/></ovf:DiskSection>
        <ovf:VirtualSystem ovf:id="vm">
          <ovf:VirtualHardwareSection>
            <ovf:Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></ovf:Item>
            <ovf:Item><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType><rasd:Parent>1</rasd:Parent><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d</rasd:HostResource></ovf:Item>
          </ovf:VirtualHardwareSection>
        </ovf:VirtualSystem>
      </ovf:Envelope>
      """;

  private static String small(String replaced, String by) {
    assertTrue(SMALL.contains(replaced), replaced);
    return SMALL.replace(replaced, by);
  }

  /** What is replaced in a good descriptor, by what, and a part of what is said then. */
  record Lie(String replaced, String by, String said) {}

  static Stream<Lie> lies() {
    return Stream.of(
        new Lie("<ovf:Envelope", "<!DOCTYPE a [<!ENTITY x \"y\">]><ovf:Envelope", "DOCTYPE"),
        new Lie("ovf:Envelope", "ovf:Else", "no OVF descriptor"),
        new Lie("d.vmdk", "../d.vmdk", "href \"../d.vmdk\" is no plain file name"),
        new Lie("d.vmdk", "/etc/passwd", "href \"/etc/passwd\" is no plain file name"),
        new Lie("d.vmdk", "http://a/d.vmdk", "is no plain file name"),
        new Lie("d.vmdk", "a\\\\d.vmdk", "is no plain file name"),
        new Lie("d.vmdk", "..", "href \"..\" is no plain file name"),
        new Lie("ovf:href", "ovf:chunkSize=\"7\" ovf:href", "chunkSize \"7\""),
        new Lie("ovf:href", "ovf:compression=\"bzip2\" ovf:href", "compression \"bzip2\""),
        new Lie("ovf:href=\"d.vmdk\"", "", "the attribute href is missing"),
        new Lie("ovf:fileRef=\"f\"", "ovf:fileRef=\"g\"", "fileRef \"g\" is the id of no File"),
        new Lie("ovf:fileRef=\"f\"", "ovf:parentRef=\"e\"", "parentRef \"e\""),
        new Lie(
            "ovf:capacity=\"8\" ovf:diskId=\"d\" ovf:fileRef=\"f\"",
            "ovf:diskId=\"d\"",
            "needs its capacity"),
        new Lie("\"8\"", "\"-8\"", "capacity \"-8\" is no number"),
        new Lie(
            "\"8\"", "\"8\" ovf:capacityAllocationUnits=\"furlong\"", "\"furlong\" is not known"),
        new Lie(
            "\"8\"",
            "\"9000000000000000\" ovf:capacityAllocationUnits=\"byte * 2^30\"",
            "is more than"),
        new Lie(
            "<ovf:Disk ",
            "<ovf:Disk ovf:capacity=\"8\" ovf:diskId=\"d\"/><ovf:Disk ",
            "is that of two disks"),
        new Lie(
            "<ovf:File ",
            "<ovf:File ovf:href=\"e\" ovf:id=\"f\"/><ovf:File ",
            "is that of two files"),
        new Lie("VirtualHardwareSection>", "Hardware>", "VirtualHardwareSection is missing"),
        new Lie(
            "<ovf:VirtualSystem ovf:id=\"vm\">",
            "<ovf:VirtualSystem/><ovf:VirtualSystem ovf:id=\"vm\">",
            "describes 2 machines"),
        new Lie("/disk/d", "/disk/e", "names no disk of DiskSection"),
        new Lie("<rasd:Parent>1", "<rasd:Parent>7", "Parent \"7\""),
        new Lie("OnParent>0", "OnParent>16", "its places are 0 to 15"),
        new Lie("OnParent>0", "OnParent>x", "AddressOnParent \"x\" is no number"),
        new Lie("<rasd:InstanceID>2", "<rasd:InstanceID>1", "is that of two items"),
        new Lie("<rasd:InstanceID>2</rasd:InstanceID>", "", "InstanceID is missing"),
        new Lie(
            "<rasd:ResourceType>6",
            "<rasd:ResourceSubType>x</rasd:ResourceSubType><rasd:ResourceType>6",
            "\"x\" is no storage controller"),
        new Lie(
            "<rasd:ResourceType>6",
            "<rasd:ResourceType>20</rasd:ResourceType><rasd:ResourceSubType>floppy</rasd:ResourceSubType><rasd:ResourceType>6",
            "\"floppy\" is no storage controller"),
        new Lie(
            "<ovf:Item><rasd:InstanceID>2",
            item(
                    3,
                    17,
                    "<rasd:Parent>1</rasd:Parent><rasd:HostResource>/disk/d</rasd:HostResource>")
                + "<ovf:Item><rasd:InstanceID>2",
            "is attached twice"),
        new Lie(
            "<ovf:Item><rasd:InstanceID>2",
            item(
                    3,
                    15,
                    "<rasd:Parent>1</rasd:Parent><rasd:AddressOnParent>0</rasd:AddressOnParent>")
                + "<ovf:Item><rasd:InstanceID>2",
            "is taken already"),
        new Lie(
            "<ovf:Item><rasd:InstanceID>2",
            item(3, 4, "<rasd:VirtualQuantity>0</rasd:VirtualQuantity>")
                + "<ovf:Item><rasd:InstanceID>2",
            "without memory"),
        new Lie(
            "<ovf:Item><rasd:InstanceID>2",
            item(3, 5, "") + item(4, 5, "") + item(5, 5, "") + "<ovf:Item><rasd:InstanceID>2",
            "third IDE controller"));
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieIsRefusedWithItsField(Lie lie) {
    String text = SMALL.replace(lie.replaced(), lie.by());
    assertFalse(text.equals(SMALL), lie.replaced());

    OvfException refused = assertThrows(OvfException.class, () -> read(text));

    assertTrue(refused.getMessage().contains(lie.said()), refused::getMessage);
    assertTrue(refused.getMessage().startsWith("test.ovf"), refused::getMessage);
  }

  @Test
  void aDescriptorThatIsTooLargeOrTooDeepIsRefused() {
    byte[] large = new byte[OvfReader.MAX_BYTES + 1];
    assertThrows(OvfException.class, () -> OvfReader.read("large.ovf", large));
    String deep = "<a>".repeat(5000) + "</a>".repeat(5000);
    assertThrows(OvfException.class, () -> read(deep));
  }

  @Test
  void whateverIsChangedItIsReadOrRefused() throws IOException {
    long seed = Long.getLong("varve.seed", 20261127L);
    var random = new Random(seed);
    byte[] good = sample();
    for (int i = 0; i < 3000; i++) {
      byte[] bad = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--)
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(128);
      try {
        OvfReader.read("fuzz.ovf", bad);
      } catch (OvfException e) {
        // refused
      } catch (RuntimeException e) {
        throw new AssertionError("seed %d, round %d".formatted(seed, i), e);
      }
    }
  }

  private static OvfMachine read(String text) throws OvfException {
    return OvfReader.read("test.ovf", text.getBytes(StandardCharsets.UTF_8));
  }
}
