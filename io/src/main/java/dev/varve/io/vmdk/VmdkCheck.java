package dev.varve.io.vmdk;

import static dev.varve.core.medium.ImageReport.Finding.DAMAGE;
import static dev.varve.core.medium.ImageReport.Finding.LEAK;
import static dev.varve.core.medium.ImageReport.Finding.NOTE;

import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.ImageReport.Finding;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.vmdk.VmdkImage.Piece;
import dev.varve.io.vmdk.stream.StreamExtent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Looks for damage in one image. Takes time in proportion to its grain tables, which lie in its
 * files. Stateless; any thread; blocks.
 */
final class VmdkCheck {

  private VmdkCheck() {}

  /** Opens the image to look at it. */
  interface Opener {
    VmdkImage open() throws IOException;
  }

  /** Checks an image without changing it. */
  static ImageReport check(String name, Opener opener) throws IOException {
    return ImageReport.of(name, look(opener), false);
  }

  /**
   * Looks for damage in an image that this process is writing to elsewhere. Reports only damage
   * that a second look finds unchanged, since anything else may be a change in progress.
   */
  static ImageReport checkServed(String name, Opener opener) throws IOException {
    List<Finding> before = look(opener);
    List<Finding> lasting =
        look(opener).stream()
            .filter(found -> found.severity().equals(DAMAGE) && before.contains(found))
            .toList();
    return ImageReport.of(name, lasting, true);
  }

  private static List<Finding> look(Opener opener) throws IOException {
    try (VmdkImage image = opener.open()) {
      return findings(image);
    } catch (ImageFormatException e) {
      return List.of(new Finding("header", DAMAGE, String.valueOf(e.getMessage())));
    }
  }

  private static List<Finding> findings(VmdkImage image) throws IOException {
    List<Finding> findings = new ArrayList<>();
    for (Piece piece : image.pieces()) {
      String file = image.files().get(piece.file()).name();
      if (piece.extent() instanceof FlatExtent flat) addFlat(flat, piece, file, findings);
      if (piece.extent() instanceof SparseExtent extent) addSparse(extent, findings);
      if (piece.extent() instanceof StreamExtent extent)
        for (String damage : extent.damage())
          findings.add(new Finding("damagedGrains", DAMAGE, damage));
    }
    image.notes().forEach(note -> findings.add(new Finding("unusual", NOTE, note)));
    return findings;
  }

  private static void addFlat(FlatExtent flat, Piece piece, String file, List<Finding> findings) {
    long missing = flat.start() + piece.line().length() - flat.fileEnd();
    if (missing > 0)
      findings.add(
          new Finding(
              "shortExtent", DAMAGE, "%s lacks its last %d bytes".formatted(file, missing)));
  }

  private static void addSparse(SparseExtent extent, List<Finding> findings) throws IOException {
    ExtentScan scan = extent.scan();
    String name = extent.file().name();
    scan.problems()
        .forEach(
            (problem, count) ->
                findings.add(
                    new Finding(
                        word(problem),
                        DAMAGE,
                        "%s: %d %s (%s)".formatted(name, count.number(), problem, count.first()))));
    if (scan.isMendable())
      findings.add(
          new Finding(
              "unequalTables",
              DAMAGE,
              "%s: the two copies of its grain tables differ in %d sectors and %d tables, as after a crash: VirtualBox refuses the image"
                  .formatted(
                      name, scan.unequalPages().cardinality(), scan.singleTables().cardinality())));
    long trailing = scan.trailingBytes();
    if (trailing > 0)
      findings.add(
          new Finding(
              "trailingBytes",
              LEAK,
              "%s: %d bytes behind the last grain".formatted(name, trailing)));
  }

  /** A word for programs: {@code outsideFile}. */
  private static String word(ExtentScan.Problem problem) {
    var word = new StringBuilder();
    for (String part : problem.name().toLowerCase(Locale.ROOT).split("_"))
      word.append(
          word.isEmpty()
              ? part
              : part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1));
    return word.toString();
  }
}
