package dev.varve.core.inventory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The operations of recorded cases, carried out on an inventory. */
final class ScenarioOperations {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final long MEBIBYTE = 1 << 20;
  private static final int FLOPPY_BYTES = 1_474_560;

  private final Inventory inventory;
  private final SectorAccess bytes;
  private final Path disks;
  private final ScenarioNames names;
  private final Map<String, List<Session>> sessions = new HashMap<>();
  private final Map<String, Session> named = new HashMap<>();
  private final Map<String, String> tokens = new HashMap<>();

  ScenarioOperations(Inventory inventory, SectorAccess bytes, Path disks, ScenarioNames names) {
    this.inventory = inventory;
    this.bytes = bytes;
    this.disks = disks;
    this.names = names;
  }

  /** The names of controllers that were changed and not saved, the new by the old. */
  private final Map<String, String> renamed = new HashMap<>();

  Map<String, String> renamed() {
    return renamed;
  }

  /** Whether a token of the case holds a medium. */
  boolean holds(String medium) {
    return inventory.view().media().values().stream()
        .anyMatch(m -> names.of(m.medium().id()).equals(medium) && !m.holders().isEmpty());
  }

  /**
   * Carries out one step.
   *
   * @return what a query answers; null for everything else
   * @throws ModelException if the model refuses
   * @throws AssertionError if the operation or an argument is unknown
   */
  @Nullable JsonNode run(String operation, JsonNode args) {
    Arguments a = new Arguments(operation, args);
    JsonNode value = run(operation, a);
    a.checkAllUsed();
    return value;
  }

