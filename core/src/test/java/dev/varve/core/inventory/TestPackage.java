package dev.varve.core.inventory;

import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfMachine;
import dev.varve.core.ovf.OvfReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** A packed machine with two disks, {@code one} on SATA:0 and {@code two} on SATA:1. */
final class TestPackage implements PackedMachine {

  private static final String DESCRIPTOR =
      """
      <Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1">
        <References><File id="f" href="one.vmdk"/></References>
        <DiskSection>
          <Disk diskId="one" capacity="8" capacityAllocationUnits="MegaBytes" fileRef="f"/>
          <Disk diskId="two" capacity="8" capacityAllocationUnits="MegaBytes"/>
        </DiskSection>
        <VirtualSystem id="box">
          <OperatingSystemSection id="94"/>
          <VirtualHardwareSection>
            <Item><InstanceID>1</InstanceID><ResourceType>20</ResourceType></Item>
            <Item><InstanceID>2</InstanceID><ResourceType>4</ResourceType><VirtualQuantity>2048</VirtualQuantity></Item>
            <Item><InstanceID>3</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>4</VirtualQuantity></Item>
            <Item><InstanceID>4</InstanceID><ResourceType>17</ResourceType><Parent>1</Parent><HostResource>/disk/one</HostResource></Item>
            <Item><InstanceID>5</InstanceID><ResourceType>17</ResourceType><Parent>1</Parent><HostResource>/disk/two</HostResource></Item>
          </VirtualHardwareSection>
        </VirtualSystem>
      </Envelope>
      """;

  final List<String> heard = new ArrayList<>();
  private final ImageFiles images;
  private final boolean compressed;

  /** How many disks are copied before it fails. */
  int fails = Integer.MAX_VALUE;

  private int copied;

  TestPackage(ImageFiles images, boolean compressed) {
    this.images = images;
    this.compressed = compressed;
  }

  @Override
  public Path file() {
    return Path.of("/box.ova");
  }

  @Override
  public boolean isCompressed() {
    return compressed;
  }

  @Override
  public void open(Path folder, Progress progress) {
    heard.add("open");
    go(progress);
  }

  private static void go(Progress progress) {
    if (!progress.at(1, 2)) throw new CancellationException("cancelled");
  }

  @Override
  public OvfMachine machine() {
    try {
      return OvfReader.read("box.ovf", DESCRIPTOR.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void check(Path folder, Progress progress) {
    heard.add("check");
  }

  @Override
  public void copy(NewDisk disk, Progress progress) throws IOException {
    if (copied++ == fails) throw new IOException("the package is damaged");
    heard.add("copy " + disk.disk().id());
    go(progress);
    images.create(
        disk.location(),
        disk.id(),
        disk.format(),
        MediumVariant.STANDARD,
        disk.disk().capacity(),
        disk.announcement());
  }

  @Override
  public void close() {
    heard.add("close");
  }
}
