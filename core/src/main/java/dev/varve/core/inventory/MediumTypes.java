package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.util.Set;

/** Changes of a medium's type. The first test that fails decides. */
final class MediumTypes {

  private MediumTypes() {}

  static InventoryState set(InventoryState state, MediumId id, MediumType type) {
    Medium medium = state.medium(id);
    check(state, medium, type);
    return state.with(medium.withType(type));
  }

  static void check(InventoryState state, Medium medium, MediumType type) {
    checkUnlocked(state, medium);
    if (type == medium.type()) return;
    checkDevice(medium, type);
    if (medium.isDifferencing())
      throw refusal(medium, type, "it is a differencing image, and those are Normal");
    checkUses(state, medium, type);
    switch (type) {
      case WRITETHROUGH, SHAREABLE, READONLY -> checkDirect(state, medium, type);
      case MULTI_ATTACH -> {
        if (medium.isGlobal())
          throw refusal(medium, type, "it belongs to no machine yet; attach it once and save");
      }
      case NORMAL, IMMUTABLE -> {}
    }
  }

  private static void checkUnlocked(InventoryState state, Medium medium) {
    MediumState now = state.state(medium);
    if (now == MediumState.LOCKED_READ || now == MediumState.LOCKED_WRITE)
      MediumLocks.needFree(state, medium, "change the type of '%s'".formatted(medium.name()));
  }

  private static void checkDevice(Medium medium, MediumType type) {
    Set<MediumType> allowed =
        switch (medium.device()) {
          case HARD_DISK -> Set.of(MediumType.values());
          case DVD -> Set.of(MediumType.READONLY);
          case FLOPPY -> Set.of(MediumType.WRITETHROUGH, MediumType.READONLY);
        };
    if (!allowed.contains(type))
      throw refusal(
          medium,
          type,
          "a %s image is %s"
              .formatted(
                  medium.device().text(),
                  String.join(" or ", allowed.stream().map(MediumType::text).sorted().toList())));
  }

  private static void checkUses(InventoryState state, Medium medium, MediumType type) {
    var uses = state.uses(medium.id());
    boolean indirect = type == MediumType.IMMUTABLE || type == MediumType.MULTI_ATTACH;
    int most = indirect ? 0 : 1;
    if (uses.size() > most)
      throw refusal(
          medium,
          type,
          "it is used by %s, and %d machines may use it then; detach it and save first"
              .formatted(state.users(uses), most));
  }

  /** What every machine writes to directly has no differencing images. */
  private static void checkDirect(InventoryState state, Medium medium, MediumType type) {
    if (!state.children(medium.id()).isEmpty())
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          Blockers.children(state, medium),
          "'%s' cannot become %s: %s. First delete what builds on it, or merge it",
          medium.name(),
          type.text(),
          state.whatBuildsOn(medium));
    if (type == MediumType.SHAREABLE && medium.variant() != MediumVariant.FIXED)
      throw refusal(
          medium, type, "its variant is %s and must be Fixed".formatted(medium.variant().text()));
    if (type == MediumType.READONLY && medium.device() == DeviceType.HARD_DISK)
      throw refusal(medium, type, "it is a hard disk");
  }

  private static RuntimeException refusal(Medium medium, MediumType type, String why) {
    return ModelErrors.of(
        VBOX_E_INVALID_OBJECT_STATE, "'%s' cannot become %s: %s", medium.name(), type.text(), why);
  }
}