  private @Nullable JsonNode run(String operation, Arguments a) {
    switch (operation) {
      case "createMedium" -> createMedium(a);
      case "createDvdImage" -> createImage(a, "iso", DeviceType.DVD, 32 * SectorAccess.SECTOR);
      case "createFloppyImage" -> createImage(a, "img", DeviceType.FLOPPY, FLOPPY_BYTES);
      case "openMedium" -> openMedium(a);
      case "createDiff" -> createDiff(a);
      case "removeFile" -> move(location(a.text("medium")), away(location(a.text("medium"))));
      case "restoreFile" -> move(away(location(a.text("medium"))), location(a.text("medium")));
      case "refreshState" -> {
        MediumId medium = a.medium("medium");
        return JSON.objectNode().put("state", inventory.refreshState(medium).text());
      }
      case "setMediumType" ->
          inventory.setMediumType(
              a.medium("medium"), a.choice("mediumType", MediumType.values(), MediumType::text));
      case "setAutoReset" -> inventory.setAutoReset(a.medium("medium"), a.flag("value"));
      case "closeMedium" -> inventory.closeMedium(a.medium("medium"));
      case "deleteStorage" -> inventory.deleteStorage(a.medium("medium"));
      case "resetMedium" -> inventory.resetMedium(a.medium("medium"));
      case "mergeMedium" -> ended(inventory.mergeMedium(a.medium("source"), a.medium("target")));
      case "lockRead" -> {
        String token = a.text("token");
        tokens.put(
            token, inventory.lockMedium(a.medium("medium"), false, Hold.Holder.THIS_PROGRAM));
      }
      case "lockWrite" -> {
        String token = a.text("token");
        tokens.put(token, inventory.lockMedium(a.medium("medium"), true, Hold.Holder.THIS_PROGRAM));
      }
      case "abandonLock" -> {
        String token = a.text("token");
        inventory.abandonLock(tokens.getOrDefault(token, token));
      }
      case "createMachine" -> {
        String name = a.text("machine");
        names.machine(name, inventory.createMachine(name));
      }
      case "lockMachine" -> lockMachine(a);
      case "unlockMachine" -> unlockMachine(a);
      case "saveSettings" -> {
        inventory.save(a.session());
        renamed.clear();
      }
      case "discardSettings" -> {
        inventory.discard(a.session());
        renamed.clear();
      }
      case "unregister" -> {
        return unregister(a);
      }
      case "addController",
          "removeController",
          "setControllerType",
          "setPortCount",
          "renameController" ->
          controller(operation, a);
      case "controllerLimits" -> {
        return controllerLimits(a);
      }
      case "busProperties" -> {
        return busProperties(a.choice("bus", StorageBus.values(), StorageBus::text));
      }
      case "attach" -> {
        String session = a.session();
        Slot slot = a.slot();
        DeviceType type = a.choice("type", DeviceType.values(), DeviceType::text);
        inventory.attach(session, slot, type, a.mediumOrNull("medium"));
      }
      case "detach" -> inventory.detach(a.session(), a.slot());
      case "mount" -> inventory.mount(a.session(), a.slot(), a.mediumOrNull("medium"));
      case "unmount" -> inventory.mount(a.session(), a.slot(), null);
      case "getMedium" -> {
        Attachment attachment = attachment(a);
        MediumId medium = attachment.medium();
        return JSON.objectNode().put("medium", medium == null ? null : names.of(medium));
      }
      case "getAttachment" -> {
        return new Observation(inventory.view(), names).attachment(attachment(a));
      }
      case "setPassthrough" -> inventory.setPassthrough(a.session(), a.slot(), a.flag("value"));
      case "setTemporaryEject" ->
          inventory.setTemporaryEject(a.session(), a.slot(), a.flag("value"));
      case "setNonRotational" -> inventory.setNonRotational(a.session(), a.slot(), a.flag("value"));
      case "setDiscard" -> inventory.setDiscard(a.session(), a.slot(), a.flag("value"));
      case "setHotPluggable" -> inventory.setHotPluggable(a.session(), a.slot(), a.flag("value"));
      case "createBandwidthGroup" -> {
        String session = a.session();
        BandwidthGroup.Kind kind =
            a.choice("type", BandwidthGroup.Kind.values(), BandwidthGroup.Kind::text);
        inventory.createBandwidthGroup(session, group(a, kind));
      }
      case "deleteBandwidthGroup" -> inventory.deleteBandwidthGroup(a.session(), a.text("group"));
      case "setBandwidthLimit" ->
          inventory.setBandwidthLimits(a.session(), group(a, BandwidthGroup.Kind.DISK));
      case "assignBandwidthGroup" ->
          inventory.setBandwidthGroup(a.session(), a.slot(), a.text("group"));
      case "removeBandwidthGroup" -> inventory.setBandwidthGroup(a.session(), a.slot(), null);
      case "takeSnapshot" ->
          inventory.takeSnapshot(a.session(), a.text("snapshot"), a.textOr("description", ""));
      case "restoreSnapshot" -> inventory.restoreSnapshot(a.session(), a.snapshot());
      case "deleteSnapshot" -> ended(inventory.deleteSnapshot(a.session(), a.snapshot()));
      case "start" -> {
        MachineId machine = a.machine();
        inventory.start(machine);
        inventory.powerDown(machine);
      }
      case "guestEject" -> inventory.guestEject(a.machine(), a.slot());
      case "writeBytes" -> {
        byte[] sector = new byte[SectorAccess.SECTOR];
        byte[] text = a.text("text").getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < sector.length; i++) sector[i] = text[i % text.length];
        if (a.text("text").equals("zeros")) Arrays.fill(sector, (byte) 0);
        long offset = a.number("offset");
        List<Path> chain = chain(a.medium("medium"));
        io(() -> bytes.write(chain, offset, sector));
      }
      case "readBytes" -> {
        return readBytes(a);
      }
      default -> throw new AssertionError("the player does not know operation " + operation);
    }
    return null;
  }

  // ---- media

  private void createMedium(Arguments a) {
    String name = a.text("name");
    ImageFormat format = ImageFormat.of(a.textOr("format", "VDI"));
    MediumVariant variant =
        a.choiceOr("variant", MediumVariant.values(), MediumVariant::text, MediumVariant.STANDARD);
    MediumType type =
        a.choiceOr("mediumType", MediumType.values(), MediumType::text, MediumType.NORMAL);
    long capacity = a.numberOr("sizeMB", 8) * MEBIBYTE;
    String extension = format.text().toLowerCase(Locale.ROOT);
    Path location = disks.resolve(name + "." + extension);
    names.medium(name, inventory.createMedium(location, format, variant, capacity, type));
  }

  private void createImage(Arguments a, String extension, DeviceType device, int size) {
    String name = a.text("name");
    Path location = disks.resolve(name + "." + extension);
    io(() -> Files.write(location, new byte[size]));
    names.medium(name, inventory.openMedium(location, device));
  }

  private void openMedium(Arguments a) {
    String name = a.firstOf("name", "medium");
    DeviceType device =
        a.choiceOr("type", DeviceType.values(), DeviceType::text, DeviceType.HARD_DISK);
    device = a.choiceOr("deviceType", DeviceType.values(), DeviceType::text, device);
    names.medium(name, inventory.openMedium(location(name), device));
  }

  private void createDiff(Arguments a) {
    String name = a.text("name");
    MediumId parent = a.medium("parent");
    names.medium(name, inventory.createDiff(parent, disks.resolve(name + ".vdi")));
  }

  private final Map<String, Path> locations = new HashMap<>();

  /** Where a medium is, or was when it was last seen. */
  private Path location(String name) {
    remember();
    Path location = locations.get(name);
    return location == null ? disks.resolve(name + ".vdi") : location;
  }

  void remember() {
    for (View.MediumView medium : inventory.view().media().values())
      locations.put(names.of(medium.medium().id()), medium.medium().location());
  }

  private static Path away(Path location) {
    return location.resolveSibling(location.getFileName() + ".away");
  }

  private static void move(Path from, Path to) {
    io(() -> Files.move(from, to));
  }

  private List<Path> chain(MediumId medium) {
    View view = inventory.view();
    if (!view.media().containsKey(medium))
      throw new ModelException(ErrorCode.E_ACCESSDENIED, "the medium is gone");
    List<Path> chain = new ArrayList<>();
    for (MediumId id : new Observation(view, names).chain(medium))
      chain.addFirst(view.media().get(id).medium().location());
    return chain;
  }

  private ObjectNode readBytes(Arguments a) {
    MediumId medium = a.medium("medium");
    long offset = a.number("offset");
    byte[] sector = new byte[SectorAccess.SECTOR];
    List<Path> chain = chain(medium);
    io(() -> System.arraycopy(bytes.read(chain, offset), 0, sector, 0, sector.length));
    boolean zeros = Arrays.equals(sector, new byte[SectorAccess.SECTOR]);
    String text = zeros ? "zeros" : new String(sector, 0, 8, StandardCharsets.US_ASCII);
    return JSON.objectNode().put("text", text);
  }

  // ---- machines

  private void lockMachine(Arguments a) {
    String machine = a.text("machine");
    LockType type = a.choiceOr("lockType", LockType.values(), LockType::text, LockType.WRITE);
    String name = a.textOr("session", "");
    Session session = inventory.lock(a.machine(), type);
    sessions.computeIfAbsent(machine, _ -> new ArrayList<>()).add(session);
    named.put(machine + " " + name, session);
  }

  private void unlockMachine(Arguments a) {
    String machine = a.text("machine");
    Session session = named.remove(machine + " " + a.textOr("session", ""));
    inventory.unlock(session == null ? "none" : session.id());
    sessions.get(machine).remove(session);
    renamed.clear();
  }

  private JsonNode unregister(Arguments a) {
    String text = a.firstOf("mode", "cleanupMode");
    UnregisterMode mode =
        switch (text) {
          case "UnregisterOnly" -> UnregisterMode.UNREGISTER_ONLY;
          case "DetachAllReturnNone" -> UnregisterMode.DETACH_ALL_RETURN_NONE;
          case "DetachAllReturnHardDisksOnly" -> UnregisterMode.DETACH_ALL_RETURN_HARD_DISKS_ONLY;
          case "Full" -> UnregisterMode.FULL;
          default -> throw new AssertionError("the player does not know unregister mode " + text);
        };
    ArrayNode media = JSON.arrayNode();
    for (MediumId id : inventory.unregister(a.machine(), mode)) media.add(names.of(id));
    return media;
  }

  private void controller(String operation, Arguments a) {
    String session = a.session();
    String name = a.text("controller");
    switch (operation) {
      case "addController" ->
          inventory.addController(
              session,
              name,
              a.choice("bus", StorageBus.values(), StorageBus::text),
              a.choiceOr("type", ControllerType.values(), ControllerType::text, null));
      case "removeController" -> inventory.removeController(session, name);
      case "setControllerType" ->
          inventory.setControllerType(
              session, name, a.choice("type", ControllerType.values(), ControllerType::text));
      case "setPortCount" -> inventory.setPortCount(session, name, (int) a.number("portCount"));
      case "renameController" -> {
        String to = a.firstOf("newName", "newController", "to", "name");
        inventory.renameController(session, name, to);
        renamed.replaceAll((_, now) -> now.equals(name) ? to : now);
        renamed.putIfAbsent(name, to);
      }
      default -> throw new AssertionError(operation);
    }
  }

  private JsonNode controllerLimits(Arguments a) {
    MachineView machine = view(a);
    StorageController controller = machine.working().controller(a.text("controller"));
    if (controller == null)
      throw new ModelException(ErrorCode.VBOX_E_OBJECT_NOT_FOUND, "there is no such controller");
    ObjectNode json = JSON.objectNode();
    json.put("bus", controller.bus().text());
    json.put("type", controller.type().text());
    json.put("minPortCount", controller.bus().minPorts());
    json.put("maxPortCount", controller.bus().maxPorts());
    json.put("portCount", controller.portCount());
    json.put("maxDevicesPerPortCount", controller.bus().devicesPerPort());
    json.put("bootable", controller.bootable());
    json.put("useHostIOCache", controller.useHostIoCache());
    json.put("instance", controller.instance());
    return json;
  }

  private static JsonNode busProperties(StorageBus bus) {
    ObjectNode json = JSON.objectNode();
    json.put("devicesPerPort", bus.devicesPerPort());
    json.put("minPorts", bus.minPorts());
    json.put("maxPorts", bus.maxPorts());
    ArrayNode devices = json.putArray("deviceTypes");
    bus.deviceTypes().forEach(type -> devices.add(type.text()));
    ArrayNode types = json.putArray("controllerTypes");
    ControllerType.of(bus).forEach(type -> types.add(type.text()));
    json.putObject("maxInstances").put("PIIX3", bus.maxPerPiix3()).put("ICH9", bus.maxPerIch9());
    ObjectNode hotPlug = json.putObject("hotplugCapable");
    ControllerType.of(bus).forEach(type -> hotPlug.put(type.text(), bus.hotPlug()));
    return json;
  }

  private MachineView view(Arguments a) {
    MachineView view = inventory.view().machines().get(a.machine());
    if (view == null)
      throw new ModelException(ErrorCode.VBOX_E_OBJECT_NOT_FOUND, "there is no such machine");
    return view;
  }

  private Attachment attachment(Arguments a) {
    Attachment attachment = view(a).working().attachment(a.slot());
    if (attachment == null)
      throw new ModelException(ErrorCode.VBOX_E_OBJECT_NOT_FOUND, "nothing is attached there");
    return attachment;
  }

  private static BandwidthGroup group(Arguments a, BandwidthGroup.Kind kind) {
    try {
      return new BandwidthGroup(a.text("group"), kind, a.number("maxBytesPerSec"));
    } catch (IllegalArgumentException e) {
      throw new ModelException(ErrorCode.E_INVALIDARG, "not a group", e);
    }
  }

  // ---- plumbing

  private static void ended(Job job) {
    assertEnded(job);
    if (job.failure() instanceof RuntimeException e) throw e;
    if (job.failure() != null) throw new AssertionError(job.failure());
  }

  private static void assertEnded(Job job) {
    if (job.state() == Job.State.RUNNING)
      throw new AssertionError("the job has not ended, though its executor runs it at once");
  }

  private interface Action {
    void run() throws IOException;
  }

  private static void io(Action action) {
    try {
      action.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The arguments of a step; all of them must be asked for. */
  private final class Arguments {
    private final String operation;
    private final JsonNode json;
    private final Set<String> unused = new TreeSet<>();

    Arguments(String operation, JsonNode json) {
      this.operation = operation;
      this.json = json;
      json.fieldNames().forEachRemaining(unused::add);
    }

    void checkAllUsed() {
      if (!unused.isEmpty())
        throw new AssertionError(
            "the player does not know arguments %s of %s".formatted(unused, operation));
    }

    boolean has(String name) {
      unused.remove(name);
      return json.hasNonNull(name);
    }

    String text(String name) {
      if (!has(name)) throw new AssertionError("%s needs %s".formatted(operation, name));
      return json.get(name).asText();
    }

    /** The value of the first of these arguments that is there. */
    String firstOf(String... candidates) {
      for (String name : candidates) if (has(name)) return text(name);
      throw new AssertionError(
          "%s needs one of %s".formatted(operation, Arrays.toString(candidates)));
    }

    String textOr(String name, String otherwise) {
      return has(name) ? text(name) : otherwise;
    }

    long number(String name) {
      return Long.parseLong(text(name));
    }

    long numberOr(String name, long otherwise) {
      return has(name) ? number(name) : otherwise;
    }

    boolean flag(String name) {
      String text = text(name);
      if (!text.equals("true") && !text.equals("false"))
        throw new AssertionError("%s is no flag: %s".formatted(name, text));
      return Boolean.parseBoolean(text);
    }

    /** A value by its text; one that the model has no word for is an argument out of range. */
    <T> T choice(String name, T[] values, Function<T, String> text) {
      String wanted = text(name);
      for (T value : values) if (text.apply(value).equals(wanted)) return value;
      // What comes after it is not looked at.
      unused.clear();
      throw new ModelException(ErrorCode.E_INVALIDARG, "there is no %s %s".formatted(name, wanted));
    }

    <T> T choiceOr(String name, T[] values, Function<T, String> text, T otherwise) {
      return has(name) ? choice(name, values, text) : otherwise;
    }

    MachineId machine() {
      MachineId id = names.machine(text("machine"));
      return id == null ? new MachineId(new UUID(0, 0)) : id;
    }

    String session() {
      List<Session> open = sessions.getOrDefault(text("machine"), List.of());
      return open.isEmpty() ? "none" : open.getFirst().id();
    }

    Slot slot() {
      return new Slot(text("controller"), (int) number("port"), (int) numberOr("device", 0));
    }

    MediumId medium(String name) {
      MediumId id = names.medium(text(name));
      return id == null ? new MediumId(new UUID(0, 0)) : id;
    }

    @Nullable MediumId mediumOrNull(String name) {
      return has(name) ? medium(name) : null;
    }

    SnapshotId snapshot() {
      String name = text("snapshot");
      MachineView view = inventory.view().machines().get(machine());
      if (view != null)
        for (Snapshot snapshot : view.saved().snapshots())
          if (snapshot.name().equals(name)) return snapshot.id();
      return new SnapshotId(new UUID(0, 0));
    }
  }

  /** What a medium's name stands for; null once it is gone. */
  @Nullable Medium medium(String name) {
    MediumId id = names.medium(name);
    View.MediumView view = id == null ? null : inventory.view().media().get(id);
    return view == null ? null : view.medium();
  }
}
