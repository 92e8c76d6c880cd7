package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.HashSet;
import java.util.Set;

/**
 * The process that has connected to a Unix socket, its user and groups, as they were then: the
 * kernel's answer, which that process cannot choose. Immutable; any thread, nothing blocks.
 *
 * @param process its number; 0 if it cannot be seen from here
 * @param user its effective user
 * @param groups its effective group and the supplementary ones
 */
public record PeerCredentials(int process, int user, Set<Integer> groups) {

  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SO_PEERGROUPS = 59;

  // struct ucred: pid_t pid, uid_t uid, gid_t gid
  private static final int PID = 0;
  private static final int UID = 4;
  private static final int GID = 8;
  private static final int UCRED_BYTES = 12;

  /** Room for the groups of most users; the kernel allows 65536. */
  private static final int USUAL_GROUPS = 64;

  private static final MethodHandle GETSOCKOPT =
      Posix.call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);

  public PeerCredentials {
    groups = Set.copyOf(groups);
  }

  /**
   * Those of the peer of a connected Unix socket.
   *
   * @param descriptor of the socket, which must stay open
   */
  public static PeerCredentials of(int descriptor) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ucred = arena.allocate(UCRED_BYTES, Integer.BYTES);
      get(descriptor, SO_PEERCRED, ucred, arena);
      Set<Integer> groups = groups(descriptor, arena);
      groups.add(ucred.get(JAVA_INT, GID));
      return new PeerCredentials(ucred.get(JAVA_INT, PID), ucred.get(JAVA_INT, UID), groups);
    }
  }

  private static Set<Integer> groups(int descriptor, Arena arena) throws PosixException {
    MemorySegment list = arena.allocate(JAVA_INT, USUAL_GROUPS);
    int length = get(descriptor, SO_PEERGROUPS, list, arena);
    if (length > list.byteSize()) { // the kernel said how many there are
      list = arena.allocate(length, Integer.BYTES);
      length = get(descriptor, SO_PEERGROUPS, list, arena);
    }
    Set<Integer> groups = new HashSet<>();
    for (long at = 0; at < length; at += Integer.BYTES) groups.add(list.get(JAVA_INT, at));
    return groups;
  }

  /** Returns how long the value is, which may be longer than the room for it. */
  private static int get(int descriptor, int option, MemorySegment value, Arena arena)
      throws PosixException {
    MemorySegment length = arena.allocateFrom(JAVA_INT, (int) value.byteSize());
    MemorySegment state = Posix.STATE.get();
    try {
      while ((int) GETSOCKOPT.invokeExact(state, descriptor, SOL_SOCKET, option, value, length)
          < 0) {
        if (length.get(JAVA_INT, 0) > value.byteSize()) break; // ERANGE
        Posix.retryOrFail("getsockopt", "", state);
      }
      return length.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
