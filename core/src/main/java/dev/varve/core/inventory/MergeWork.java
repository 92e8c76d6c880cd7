package dev.varve.core.inventory;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Merges, one after the other; live where the machine runs. Begun with the lock of the inventory,
 * then used by the thread of its job.
 */
final class MergeWork implements Work {

  private final String description;
  private final @Nullable MachineId machine;
  private final List<PendingMerge> merges;
  private final UnaryOperator<InventoryState> done;
  private final Function<InventoryState, List<FileStep>> steps;
  private final List<RunningDisks.RunningMerge> live = new ArrayList<>();
  private final Set<MediumId> changed = new HashSet<>();

  /**
   * @param machine whose disks are merged, perhaps while it runs; null if none runs on them
   * @param done the state after the merges
   * @param steps what is left to do with files then
   */
  MergeWork(
      String description,
      @Nullable MachineId machine,
      List<PendingMerge> merges,
      UnaryOperator<InventoryState> done,
      Function<InventoryState, List<FileStep>> steps) {
    this.description = description;
    this.machine = machine;
    this.merges = merges;
    this.done = done;
    this.steps = steps;
  }

  /**
   * Takes note of what is half merged already; with the lock of the inventory's state.
   *
   * @param again whether a run before this one may have done a part of it
   */
  void begin(InventoryState state, boolean again) {
    for (PendingMerge merge : merges)
      if (!merge.forward() && (again || state.halfMerged().contains(merge.target())))
        changed.add(merge.target());
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public @Nullable MachineId machine() {
    return machine;
  }

  @Override
  public Map<Path, MediumId> creates() {
    return Map.of();
  }

  @Override
  public void run(Tools tools, Progress progress) throws IOException {
    for (int i = 0; i < merges.size(); i++) {
      PendingMerge merge = merges.get(i);
      int before = i;
      Progress part =
          (done, total) -> {
            boolean goOn =
                progress.at(
                    before * 1000L + (total == 0 ? 0 : (long) (1000.0 * done / total)),
                    merges.size() * 1000L);
            return goOn || !changed.isEmpty();
          };
      try {
        if (!run(merge, tools, part))
          throw new CancellationException(description + " was cancelled");
        if (!merge.forward()) changed.add(merge.target());
      } catch (CancellationException e) {
        throw e;
      } catch (HalfMergedException | RuntimeException | Error e) {
        if (!merge.forward()) changed.add(merge.target());
        throw e;
      }
    }
  }

  private boolean run(PendingMerge merge, Tools tools, Progress progress) throws IOException {
    InventoryState state = tools.transactions().locked(tools.transactions()::state);
    Path source = state.medium(merge.source()).location();
    Path target = state.medium(merge.target()).location();
    Slot slot = machine == null ? null : slot(state.machine(machine), state, merge);
    if (machine == null || slot == null)
      return tools.resources().images().merge(merge.chain(state), source, target, progress);
    RunningDisks.RunningMerge merged =
        tools.resources().disks().merge(machine, slot, source, target, progress);
    if (merged == null) return false;
    live.add(merged);
    return true;
  }

  /** Where a running machine has both media of a merge in use; null if nowhere. */
  private static @Nullable Slot slot(MachineEntry entry, InventoryState state, PendingMerge merge) {
    Run run = entry.run();
    if (run == null) return null;
    for (Attachment attachment : entry.working().hardware().attachments()) {
      if (attachment.medium() == null || run.leavesOut(attachment)) continue;
      List<MediumId> chain = state.chain(attachment.medium()).stream().map(Medium::id).toList();
      if (chain.containsAll(List.of(merge.source(), merge.target()))) return attachment.slot();
    }
    return null;
  }

  @Override
  public Set<MediumId> changed() {
    return changed;
  }

  @Override
  public InventoryState apply(InventoryState now) {
    return done.apply(now);
  }

  @Override
  public List<FileStep> steps(InventoryState now) {
    return steps.apply(now);
  }

  @Override
  public void decide(Tools tools, RunningDisks.Decision decision) throws IOException {
    if (machine == null || live.isEmpty()) decision.run();
    else tools.resources().disks().finish(machine, live, decision);
  }

  @Override
  public void abandon() {
    live.forEach(RunningDisks.RunningMerge::abandon);
  }
}
