package dev.varve.io.file;

import dev.varve.io.posix.OpenDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A process that has a file open, found in {@code /proc}. Processes of other users are found by
 * root only. Immutable; looking for users blocks.
 *
 * @param descriptor what {@code /proc/PID/fdinfo} says of the descriptor: its flags, its locks
 */
record FileUser(long pid, String name, String descriptor) {

  private static final int ACCESS_MODE = 3;
  private static final int BASE_8 = 8;

  /**
   * All processes that have the file open, one entry for each descriptor.
   *
   * @param except a descriptor of this process that does not count; -1 for none
   */
  static List<FileUser> of(Path path, int except) {
    List<FileUser> found = new ArrayList<>();
    try {
      String file = path.toRealPath().toString();
      for (OpenDescriptor open : OpenDescriptor.leadingTo(file::equals))
        if (open.number() != except || open.pid() != ProcessHandle.current().pid())
          addTo(found, open);
    } catch (IOException _) {
      // The file is gone: then none is known.
    }
    return found;
  }

  private static void addTo(List<FileUser> found, OpenDescriptor open) {
    try {
      found.add(new FileUser(open.pid(), open.processName(), open.info()));
    } catch (IOException _) {
      // It has closed the file in the meantime.
    }
  }

  boolean isThisProcess() {
    return pid == ProcessHandle.current().pid();
  }

  /** Also a child that was forked a moment ago: it closes its copies when its program begins. */
  boolean isOfThisProcess() {
    return isThisProcess()
        || ProcessHandle.of(pid)
            .flatMap(ProcessHandle::parent)
            .map(parent -> parent.equals(ProcessHandle.current()))
            .orElse(false);
  }

  boolean writes() {
    for (String line : descriptor.lines().toList())
      if (line.startsWith("flags:"))
        return (Integer.parseInt(line.substring("flags:".length()).strip(), BASE_8) & ACCESS_MODE)
            != 0;
    return false;
  }

  @Override
  public String toString() {
    return isThisProcess()
        ? "this process (for another disk)"
        : "process %d (%s)".formatted(pid, name);
  }

  /** For messages: each process once. */
  static String names(List<FileUser> users) {
    return users.stream().map(FileUser::toString).distinct().collect(Collectors.joining(" and "));
  }
}
