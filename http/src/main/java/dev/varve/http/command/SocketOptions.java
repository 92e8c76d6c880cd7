package dev.varve.http.command;

import dev.varve.http.access.PeerRights;
import dev.varve.http.api.SocketAccess;
import dev.varve.io.posix.Accounts;
import java.io.IOException;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options for the users that may connect to the sockets in the state folder. */
final class SocketOptions {

  @Option(
      names = "--socket-mode",
      paramLabel = "MODE",
      converter = ModeConverter.class,
      description =
          "The permissions of the sockets in the state folder, as chmod takes them: 600 for the server's user (600), 660"
              + " for a group too. A user that connects can do everything that the server can, unless --socket-scope says"
              + " otherwise.")
  private @Nullable Set<PosixFilePermission> mode;

  @Option(
      names = "--socket-group",
      paramLabel = "GROUP",
      description = "The group of the sockets in the state folder (the group of the server).")
  private @Nullable String group;

  @Option(
      names = "--socket-scope",
      paramLabel = "user|group=NAME:SCOPE[:MACHINE,...]",
      converter = SocketScope.Converter.class,
      description =
          "What a user, or the members of a group, may do that connect to api.sock: metrics, read, operate of these machines,"
              + " or admin (user=ana:read, group=lab:operate:db,web). May be repeated; the largest scope holds, and users"
              + " that are not named may do nothing without a token. Without this option each user that can connect may do"
              + " everything.")
  private List<SocketScope> scopes = List.of();

  boolean areGiven() {
    return mode != null || group != null || !scopes.isEmpty();
  }

  List<SocketScope> scopes() {
    return scopes;
  }

  /** What is wrong if every user of the host may do everything; null if that is not so. */
  @Nullable String openToAll() {
    if (mode == null || !mode.contains(PosixFilePermission.OTHERS_WRITE) || !scopes.isEmpty())
      return null;
    return "--socket-mode %s: every user of this host could do everything that the server can; write 660 and name a group with --socket-group, or say what users may do with --socket-scope"
        .formatted(text(mode));
  }

  private static String text(Set<PosixFilePermission> permissions) {
    int mode = 0;
    for (PosixFilePermission bit : ModeConverter.BITS)
      mode = mode << 1 | (permissions.contains(bit) ? 1 : 0);
    return Integer.toOctalString(mode);
  }

  SocketAccess access() {
    return new SocketAccess(mode == null ? SocketAccess.OWNER.permissions() : mode, group);
  }

  /** What users that connect may do. */
  PeerRights peers() throws IOException {
    List<PeerRights.Rule> rules = new ArrayList<>();
    for (SocketScope scope : scopes) rules.add(scope.rule());
    return new PeerRights(Accounts.self(), rules);
  }

  /** Reads three octal digits. */
  static final class ModeConverter implements ITypeConverter<Set<PosixFilePermission>> {

    /** As the bits of a mode name them, the highest first. */
    static final List<PosixFilePermission> BITS = List.of(PosixFilePermission.values());

    @Override
    public Set<PosixFilePermission> convert(String value) {
      if (!value.matches("0?[0-7]{3}"))
        throw new TypeConversionException(
            "'%s' is no mode of a file; write three octal digits, such as 660".formatted(value));
      int mode = Integer.parseInt(value, 8);
      Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
      for (int i = 0; i < BITS.size(); i++)
        if ((mode & 1 << (BITS.size() - 1 - i)) != 0) permissions.add(BITS.get(i));
      return permissions;
    }
  }
}
