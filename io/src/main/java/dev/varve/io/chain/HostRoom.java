package dev.varve.io.chain;

import dev.varve.core.medium.Room;
import dev.varve.io.posix.FileSystemFacts;
import java.io.IOException;
import java.nio.file.Path;

/** What the host has room for. Stateless; any thread; blocks. */
final class HostRoom {

  private HostRoom() {}

  /** The room on the file system of a file or folder. */
  static Room of(Path place) throws IOException {
    FileSystemFacts facts = FileSystemFacts.of(place);
    return new Room(
        facts.bytes() == 0 ? Room.UNKNOWN : facts.availableBytes(),
        facts.files() == 0 ? Room.UNKNOWN : facts.availableFiles(),
        facts.readOnly());
  }
}
