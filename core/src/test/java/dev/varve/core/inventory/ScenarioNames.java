package dev.varve.core.inventory;

import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a case calls its machines and media. A step names what it creates; differencing images that
 * come by themselves are D1, D2 and so on as they appear, within a step by controller, port and
 * device.
 */
final class ScenarioNames {

  private final Map<String, MachineId> machines = new HashMap<>();
  private final Map<String, MediumId> media = new HashMap<>();
  private int implicit;

  void machine(String name, MachineId id) {
    machines.put(name, id);
  }

  void medium(String name, MediumId id) {
    media.put(name, id);
  }

  @Nullable MachineId machine(String name) {
    return machines.get(name);
  }

  @Nullable MediumId medium(String name) {
    return media.get(name);
  }

  @Nullable String of(MachineId id) {
    return key(machines, id);
  }

  String of(MediumId id) {
    String name = key(media, id);
    return name == null ? "unnamed " + id : name;
  }

  private static <T> @Nullable String key(Map<String, T> names, T id) {
    return names.entrySet().stream()
        .filter(e -> e.getValue().equals(id))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(null);
  }

  /** Names the media that are there and have no name yet. */
  void nameNew(View view) {
    Set<MediumId> known = new HashSet<>(media.values());
    List<MediumId> fresh = new ArrayList<>();
    for (MediumId id : view.media().keySet()) if (!known.contains(id)) fresh.add(id);
    fresh.sort(Comparator.comparing(id -> place(view, id)));
    for (MediumId id : fresh) media.put("D" + ++implicit, id);
  }

  private static String place(View view, MediumId id) {
    for (MachineView machine : view.machines().values())
      for (Attachment attachment : machine.working().attachments())
        if (id.equals(attachment.medium())) {
          Slot slot = attachment.slot();
          return "%s %06d %06d".formatted(slot.controller(), slot.port(), slot.device());
        }
    return "~";
  }

  /** Of two images that became one, a recording and a run may call different ones the survivor. */
  void survivesAs(String gone, String survivor) {
    MediumId id = media.remove(survivor);
    if (id != null) media.put(gone, id);
  }
}
