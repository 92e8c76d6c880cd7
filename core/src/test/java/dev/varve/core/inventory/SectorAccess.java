package dev.varve.core.inventory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes and reads what a virtual disk shows, sector by sector. */
public interface SectorAccess {

  int SECTOR = 512;

  /**
   * @param chain base first; the last one is written
   * @param offset in bytes, a multiple of {@link #SECTOR}
   */
  void write(List<Path> chain, long offset, byte[] sector) throws IOException;

  byte[] read(List<Path> chain, long offset) throws IOException;
}
