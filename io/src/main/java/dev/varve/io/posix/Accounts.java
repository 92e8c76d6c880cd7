package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.OptionalInt;

/**
 * The numbers of the host's users and groups. Any thread; blocks, since the host may ask a server
 * in the network.
 */
public final class Accounts {

  // struct passwd and struct group begin alike: char *name, char *password, then the number
  private static final int NUMBER = 16;
  private static final int STRUCT_BYTES = 64;
  private static final int ROOM = 1 << 20;

  private static final MethodHandle GETPWNAM = lookup("getpwnam_r");
  private static final MethodHandle GETGRNAM = lookup("getgrnam_r");
  private static final MethodHandle GETUID = Posix.call("getuid", JAVA_INT);

  private Accounts() {}

  private static MethodHandle lookup(String name) {
    return Posix.call(name, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  }

  /** The user of this process. */
  public static int self() {
    try {
      return (int) GETUID.invokeExact(Posix.STATE.get());
    } catch (Throwable e) {
      throw new AssertionError("getuid", e);
    }
  }

  /** The number of a user; empty if there is none of this name. */
  public static OptionalInt user(String name) throws PosixException {
    return number(GETPWNAM, name);
  }

  /** The number of a group; empty if there is none of this name. */
  public static OptionalInt group(String name) throws PosixException {
    return number(GETGRNAM, name);
  }

  private static OptionalInt number(MethodHandle lookup, String name) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(ADDRESS);
      MemorySegment struct = arena.allocate(STRUCT_BYTES, Long.BYTES);
      int error =
          (int)
              lookup.invokeExact(
                  Posix.STATE.get(),
                  arena.allocateFrom(name),
                  struct,
                  arena.allocate(ROOM),
                  (long) ROOM,
                  found);
      boolean there = error == 0 && found.get(ADDRESS, 0).address() != 0;
      return there ? OptionalInt.of(struct.get(JAVA_INT, NUMBER)) : OptionalInt.empty();
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
