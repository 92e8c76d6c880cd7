package dev.varve.io.qcow;

import java.util.ArrayList;
import java.util.List;

/** What a user should know of an image. Stateless; any thread. */
final class QcowNotes {

  private static final String NOT_IN_VIRTUALBOX =
      "; VirtualBox does not open such an image (Varve reads it)";

  static final String ZERO_CLUSTERS =
      "it has clusters that are marked as zero, which VirtualBox does not know: VirtualBox shows wrong data there (Varve shows zeroes)";

  private QcowNotes() {}

  /** The notes on what the header says. */
  static List<String> of(QcowHeader header) {
    List<String> notes = new ArrayList<>();
    notes.add("Varve only reads QCOW images: a snapshot puts a VDI image on top for the writes");
    if (header.hasBacking())
      notes.add(
          "the file names an image below it; Varve ignores that name and takes the image from the settings file of the machine");
    if (header.snapshots() > 0)
      notes.add(
          "it has internal snapshots (%d); its present state is shown%s"
              .formatted(header.snapshots(), NOT_IN_VIRTUALBOX));
    if (header.isZstd()) notes.add("its clusters are compressed with zstd" + NOT_IN_VIRTUALBOX);
    if (header.hasSubclusters())
      notes.add("it has extended L2 entries (subclusters)" + NOT_IN_VIRTUALBOX);
    if (header.isDirty())
      notes.add("QEMU did not close it, which makes no difference to a reader" + NOT_IN_VIRTUALBOX);
    if (header.version() == 3)
      notes.add(
          "VirtualBox rewrites the header of this image as version 2 when it opens the image for writing, which can damage it: keep a copy, or use the image only below a snapshot");
    return List.copyOf(notes);
  }
}
