package dev.varve.http.command;

import dev.varve.core.machine.Slot;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads a slot: {@code SATA:0} or {@code IDE:1.1}, also {@code SATA:0.0}. Names of controllers may
 * have colons.
 */
final class SlotConverter implements ITypeConverter<Slot> {

  private static final Pattern SLOT = Pattern.compile("(.+):(\\d{1,3})(?:\\.(\\d{1,3}))?");

  @Override
  public Slot convert(String text) {
    Matcher slot = SLOT.matcher(text);
    if (!slot.matches())
      throw new TypeConversionException(
          "'" + text + "' is not a slot: write CONTROLLER:PORT or CONTROLLER:PORT.DEVICE, IDE:1.1");
    int device = slot.group(3) == null ? 0 : Integer.parseInt(slot.group(3));
    return new Slot(slot.group(1), Integer.parseInt(slot.group(2)), device);
  }
}
