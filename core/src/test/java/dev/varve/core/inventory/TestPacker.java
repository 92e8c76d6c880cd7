package dev.varve.core.inventory;

import dev.varve.core.machine.MachineParts;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;

/** A package that lists what is in it, a line each. */
record TestPacker(Path file, boolean replaces) implements MachinePacker {

  @Override
  public void pack(
      OvfMachine machine,
      Map<OvfDisk, ImageChain> contents,
      Progress progress,
      Announcement announcement)
      throws IOException {
    if (!progress.at(0, 1)) throw new CancellationException("cancelled");
    var lines = new StringBuilder(machine.name() + " " + usual(machine.parts()) + "\n");
    Map<String, ImageChain> disks = new TreeMap<>();
    contents.forEach((disk, chain) -> disks.put(disk.id() + " " + disk.capacity(), chain));
    disks.forEach((disk, chain) -> lines.append(disk + " " + chain.files().size() + "\n"));
    Path draft = Files.writeString(file.resolveSibling("draft"), lines);
    announcement.before(file, FileIdentity.unchanged(draft));
    Files.move(draft, file);
  }

  /** Without the text for VirtualBox alone. */
  private static String usual(MachineParts parts) {
    return "%s, %d MiB, %d processors, %s"
        .formatted(
            parts.osType(),
            parts.memoryMebibytes(),
            parts.processors(),
            parts.efi() ? "EFI" : "BIOS");
  }
}
