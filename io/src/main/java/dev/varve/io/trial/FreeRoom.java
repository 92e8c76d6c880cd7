package dev.varve.io.trial;

import dev.varve.io.posix.FileSystemFacts;
import java.io.IOException;
import java.nio.file.Path;

/**
 * How much room the file system of a folder has for an ordinary user. Immutable.
 *
 * @param bounded false for a file system without a size of its own; the rest says nothing then
 * @param bytes that can still be written
 * @param files that can still be made; {@link Long#MAX_VALUE} for any number
 */
public record FreeRoom(boolean readOnly, boolean bounded, long bytes, long files) {

  /**
   * Asks the kernel; blocks.
   *
   * @throws IOException if the folder cannot be reached
   */
  public static FreeRoom in(Path folder) throws IOException {
    FileSystemFacts facts = FileSystemFacts.of(folder);
    return new FreeRoom(
        facts.readOnly(),
        facts.bytes() > 0,
        facts.availableBytes(),
        facts.files() > 0 ? facts.availableFiles() : Long.MAX_VALUE);
  }
}
