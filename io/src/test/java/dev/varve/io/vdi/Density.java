package dev.varve.io.vdi;

import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;

/** Makes the file of an open image dense, as closing it does, moving less than that would. */
public final class Density {

  private Density() {}

  /**
   * @param image used by nothing else
   * @param mostMoved in bytes
   */
  public static void make(VdiImage image, long mostMoved) throws IOException {
    DenseFile.make(image, new FileBlocks(image, new MapLock(), new ReaderEpochs()), mostMoved);
  }
}
