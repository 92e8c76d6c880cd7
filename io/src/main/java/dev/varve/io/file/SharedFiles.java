package dev.varve.io.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;

/**
 * Files that are only read, each open and mapped once, however many disks show it: a base below
 * many machines costs the page tables of one. Thread safe; blocks.
 */
public final class SharedFiles {

  /** By what the file is, not by its name; null where the file system does not tell. */
  private final Map<Object, MappedFile> open = new HashMap<>();

  /** As {@link MappedFile#openReadOnly}; whoever gets it closes it once. */
  public synchronized MappedFile openReadOnly(Path path, long reach) throws IOException {
    if (!Files.isRegularFile(path)) return MappedFile.openReadOnly(path, reach); // says why not
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    if (key == null) return MappedFile.openReadOnly(path, reach);
    open.values().removeIf(MappedFile::isClosed);
    MappedFile known = open.get(key);
    if (known != null && known.share(reach)) return known;
    MappedFile file = MappedFile.openReadOnly(path, reach);
    open.put(key, file);
    return file;
  }
}
