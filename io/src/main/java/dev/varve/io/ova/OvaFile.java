package dev.varve.io.ova;

import dev.varve.core.inventory.MachinePacker;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfFile;
import dev.varve.core.ovf.OvfMachine;
import dev.varve.core.ovf.OvfWriter;
import dev.varve.core.settings.FileName;
import dev.varve.io.chain.PackedDisk;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * An OVA that a machine is exported to: the descriptor, then each disk as a streamOptimized VMDK.
 * How long a disk becomes is known when it is written, and its header, which lies before it, is
 * written then: no disk is written twice. Any thread; blocks.
 *
 * @param replaces whether a file of that name is replaced
 * @param manifest whether a list of checksums is added, as the last member
 * @param threads run the reads of disks
 */
record OvaFile(Path file, boolean replaces, boolean manifest, StorageThreads threads)
    implements MachinePacker {

  @Override
  public void pack(
      OvfMachine machine,
      Map<OvfDisk, ImageChain> contents,
      Progress progress,
      Announcement announcement)
      throws IOException {
    long total = 0;
    for (OvfDisk disk : contents.keySet()) total += disk.capacity();
    var step = new Step(progress, manifest ? total + total / 8 : total);
    try (NewFile made = NewFile.create(file, replaces ? Existing.REPLACED : Existing.REFUSED);
        var archive = new Archive(made.contents())) {
      archive.add(stem() + ".ovf", OvfWriter.write(machine));
      for (var disk : contents.entrySet()) add(archive, disk.getKey(), disk.getValue(), step);
      if (manifest) archive.add(stem() + Manifest.ENDING, archive.checksums(step));
      archive.end();
      made.publish(announcement);
    }
  }

  /** The name of the package without its ending: those of its descriptor and manifest. */
  private String stem() {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return FileName.of(dot > 0 ? name.substring(0, dot) : name, "machine", Archive.MOST_OF_NAME);
  }

  private void add(Archive archive, OvfDisk disk, ImageChain contents, Step step)
      throws IOException {
    OvfFile image = Objects.requireNonNull(disk.file());
    try (PackedDisk opened = PackedDisk.open(contents, threads)) {
      archive.add(
          image.href(),
          (target, offset) ->
              opened.streamTo(target, offset, image.href(), UUID.randomUUID(), step::at));
      step.done(opened.capacity());
    }
  }
}
