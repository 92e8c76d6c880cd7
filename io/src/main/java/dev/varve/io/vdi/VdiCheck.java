package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Looks for damage in one image, and repairs it where possible. Takes time and memory in proportion
 * to the block map; since the map must lie in the file, a wrong header cannot make it larger. Any
 * thread; blocks.
 */
public final class VdiCheck {

  /** What a finding means for the user of the disk. */
  public enum Severity {
    /** Unusual, harmless. */
    NOTE,
    /** The contents are complete, but space is wasted. */
    LEAK,
    /** Contents are lost, or will be lost when a program writes to the image. */
    DAMAGE;

    /** A word for people and programs. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What can be found. */
  public enum Kind {
    /** The header breaks a rule: no program opens the image, and a repair would be a guess. */
    HEADER(Severity.DAMAGE),
    /** Blocks that lie wholly or in part outside the file. */
    OUTSIDE_FILE(Severity.DAMAGE),
    /** Blocks with the file block of an earlier block. */
    SHARED_PLACE(Severity.DAMAGE),
    /** Blocks with a file block whose number is not less than the number of blocks. */
    PLACE_TOO_HIGH(Severity.DAMAGE),
    /**
     * The header counts fewer file blocks than are in use: VirtualBox would overwrite the others.
     */
    COUNT_TOO_LOW(Severity.DAMAGE),
    /** The header counts more file blocks than there are blocks: VirtualBox refuses the image. */
    COUNT_TOO_HIGH(Severity.DAMAGE),
    /** File blocks that no block uses, but that are counted or lie between others. */
    UNUSED_PLACES(Severity.LEAK),
    /** Bytes behind the last file block. */
    TRAILING_BYTES(Severity.LEAK),
    /** The file ends within the last file block, behind the part that a guest can see. */
    SHORT_LAST_PLACE(Severity.NOTE),
    /** A note of {@link VdiHeader#notes}. */
    UNUSUAL(Severity.NOTE);

    private final Severity severity;

    Kind(Severity severity) {
      this.severity = severity;
    }

    public Severity severity() {
      return severity;
    }

    /** A word for programs: {@code outsideFile}. */
    public String text() {
      return camelCase(this);
    }
  }

  /** One finding; the message gives the numbers. */
  public record Finding(Kind kind, String message) {}

  /**
   * The state of an image.
   *
   * @param file its name
   * @param findings what was found, before any repair
   * @param repairs what was repaired and what was lost by that, a sentence each
   * @param severity the worst finding that is still true of the image
   * @param virtualBox how VirtualBox treats the image as it is now
   */
  public record Report(
      String file,
      List<Finding> findings,
      List<String> repairs,
      Severity severity,
      ForVirtualBox virtualBox) {}

  /** How VirtualBox treats an image. */
  public enum ForVirtualBox {
    /** It opens the image, and can use it. */
    MAY_OPEN,
    /**
     * It opens the image and may damage it: it overwrites blocks, or allocates blocks until it
     * refuses the image for good.
     */
    REPAIR_FIRST,
    /** It does not open the image. */
    REFUSES;

    /** A word for programs: {@code mayOpen}. */
    public String text() {
      return camelCase(this);
    }
  }

  private static final Pattern WORD_START = Pattern.compile("_([a-z])");

  private VdiCheck() {}

  private static String camelCase(Enum<?> constant) {
    return WORD_START
        .matcher(constant.name().toLowerCase(Locale.ROOT))
        .replaceAll(start -> start.group(1).toUpperCase(Locale.ROOT));
  }

  /**
   * Checks an image without changing it.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process is writing to it
   * @throws dev.varve.core.medium.OtherFormatException if it is no VDI image, not even a damaged
   *     one
   */
  public static Report check(Path image) throws IOException {
    requireVdi(image);
    try (ImageFile file = MappedFile.openReadOnly(image, 0)) {
      return check(file);
    }
  }

  /**
   * Checks an image and repairs it, as {@link VdiRepair} describes. An image with a refused header
   * is not changed.
   *
   * @param uuids gives the modify uuid that the image gets if contents are lost
   * @throws dev.varve.io.file.ImageInUseException if another process has it open
   * @throws dev.varve.core.medium.OtherFormatException if it is no VDI image, not even a damaged
   *     one
   */
  public static Report repair(Path image, Supplier<UUID> uuids) throws IOException {
    requireVdi(image);
    try (ImageFile file = MappedFile.openReadWrite(image, 0)) {
      return repair(file, uuids);
    }
  }

  /**
   * Looks for damage in an image that this process is writing to elsewhere. Takes no lock, and sees
   * the file without changes that are not written back yet. Reports only damage that is still there
   * at a second look, since anything else may be a change in progress.
   *
   * @throws dev.varve.core.medium.OtherFormatException if it is no VDI image, not even a damaged
   *     one
   */
  public static Report checkServed(Path image) throws IOException {
    requireVdi(image);
    try (ImageFile file = MappedFile.openUnlocked(image)) {
      Set<Kind> before = new HashSet<>();
      check(file).findings.forEach(found -> before.add(found.kind));
      Report now = check(file);
      List<Finding> lasting =
          now.findings.stream()
              .filter(found -> found.kind.severity == Severity.DAMAGE)
              .filter(found -> before.contains(found.kind))
              .toList();
      Severity severity = lasting.isEmpty() ? Severity.NOTE : Severity.DAMAGE;
      return new Report(file.name(), lasting, List.of(), severity, now.virtualBox);
    }
  }

