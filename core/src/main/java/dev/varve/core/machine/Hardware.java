package dev.varve.core.machine;

import java.util.List;

/** What a machine's settings say of its storage; a snapshot has its own. Lists keep their order. */
public record Hardware(
    List<StorageController> controllers,
    List<Attachment> attachments,
    List<BandwidthGroup> bandwidthGroups) {

  /** No controllers, nothing attached. */
  public static final Hardware EMPTY = new Hardware(List.of(), List.of(), List.of());

  public Hardware {
    controllers = List.copyOf(controllers);
    attachments = List.copyOf(attachments);
    bandwidthGroups = List.copyOf(bandwidthGroups);
  }
}
