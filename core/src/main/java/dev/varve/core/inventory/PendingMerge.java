package dev.varve.core.inventory;

import dev.varve.core.journal.FileStep;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Media of one chain that become one. Immutable.
 *
 * @param source used up, with all between it and the target
 * @param target survives. A forward merge goes up: the target is above the source and shows what it
 *     showed. A backward merge goes down: the target then shows what the source showed, and takes
 *     its place wherever it was named
 * @param forward whether the target is above the source
 */
record PendingMerge(MediumId source, MediumId target, boolean forward) {

  /** The upper of the two. */
  private MediumId upper() {
    return forward ? target : source;
  }

  /** The media that are used up, from the top down. */
  private List<Medium> gone(InventoryState state) {
    List<Medium> gone = new ArrayList<>();
    for (Medium medium : state.chain(upper())) {
      if (!medium.id().equals(target)) gone.add(medium);
      if (medium.id().equals(forward ? source : target)) break;
    }
    return gone;
  }

  /** Whatever changes: those used up, the target, and the media that get another parent. */
  Set<MediumId> touched(InventoryState state) {
    Set<MediumId> touched = new LinkedHashSet<>(Set.of(target));
    for (Medium medium : gone(state)) touched.add(medium.id());
    if (!forward) for (Medium child : state.children(source)) touched.add(child.id());
    return touched;
  }

  /**
   * Refuses where a medium is encrypted, the target cannot be written, or one is changed that is
   * half merged already, but for the lowest: that one the merge makes whole, or uses up below what
   * hides it.
   */
  void checkWhole(InventoryState state) {
    EncryptedMedia.refuse(state, upper());
    Medium written = state.medium(target);
    if (!written.isWritable())
      throw ModelErrors.of(
          ErrorCode.VBOX_E_NOT_SUPPORTED,
          "'%s' is a %s image that Varve only reads, and nothing can be merged into it; copy the disk with 'varve medium clone', and use the copy",
          written.name(),
          written.format());
    MediumId lowest = forward ? source : target;
    for (MediumId id : touched(state))
      if (!id.equals(lowest) && state.halfMerged().contains(id))
        throw NewDiff.halfMerged(state.medium(id));
  }

  /** The files of the chain up to the upper of the two. */
  ImageChain chain(InventoryState state) {
    return ImageChain.of(state.chain(upper()).reversed());
  }

  /** The media that must be readable: the chain up to the upper of the two. */
  List<Medium> needed(InventoryState state) {
    return state.chain(upper());
  }

  /** What is copied, at most. */
  List<Medium> sources(InventoryState state) {
    return gone(state);
  }

  InventoryState apply(InventoryState state) {
    Medium survivor = state.medium(target).withCapacity(state.medium(upper()).capacity());
    List<MediumId> gone = gone(state).stream().map(Medium::id).toList();
    if (forward)
      return state.with(survivor.withParent(state.medium(source).parent())).withoutMedia(gone);
    return state
        .withoutHalfMerged(target)
        .with(survivor)
        .withMedia(state.children(source).stream().map(child -> child.withParent(target)).toList())
        .replacing(source, target)
        .withoutMedia(gone);
  }

  private static FileStep onto(Medium parent, Medium child) {
    return new FileStep.Reparent(child.location(), child.id(), Image.of(parent));
  }

  /** Deletes the file of a medium. */
  static FileStep delete(Medium medium) {
    return new FileStep.Delete(
        medium.location(), medium.isRaw() ? null : medium.id(), medium.format());
  }

  /** What is left to do with the files once the merge is decided. */
  List<FileStep> steps(InventoryState state) {
    List<FileStep> steps = new ArrayList<>();
    Medium survivor = state.medium(target);
    if (forward) {
      MediumId parent = state.medium(source).parent();
      steps.add(
          parent == null
              ? new FileStep.MakeBase(survivor.location(), survivor.id())
              : onto(state.medium(parent), survivor));
    } else {
      for (Medium child : state.children(source)) steps.add(onto(survivor, child));
    }
    for (Medium medium : gone(state)) steps.add(delete(medium));
    return steps;
  }
}
