package dev.varve.http.command;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.ImageReport.Finding;
import dev.varve.core.medium.ImageReport.Status;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.chain.Formats;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.EncodedCheck;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.VdiCheck;
import dev.varve.io.vdi.VdiCheck.ForVirtualBox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image that was checked, and perhaps repaired. Immutable; making one blocks.
 *
 * @param file its name
 * @param status how it is in the end
 * @param repairs what was repaired, a sentence each
 * @param virtualBox how VirtualBox treats it; null where that follows from the findings
 */
record CheckedImage(
    String file,
    Status status,
    List<Finding> findings,
    List<String> repairs,
    @Nullable ForVirtualBox virtualBox) {

  /** Looks for damage, and changes nothing. */
  static CheckedImage check(Path image) throws IOException {
    LayerFormat format = Formats.ofImage(image);
    return format.format() == ImageFormat.VDI
        ? of(VdiCheck.check(image))
        : of(withContents(image, format), List.of());
  }

  /** Also inflates what is compressed, if the tables that tell where it is are whole. */
  private static ImageReport withContents(Path image, LayerFormat format) throws IOException {
    ImageReport report = format.check(image, false);
    if (report.status() == Status.DAMAGED) return report;
    boolean compresses =
        format.format() == ImageFormat.QCOW
            || format.peek(image).variant() == MediumVariant.STREAM_OPTIMIZED;
    if (!compresses) return report;
    List<Finding> damages;
    try (Layer layer = format.openReadOnly(image, false, new SharedFiles())) {
      damages = EncodedCheck.of(layer);
    }
    if (damages.isEmpty()) return report;
    List<Finding> all = new ArrayList<>(damages);
    all.addAll(report.findings());
    return new ImageReport(report.file(), Status.DAMAGED, all, false);
  }

  /**
   * Repairs an image. What other programs made is repaired in a copy, unless the user wants the
   * image itself changed.
   */
  static CheckedImage repair(Path image, boolean inPlace) throws IOException {
    LayerFormat format = Formats.ofImage(image);
    if (format.format() == ImageFormat.VDI) return of(VdiCheck.repair(image, UUID::randomUUID));
    if (inPlace) {
      List<String> repairs = format.repair(image);
      return of(format.check(image, false), repairs);
    }
    return repairCopy(image, format);
  }

  private static CheckedImage repairCopy(Path image, LayerFormat format) throws IOException {
    if (format.files(image).size() > 1)
      throw new IOException(
          image
              + " has extents in other files: copy all of them to another folder and repair the copy there with --repair --in-place");
    Path copy = unused(image);
    boolean kept = false;
    try {
      Files.copy(image, copy);
      List<String> repairs = new ArrayList<>(format.repair(copy));
      if (repairs.isEmpty()) return of(format.check(image, false), repairs);
      repairs.add("the repaired image is the copy " + copy + "; " + image + " is as it was");
      kept = true;
      return of(format.check(copy, false), repairs);
    } finally {
      if (!kept) Files.deleteIfExists(copy);
    }
  }

  /** {@code disk-repaired.vmdk}, or the first of {@code disk-repaired-2.vmdk} and so on. */
  private static Path unused(Path image) {
    String name = image.getFileName().toString();
    int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
    for (int i = 1; ; i++) {
      String number = i == 1 ? "" : "-" + i;
      Path path =
          image.resolveSibling(name.substring(0, dot) + "-repaired" + number + name.substring(dot));
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) return path;
    }
  }

  private static CheckedImage of(ImageReport report, List<String> repairs) {
    return new CheckedImage(report.file(), report.status(), report.findings(), repairs, null);
  }

  private static CheckedImage of(VdiCheck.Report report) {
    return new CheckedImage(
        report.file(),
        switch (report.severity()) {
          case NOTE -> Status.CLEAN;
          case LEAK -> Status.LEAKS;
          case DAMAGE -> Status.DAMAGED;
        },
        report.findings().stream()
            .map(
                found ->
                    new Finding(
                        found.kind().text(), found.kind().severity().text(), found.message()))
            .toList(),
        report.repairs(),
        report.virtualBox());
  }
}
