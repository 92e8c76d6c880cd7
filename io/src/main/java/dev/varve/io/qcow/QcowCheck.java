package dev.varve.io.qcow;

import dev.varve.core.medium.ImageReport;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at every L2 entry of an image for damage that a reader meets, and compares the counts of
 * references, which a writer needs. Inflates nothing. Takes time in proportion to the tables in the
 * file. Used once, by one thread; blocks.
 */
final class QcowCheck {

  /** A note need not wait for all tables of a large disk: of 256 GiB, with the usual clusters. */
  private static final int LOOKED_AT = 1 << 22;

  private final QcowImage image;
  private long misplaced;
  private long firstMisplaced;
  private long pastEnd;
  private long zeroes;

  private QcowCheck(QcowImage image) {
    this.image = image;
  }

  /**
   * @param file stays open
   */
  static ImageReport of(ImageFile file, boolean served) throws IOException {
    List<ImageReport.Finding> findings;
    try {
      QcowImage image = QcowImage.over(file);
      var check = new QcowCheck(image);
      check.scan();
      findings = check.findings();
      if (image.header().version() > 1 && !served)
        findings.addAll(ReferenceCheck.of(file, image.header(), ReferenceCheck.WINDOW));
    } catch (ImageFormatException e) {
      findings =
          List.of(
              new ImageReport.Finding(
                  "header", ImageReport.Finding.DAMAGE, String.valueOf(e.getMessage())));
    }
    return ImageReport.of(file.name(), findings, served);
  }

  /**
   * Whether an image of version 3 has a cluster that is marked as zero, among the first {@link
   * #LOOKED_AT}.
   */
  static boolean hasZeroCluster(ImageFile file) throws IOException {
    QcowImage image = QcowImage.over(file);
    long step = image.header().clusterSize();
    long at = image.nextTable(0);
    for (int i = 0; i < LOOKED_AT && at < image.capacity(); i++) {
      if (image.isMarkedZero(at)) return true;
      at = image.nextTable(at + step);
    }
    return false;
  }

  private void scan() throws IOException {
    long capacity = image.capacity();
    for (long at = image.nextTable(0); at < capacity; ) {
      long lost = image.lostTable(at);
      if (lost > 0) { // none of its clusters can be read
        if (misplaced == 0) firstMisplaced = at;
        misplaced += lost;
        at = image.nextTable(at + lost * image.header().clusterSize());
        continue;
      }
      long place = image.placeOf(at);
      if (place == Place.LOST && misplaced++ == 0) firstMisplaced = at;
      if (place == Place.ENCODED && !image.isCompressedInFile(at) && pastEnd++ == 0)
        firstMisplaced = misplaced == 0 ? at : firstMisplaced;
      if (place == Place.ZERO && image.isMarkedZero(at)) zeroes++;
      at = image.nextTable(image.endOf(at, place));
    }
  }

  private List<ImageReport.Finding> findings() {
    List<ImageReport.Finding> findings = new ArrayList<>();
    if (misplaced + pastEnd > 0)
      findings.add(
          new ImageReport.Finding(
              "outsideFile",
              ImageReport.Finding.DAMAGE,
              "%d clusters cannot be read, the first at offset %d of the disk: their entries, or the tables of these, point to places where they cannot lie; 'qemu-img check -r all' on a copy may save the rest"
                  .formatted(misplaced + pastEnd, firstMisplaced)));
    if (zeroes > 0)
      findings.add(
          new ImageReport.Finding(
              "zeroClusters",
              ImageReport.Finding.NOTE,
              "%d clusters are marked as zero; VirtualBox shows wrong data there"
                  .formatted(zeroes)));
    return findings;
  }
}
