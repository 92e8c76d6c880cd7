package dev.varve.io.vhd;

import static dev.varve.core.medium.ImageReport.Finding.DAMAGE;
import static dev.varve.core.medium.ImageReport.Finding.LEAK;
import static dev.varve.core.medium.ImageReport.Finding.NOTE;
import static dev.varve.io.vhd.VhdFields.hex;

import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.ImageReport.Finding;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Looks for damage in one image. Takes time and memory in proportion to the block table; since the
 * table must lie in the file, a wrong header cannot make it larger. Stateless; any thread; blocks.
 */
final class VhdCheck {

  private VhdCheck() {}

  /**
   * Checks an image without changing it.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process is writing to it
   */
  static ImageReport check(Path image) throws IOException {
    try (ImageFile file = MappedFile.openReadOnly(image, 0)) {
      return ImageReport.of(file.name(), findings(file), false);
    }
  }

  /**
   * Looks for damage in an image that this process is writing to elsewhere. Takes no lock. Reports
   * only damage that is still there at a second look, since anything else may be a change in
   * progress.
   */
  static ImageReport checkServed(Path image) throws IOException {
    try (ImageFile file = MappedFile.openUnlocked(image)) {
      Set<String> before =
          findings(file).stream().map(Finding::kind).collect(Collectors.toUnmodifiableSet());
      List<Finding> lasting =
          findings(file).stream()
              .filter(found -> found.severity().equals(DAMAGE) && before.contains(found.kind()))
              .toList();
      return ImageReport.of(file.name(), lasting, true);
    }
  }

  /** What there is to say of an image, in the order of its parts. */
  static List<Finding> findings(ImageFile file) throws IOException {
    VhdHead head;
    try {
      head = VhdHead.read(HeadSource.of(file));
    } catch (ImageFormatException e) {
      return List.of(new Finding("header", DAMAGE, String.valueOf(e.getMessage())));
    }
    List<Finding> findings = new ArrayList<>();
    addFooters(head, findings);
    if (!head.isFixed()) {
      addHeader(head, findings);
      addBlocks(head, BlockScan.of(head, BlockTable.of(file, head)), findings);
    }
    return findings;
  }

  private static void addFooters(VhdHead head, List<Finding> findings) {
    VhdFooter footer = head.footer();
    VhdFooter copy = head.copy();
    if (head.footerAt() < 0)
      findings.add(
          new Finding(
              "noFooter",
              DAMAGE,
              "the file does not end in a footer, as after a crash; the copy at its beginning is there"));
    if (!footer.hasRightChecksum())
      findings.add(
          checksum("footerChecksum", "the footer", footer.checksum(), footer.rightChecksum()));
    if (!head.isFixed() && copy == null)
      findings.add(
          new Finding("noCopy", DAMAGE, "the file does not begin with a copy of its footer"));
    else if (copy != null && !copy.equalTo(footer))
      findings.add(
          new Finding(
              "differentFooters",
              DAMAGE,
              copy.isChanging()
                  ? "a change of the footer was not completed, as after a crash"
                  : "the footer and its copy are different: VirtualBox reads one, QEMU the other"));
    if (footer.isSavedState())
      findings.add(
          new Finding("savedState", NOTE, "it belongs to a suspended machine of Virtual PC"));
  }

  private static void addHeader(VhdHead head, List<Finding> findings) {
    DynamicHeader header = head.dynamic();
    if (!header.hasRightChecksum())
      findings.add(
          checksum("headerChecksum", "the header", header.checksum(), header.rightChecksum()));
    if (head.blockSize() < VhdHead.MIN_WRITTEN_BLOCK)
      findings.add(
          new Finding(
              "unusual",
              NOTE,
              "blocks of %d bytes: VirtualBox does not open the image"
                  .formatted(head.blockSize())));
  }

  private static Finding checksum(String kind, String of, int found, int right) {
    String message = "the checksum of %s is %s, and its bytes give %s";
    return new Finding(kind, DAMAGE, message.formatted(of, hex(found), hex(right)));
  }

  private static void addBlocks(VhdHead head, BlockScan scan, List<Finding> findings) {
    for (BlockScan.Fault fault : BlockScan.Fault.values()) {
      String blocks = scan.blocksWith(fault);
      if (blocks != null && fault != BlockScan.Fault.NONE)
        findings.add(new Finding(fault.text(), DAMAGE, blocks + ": " + scan.rule(fault)));
    }
    long unused = scan.unused();
    if (unused > 0)
      findings.add(
          new Finding(
              "unusedPlaces", LEAK, "%d bytes between blocks, used by none".formatted(unused)));
    long trailing = (head.footerAt() < 0 ? head.fileLength() : head.footerAt()) - scan.usedEnd();
    if (trailing > 0)
      findings.add(
          new Finding(
              "trailingBytes",
              LEAK,
              "%d bytes behind the last block, which ends at %d"
                  .formatted(trailing, scan.usedEnd())));
  }
}
