package dev.varve.http.command;

import dev.varve.core.inventory.UnregisterMode;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.http.access.Scope;
import dev.varve.http.tls.ClientCertificates;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads enums of the model from the command line: the words of the API, in upper or lower case. Any
 * thread; nothing blocks.
 */
public final class EnumConverters {

  private EnumConverters() {}

  /** Lets {@code commands} and all below it read the model's enums, slots and media. */
  public static CommandLine registerOn(CommandLine commands) {
    return commands
        .registerConverter(Slot.class, new SlotConverter())
        .registerConverter(MediumReference.class, MediumReference::of)
        .registerConverter(StorageBus.class, among(StorageBus.values(), StorageBus::text))
        .registerConverter(
            ControllerType.class, among(ControllerType.values(), ControllerType::text))
        .registerConverter(DeviceType.class, among(DeviceType.values(), DeviceType::text))
        .registerConverter(Scope.class, among(Scope.values(), Scope::text))
        .registerConverter(LockType.class, among(LockType.values(), LockType::text))
        .registerConverter(MediumType.class, among(MediumType.values(), MediumType::text))
        .registerConverter(MediumVariant.class, among(MediumVariant.values(), MediumVariant::text))
        .registerConverter(
            BandwidthGroup.Kind.class,
            among(BandwidthGroup.Kind.values(), BandwidthGroup.Kind::text))
        .registerConverter(
            ClientCertificates.class, among(ClientCertificates.values(), ClientCertificates::text))
        .registerConverter(
            UnregisterMode.class, among(UnregisterMode.values(), UnregisterMode::text));
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
