package dev.varve.http.command;

import dev.varve.core.inventory.Inventory.UnregisterMode;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.util.Arrays;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The model's words on the command line: those of the API, in upper or lower case. Any thread;
 * nothing blocks.
 */
public final class Words {

  private static final Pattern SLOT = Pattern.compile("(.+):(\\d{1,3})(?:\\.(\\d{1,3}))?");

  private Words() {}

  /** Lets {@code commands} and all below it read the model's words. */
  public static CommandLine registerOn(CommandLine commands) {
    return commands
        .registerConverter(Slot.class, Words::slot)
        .registerConverter(StorageBus.class, among(StorageBus.values(), StorageBus::text))
        .registerConverter(
            ControllerType.class, among(ControllerType.values(), ControllerType::text))
        .registerConverter(DeviceType.class, among(DeviceType.values(), DeviceType::text))
        .registerConverter(LockType.class, among(LockType.values(), LockType::text))
        .registerConverter(MediumType.class, among(MediumType.values(), MediumType::text))
        .registerConverter(MediumVariant.class, among(MediumVariant.values(), MediumVariant::text))
        .registerConverter(
            BandwidthGroup.Kind.class,
            among(BandwidthGroup.Kind.values(), BandwidthGroup.Kind::text))
        .registerConverter(UnregisterMode.class, among(UnregisterMode.values(), Words::text));
  }

  /** The API's word. */
  static String text(UnregisterMode mode) {
    return switch (mode) {
      case UNREGISTER_ONLY -> "UnregisterOnly";
      case DETACH_ALL_RETURN_NONE -> "DetachAllReturnNone";
      case DETACH_ALL_RETURN_HARD_DISKS_ONLY -> "DetachAllReturnHardDisksOnly";
      case FULL -> "Full";
    };
  }

  /** {@code SATA:0} or {@code IDE:1.1}; names of controllers may have colons. */
  private static Slot slot(String text) {
    Matcher slot = SLOT.matcher(text);
    if (!slot.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is no slot: write CONTROLLER:PORT or CONTROLLER:PORT.DEVICE, IDE:1.1");
    }
    int device = slot.group(3) == null ? 0 : Integer.parseInt(slot.group(3));
    return new Slot(slot.group(1), Integer.parseInt(slot.group(2)), device);
  }

  private static <W> ITypeConverter<W> among(W[] words, Function<W, String> text) {
    return given -> {
      for (W word : words) if (text.apply(word).equalsIgnoreCase(given)) return word;
      throw new TypeConversionException(
          "'%s' is none of %s"
              .formatted(given, Arrays.stream(words).map(text).collect(Collectors.joining(", "))));
    };
  }
}
