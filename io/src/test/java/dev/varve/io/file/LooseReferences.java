package dev.varve.io.file;

import dev.varve.core.device.ReadSink;
import java.lang.foreign.MemorySegment;

/** Asks for references, as a front end does that answers without a copy, and forgets them. */
public final class LooseReferences implements ReadSink {

  @Override
  public boolean keepsReferences() {
    return true;
  }

  @Override
  public void bytes(MemorySegment memory, long offset, int length) {}

  @Override
  public void zeroes(int length) {}
}
