package dev.varve.io.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A process that has a file open, found in {@code /proc}. Processes of other users are found by
 * root only.
 *
 * @param descriptor what {@code /proc/PID/fdinfo} says of the descriptor: its flags, its locks
 */
record FileUser(long pid, String name, String descriptor) {

  private static final Path PROC = Path.of("/proc");
  private static final int ACCESS_MODE = 3;
  private static final int BASE_8 = 8;

  /**
   * All that have the file open, each descriptor by itself.
   *
   * @param except a descriptor of this process that does not count; -1 for none
   */
  static List<FileUser> of(Path path, int except) {
    List<FileUser> found = new ArrayList<>();
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      Path file = path.toRealPath();
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        addTo(found, process, pid, file, pid == self ? except : -1);
      }
    } catch (IOException | DirectoryIteratorException _) {
      // No /proc, or the file is gone: then none is known.
    }
    return found;
  }

  private static void addTo(List<FileUser> found, Path process, long pid, Path file, int except) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        String number = descriptor.getFileName().toString();
        if (number.equals(Integer.toString(except)) || !leadsTo(descriptor, file)) continue;
        Path info = process.resolve("fdinfo").resolve(number);
        found.add(new FileUser(pid, nameOf(process), Files.readString(info)));
      }
    } catch (IOException | DirectoryIteratorException _) {
      // Another user's process, or one that has just ended or closed the file.
    }
  }

  /** The name is compared, and not the file: asking for that could wait for a file system. */
  private static boolean leadsTo(Path descriptor, Path file) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException _) {
      return false; // closed in the meantime
    }
  }

  private static String nameOf(Path process) {
    try {
      return Files.readString(process.resolve("comm")).strip();
    } catch (IOException _) {
      return "which has just ended";
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
