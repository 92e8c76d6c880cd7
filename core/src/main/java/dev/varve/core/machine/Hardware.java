package dev.varve.core.machine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a machine's settings say of its storage; a snapshot has its own. Lists keep their order.
 * Immutable.
 */
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

  /** The same with other attachments. */
  public Hardware withAttachments(List<Attachment> attachments) {
    return new Hardware(controllers, attachments, bandwidthGroups);
  }

  /** The same with other controllers. */
  public Hardware withControllers(List<StorageController> controllers) {
    return new Hardware(controllers, attachments, bandwidthGroups);
  }

  /** The same with other bandwidth groups. */
  public Hardware withBandwidthGroups(List<BandwidthGroup> bandwidthGroups) {
    return new Hardware(controllers, attachments, bandwidthGroups);
  }

  /** The controller of this name, or null. */
  public @Nullable StorageController controller(String name) {
    return controllers.stream().filter(c -> c.name().equals(name)).findFirst().orElse(null);
  }

  /** What is in a slot, or null. */
  public @Nullable Attachment attachment(Slot slot) {
    return attachments.stream().filter(a -> a.slot().equals(slot)).findFirst().orElse(null);
  }

  /** The bandwidth group of this name, or null. */
  public @Nullable BandwidthGroup bandwidthGroup(String name) {
    return bandwidthGroups.stream().filter(g -> g.name().equals(name)).findFirst().orElse(null);
  }
}
