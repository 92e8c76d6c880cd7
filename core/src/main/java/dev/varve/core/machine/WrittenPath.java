package dev.varve.core.machine;

import java.util.regex.Pattern;

/**
 * A path as a settings file has it, which may have been written on another system. Immutable.
 *
 * <p>VirtualBox writes {@code /} on every system; other programs write {@code \} on Windows.
 */
public record WrittenPath(String text) {

  /** {@code E:/x}, {@code //server/x}, and both with the other stroke. */
  private static final Pattern WINDOWS =
      Pattern.compile("([A-Za-z]:([/\\\\].*)?)|([/\\\\]{2}[^/\\\\].*)", Pattern.DOTALL);

  /** Whether it names a drive or a server as Windows does: no file of this system is meant. */
  public boolean isOfWindows() {
    return WINDOWS.matcher(text).matches();
  }

  /** The same path with the strokes of this system. */
  public String slashed() {
    return text.replace('\\', '/');
  }

  /** The last part; empty if it ends in a stroke, or names a drive alone. */
  public String fileName() {
    String slashed = slashed();
    String last = slashed.substring(slashed.lastIndexOf('/') + 1);
    return isOfWindows() && last.equals(text) ? "" : last;
  }
}