  private static void requireVdi(Path image) throws IOException {
    if (!VdiHeader.hasSignature(image)) KnownFormat.requireVdi(image);
  }

  static Report check(ImageFile file) throws IOException {
    try {
      return report(file, MapScan.of(file, VdiHeader.readMiscounted(file)));
    } catch (ImageFormatException e) {
      return unreadable(file, e);
    }
  }

  static Report repair(ImageFile file, Supplier<UUID> uuids) throws IOException {
    MapScan found;
    try {
      found = MapScan.of(file, VdiHeader.readMiscounted(file));
    } catch (ImageFormatException e) {
      return unreadable(file, e);
    }
    List<String> repairs = VdiRepair.repair(file, found, uuids);
    Report now = check(file);
    return new Report(file.name(), findings(found), repairs, now.severity, now.virtualBox);
  }

  private static Report unreadable(ImageFile file, ImageFormatException e) {
    String message = String.valueOf(e.getMessage());
    return new Report(
        file.name(),
        List.of(new Finding(Kind.HEADER, message)),
        List.of(),
        Severity.DAMAGE,
        ForVirtualBox.REFUSES);
  }

  private static Report report(ImageFile file, MapScan scan) {
    List<Finding> findings = findings(scan);
    Severity worst = Severity.NOTE;
    for (Finding finding : findings) {
      if (finding.kind.severity.compareTo(worst) > 0) worst = finding.kind.severity;
    }
    return new Report(file.name(), findings, List.of(), worst, forVirtualBox(scan));
  }

  private static ForVirtualBox forVirtualBox(MapScan scan) {
    if (!scan.header().isCountPossible() || HeaderNotes.virtualBoxRefuses(scan.header()))
      return ForVirtualBox.REFUSES;
    return scan.isGood() && scan.isCounted() ? ForVirtualBox.MAY_OPEN : ForVirtualBox.REPAIR_FIRST;
  }

  private static List<Finding> findings(MapScan scan) {
    var findings = new ArrayList<Finding>();
    VdiHeader header = scan.header();
    if (!scan.outside().isEmpty()) {
      String rule = "outside the file of " + scan.fileLength() + " bytes";
      findings.add(new Finding(Kind.OUTSIDE_FILE, scan.outside() + " " + rule));
    }
    if (!scan.sharing().isEmpty()) {
      String rule = "in the place of an earlier block";
      findings.add(new Finding(Kind.SHARED_PLACE, scan.sharing() + " " + rule));
    }
    if (!scan.high().isEmpty()) {
      String rule = "in a place beyond the " + header.blockCount() + " of the image";
      findings.add(new Finding(Kind.PLACE_TOO_HIGH, scan.high() + " " + rule));
    }
    boolean possible = header.isCountPossible();
    if (!possible) {
      String message = "the header counts %s allocated blocks, and the image has %d";
      findings.add(
          new Finding(
              Kind.COUNT_TOO_HIGH,
              message.formatted(
                  Integer.toUnsignedString(header.allocatedBlocks()), header.blockCount())));
    } else if (header.allocatedBlocks() < scan.fileBlocksSpanned()) {
      String message = "the header counts %d allocated blocks, but place %d is used";
      findings.add(
          new Finding(
              Kind.COUNT_TOO_LOW,
              message.formatted(header.allocatedBlocks(), scan.fileBlocksSpanned() - 1)));
    }
    int counted = Math.max(possible ? header.allocatedBlocks() : 0, scan.fileBlocksSpanned());
    int unused = counted - scan.fileBlocksUsed();
    if (unused > 0) {
      String message = "%d of %d places, %d bytes each, used by no block";
      findings.add(
          new Finding(Kind.UNUSED_PLACES, message.formatted(unused, counted, header.stride())));
    }
    long trailing = scan.fileLength() - scan.endOf(counted);
    if (trailing > 0 && scan.high().isEmpty()) {
      String message = "%d bytes behind the last place, which ends at %d";
      findings.add(
          new Finding(Kind.TRAILING_BYTES, message.formatted(trailing, scan.endOf(counted))));
    }
    if (scan.fileBlocksUsed() > 0 && scan.fileLength() < scan.endOf(scan.fileBlocksSpanned())) {
      String message = "the file ends at %d, the last place in use would end at %d";
      findings.add(
          new Finding(
              Kind.SHORT_LAST_PLACE,
              message.formatted(scan.fileLength(), scan.endOf(scan.fileBlocksSpanned()))));
    }
    header.notes().forEach(note -> findings.add(new Finding(Kind.UNUSUAL, note)));
    return List.copyOf(findings);
  }
}
