package dev.varve.core.inventory;

import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What is durable of an inventory, so that tests can compare it before and after a crash.
 *
 * @param folder below which all files are
 */
public record DurableState(Path folder, View view, ImageFiles images, Contents contents) {

  /** What a disk shows, in words. */
  public interface Contents {
    String of(ImageChain chain) throws IOException;
  }

  /** All of it, in words, with what every disk shows; other folders read the same. */
  public String words() throws IOException {
    StringBuilder text = new StringBuilder();
    for (MachineView machine : view.machines().values()) {
      text.append(machine.saved().name()).append(": ").append(hardware(machine.saved().hardware()));
      text.append(" current ").append(machine.saved().currentSnapshot());
      text.append(" memory ").append(machine.saved().stateFile());
      text.append(" modified ").append(machine.saved().currentStateModified()).append('\n');
      for (Snapshot snapshot : machine.saved().snapshots())
        text.append(
            "  %s %s after %s: %s%n"
                .formatted(
                    snapshot.id(),
                    snapshot.name(),
                    snapshot.parent(),
                    hardware(snapshot.hardware())));
    }
    Map<String, String> media = new TreeMap<>();
    for (View.MediumView seen : view.media().values()) {
      Medium medium = seen.medium();
      media.put(
          medium.id().toString(),
          "%s %s %s on %s %s registries %s"
              .formatted(
                  folder.relativize(medium.location()),
                  medium.format().text(),
                  medium.type(),
                  medium.parent(),
                  medium.autoReset(),
                  new TreeSet<>(medium.registries())));
    }
    media.forEach((id, line) -> text.append(id).append(' ').append(line).append('\n'));
    return text.toString();
  }

  private String hardware(Hardware hardware) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(hardware.controllers()).append(hardware.bandwidthGroups());
    // A settings file has them controller by controller, so their order is not kept.
    List<Attachment> attachments = new ArrayList<>(hardware.attachments());
    attachments.sort(Comparator.comparing(attachment -> attachment.slot().toString()));
    for (Attachment attachment : attachments) {
      text.append(' ').append(attachment);
      if (attachment.type() == DeviceType.HARD_DISK && attachment.medium() != null)
        text.append(contents.of(ImageChain.of(view.chain(attachment.medium()).reversed())));
    }
    return text.toString();
  }

  /** Fails if there is another image file than those that are registered, or one is missing. */
  public void checkFiles() throws IOException {
    var wanted = new TreeSet<String>();
    for (View.MediumView seen : view.media().values())
      for (Path file : images.files(seen.medium().location(), seen.medium().format()))
        wanted.add(folder.relativize(file).toString());
    for (MachineView machine : view.machines().values()) {
      Machine saved = machine.saved();
      Stream.concat(
              Stream.ofNullable(saved.stateFile()),
              saved.snapshots().stream().map(Snapshot::stateFile).filter(Objects::nonNull))
          .forEach(file -> wanted.add(folder.relativize(saved.statePath(file)).toString()));
    }
    var there = new TreeSet<String>();
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .filter(file -> file.toString().matches(".*\\.(vdi|vmdk|vhd|qcow2|raw|iso|new|sav)"))
          .forEach(file -> there.add(folder.relativize(file).toString()));
    }
    if (!wanted.equals(there))
      throw new AssertionError("registered are %s, there are %s".formatted(wanted, there));
    checkFolders();
  }

  /** An empty folder is what is left of a machine that is none. */
  private void checkFolders() throws IOException {
    Path machines = folder.resolve("state/machines");
    if (!Files.exists(machines)) return;
    try (Stream<Path> all = Files.list(machines)) {
      for (Path one : all.toList())
        try (Stream<Path> inside = Files.list(one)) {
          if (inside.findAny().isEmpty()) throw new AssertionError("there is an empty " + one);
        }
    }
  }
}
