package dev.varve.io.vhd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A path of the parent for tools on Windows, which find the parent by it. It is written and never
 * followed. Immutable.
 *
 * @param code {@code W2ku} for an absolute path, {@code W2ru} for one relative to the child
 */
record Locator(String code, String path) {

  /** How many bytes of the file a locator has, as in images of VirtualBox. */
  static final int SPACE = 1024;

  /** Whether the path fits; a path that does not is left out. */
  boolean fits() {
    return length() <= SPACE;
  }

  /** In bytes. */
  int length() {
    return 2 * path.length();
  }

  /** What the file has at the locator's offset. */
  MemorySegment data() {
    MemorySegment data = Arena.ofAuto().allocate(SPACE);
    return data.copyFrom(MemorySegment.ofArray(path.getBytes(StandardCharsets.UTF_16LE)));
  }
}
