package dev.varve.http.command;

import dev.varve.http.access.PeerRights;
import dev.varve.http.access.Rights;
import dev.varve.http.access.Scope;
import dev.varve.io.posix.Accounts;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What a user or the members of a group may do. Immutable.
 *
 * @param name or number of the user or group
 */
record SocketScope(boolean isGroup, String name, Rights rights) {

  private static final Pattern FORM =
      Pattern.compile("(user|group)=([^:=]+):([a-z]+)(?::(.*))?", Pattern.DOTALL);

  /**
   * The rule, with the number that the host has for the name.
   *
   * @throws IOException if there is no such user or group
   */
  PeerRights.Rule rule() throws IOException {
    if (name.matches("[0-9]{1,9}"))
      return new PeerRights.Rule(isGroup, Integer.parseInt(name), rights);
    OptionalInt number = isGroup ? Accounts.group(name) : Accounts.user(name);
    if (number.isEmpty())
      throw new IOException(
          "there is no %s '%s'; make it, or name another one with --socket-scope"
              .formatted(isGroup ? "group" : "user", name));
    return new PeerRights.Rule(isGroup, number.getAsInt(), rights);
  }

  /** Reads {@code group=lab:operate:db,web}; a comma in a name is written {@code \\,}. */
  static final class Converter implements ITypeConverter<SocketScope> {
    @Override
    public SocketScope convert(String value) {
      Matcher parts = FORM.matcher(value);
      if (!parts.matches())
        throw new TypeConversionException(
            "'%s' is no rule; write one such as user=ana:read or group=lab:operate:db,web"
                .formatted(value));
      try {
        return new SocketScope(
            parts.group(1).equals("group"),
            parts.group(2),
            Rights.of(Scope.of(parts.group(3)), machines(parts.group(4))));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("'" + value + "': " + e.getMessage());
      }
    }

    private static List<String> machines(@Nullable String text) {
      return text == null
          ? List.of()
          : Arrays.stream(text.split("(?<!\\\\),")).map(name -> name.replace("\\,", ",")).toList();
    }
  }
}
